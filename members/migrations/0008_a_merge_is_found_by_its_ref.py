"""Merges are made meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("members", "0007_who_somebody_is_by_now_is_found")]

    operations = [AddIndexConcurrently("merge", models.Index(fields=["ref"], name="merge_by_ref"))]
