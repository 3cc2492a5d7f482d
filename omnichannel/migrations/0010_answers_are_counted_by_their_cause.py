"""A run's page counts the answers to its own asking, and reads no others. The table is written meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("omnichannel", "0009_a_visitor_becomes_known")]

    operations = [
        AddIndexConcurrently(
            "surveyinvitation",
            models.Index(
                fields=["survey", "cause"],
                include=["score"],
                condition=models.Q(answered_at__isnull=False),
                name="answers_for_a_cause",
            ),
        ),
    ]
