import hmac

from django.conf import settings
from django.db import migrations, models

from loyalty.rules.acts import secret_of

STEP = 10_000


def digest_anew(apps, schema_editor):
    """Digests of values become those that need the secret of the installation and the member."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, member_id, key FROM loyalty_actcounted WHERE length(key) = 64")
        rows = [
            (id_, hmac.digest(secret_of(settings.SECRET_KEY, member_id), key.encode(), "sha256").hex())
            for id_, member_id, key in cursor.fetchall()
        ]
        if not rows:
            return
        cursor.execute("ALTER TABLE loyalty_actcounted DISABLE TRIGGER USER")
        for start in range(0, len(rows), STEP):
            ids, keys = (list(column) for column in zip(*rows[start : start + STEP], strict=True))
            cursor.execute(
                "UPDATE loyalty_actcounted c SET key = x.key"
                " FROM unnest(%s::bigint[], %s::text[]) AS x(id, key) WHERE c.id = x.id",
                [ids, keys],
            )
        cursor.execute("ALTER TABLE loyalty_actcounted ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [('loyalty', '0034_terms_and_limits_are_approved_by_another')]

    operations = [
        migrations.AlterField(
            model_name='actcounted',
            name='key',
            field=models.CharField(help_text="`member`, a day of the programme's calendar, or a property's value, digested.", max_length=64),
        ),
        migrations.RunPython(digest_anew, migrations.RunPython.noop),
    ]
