"""Seals made before cover neither debts nor what entries undo: they are proven as they were made."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0009_a_redemption_is_one_statement")]

    operations = [
        migrations.AddField(
            model_name="seal",
            name="digest_version",
            field=models.SmallIntegerField(
                default=1, db_default=1, help_text="What it covers: from 2 on debts and what entries undo, too."
            ),
        ),
        migrations.RunSQL((SQL / "seals.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS loyalty_digest_of_day(bigint, date, bytea)", migrations.RunSQL.noop
        ),
    ]
