"""A page of a timeline reads of each kind no more rows than it shows. The tables are written meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("members", "0008_a_merge_is_found_by_its_ref")]

    operations = [
        AddIndexConcurrently(
            "consentevent", models.Index(fields=["member", "happened_at", "id"], name="consent_event_by_moment")
        ),
        AddIndexConcurrently(
            "signin", models.Index(fields=["member", "signed_in_at", "id"], name="sign_in_by_moment")
        ),
    ]
