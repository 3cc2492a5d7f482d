from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """`loyalty_redeem` locks the one wallet that it is about, and writes voucher and news beside the redemption."""

    dependencies = [("loyalty", "0008_a_transfer_number_counts_once")]

    operations = [migrations.RunSQL((SQL / "rewards.sql").read_text(), migrations.RunSQL.noop)]
