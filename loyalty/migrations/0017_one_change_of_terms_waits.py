"""The unique index of terms that wait for their time, made while drafts are written."""

from django.db import migrations, models

NAME = "one_change_of_terms_waits_for_its_time"
MAKE = f"""
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {NAME} ON loyalty_programmedraft (programme_id)
    WHERE kind = 'terms' AND state = 'approved' AND before IS NULL AND withdrawn_at IS NULL
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("loyalty", "0016_terms_can_be_scheduled")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(MAKE, f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")],
            state_operations=[
                migrations.AddConstraint(
                    model_name="programmedraft",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(
                            ("before__isnull", True),
                            ("kind", "terms"),
                            ("state", "approved"),
                            ("withdrawn_at", None),
                        ),
                        fields=["programme"],
                        name=NAME,
                    ),
                )
            ],
        )
    ]
