import django.contrib.postgres.indexes
import django.db.models.fields.json
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Without a lock that waits or is waited for: rows of a large file may be on their way."""

    atomic = False

    dependencies = [("members", "0015_a_device_has_a_card_key")]

    operations = [
        migrations.AlterField(
            "importrow",
            "problems",
            models.JSONField(
                default=list, help_text="[field, what is wrong or worth a remark, and what to do]."
            ),
        ),
        AddIndexConcurrently(
            "importrow",
            django.contrib.postgres.indexes.GinIndex(fields=["keys", "refs"], name="import_rows_by_person"),
        ),
        AddIndexConcurrently(
            "importrow",
            models.Index(
                django.db.models.fields.json.KeyTextTransform("family_name", "told"),
                django.db.models.fields.json.KeyTextTransform("given_name", "told"),
                name="import_rows_by_name",
            ),
        ),
        AddIndexConcurrently(
            "importrow",
            models.Index(
                fields=["batch", "row"],
                name="import_rows_remarked",
                condition=models.Q(("state__in", ("new", "known")))
                & models.Q(("problems", []), _negated=True),
            ),
        ),
    ]
