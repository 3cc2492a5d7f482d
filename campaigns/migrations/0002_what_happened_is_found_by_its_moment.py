"""A page of a timeline reads of each kind no more rows than it shows. The tables are written meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("campaigns", "0001_members_are_known_in_numbers_and_meant_by_segments")]

    operations = [
        AddIndexConcurrently(
            "recipient",
            models.Index(
                fields=["member", "decided_at", "id"], condition=models.Q(verdict="sent"), name="offers_by_moment"
            ),
        ),
    ]
