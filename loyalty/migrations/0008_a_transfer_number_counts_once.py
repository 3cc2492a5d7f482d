"""The unique index of numbered transfers, made while transfers go on."""

from django.db import migrations, models

MAKE = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_transfer_number_counts_once
    ON loyalty_transfer (wallet_id, member_id, number) WHERE NOT (number = '')
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("loyalty", "0007_what_each_line_brought_is_written_down")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(MAKE, "DROP INDEX CONCURRENTLY IF EXISTS a_transfer_number_counts_once")
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="transfer",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("number", ""), _negated=True),
                        fields=("wallet", "member", "number"),
                        name="a_transfer_number_counts_once",
                    ),
                )
            ],
        )
    ]
