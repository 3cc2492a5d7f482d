from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """For copies and erasures; nothing that a purchase writes."""

    atomic = False

    dependencies = [("loyalty", "0002_points_move_under_the_wallets_lock")]

    operations = [
        AddIndexConcurrently("correction", models.Index(fields=["member"], name="corrections_of_a_member")),
        AddIndexConcurrently(
            "voucherreservation", models.Index(fields=["voucher"], name="reservations_of_a_voucher")
        ),
    ]
