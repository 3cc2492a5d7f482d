"""A page of a timeline reads of each kind no more rows than it shows. The tables are written meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("loyalty", "0024_wallets_leave_room_for_their_next_version")]

    operations = [
        AddIndexConcurrently(
            "entry",
            models.Index(
                fields=["member", "happened_at", "id"],
                condition=~(
                    ~models.Q(order_ref="")
                    & models.Q(kind__in=["earn", "bonus", "spend", "reverse_earn", "reverse_spend"])
                ),
                name="entry_beside_purchases",
            ),
        ),
        AddIndexConcurrently(
            "tierstanding", models.Index(fields=["member", "from_at", "id"], name="standing_by_moment")
        ),
        AddIndexConcurrently(
            "voucher",
            models.Index(
                fields=["member", "issued_at", "id"],
                condition=models.Q(member__isnull=False),
                name="voucher_by_moment",
            ),
        ),
        AddIndexConcurrently(
            "redemption", models.Index(fields=["member", "redeemed_at", "id"], name="redemption_by_moment")
        ),
    ]
