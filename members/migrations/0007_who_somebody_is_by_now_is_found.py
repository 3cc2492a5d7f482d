"""Members are read and written meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("members", "0006_who_is_merged_goes_by_another")]

    operations = [
        AddIndexConcurrently(
            "member",
            models.Index(
                fields=["merged_into", "id"],
                condition=models.Q(merged_into__isnull=False),
                name="member_by_who_they_are",
            ),
        ),
        ValidateConstraint("member", "who_is_merged_is_somebody_else"),
    ]
