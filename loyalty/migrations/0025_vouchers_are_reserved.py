from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"
MADE = [
    "loyalty_reservation_body",
    "loyalty_reserve_voucher",
    "loyalty_release_voucher",
    "loyalty_vouchers_in_hand",
]


class Migration(migrations.Migration):
    dependencies = [('loyalty', '0024_tiers_count_in_windows')]

    operations = [
        migrations.RunSQL(
            (SQL / "vouchers.sql").read_text(), "; ".join(f"DROP FUNCTION IF EXISTS {function}" for function in MADE)
        ),
        migrations.RunSQL((SQL / "screen.sql").read_text(), migrations.RunSQL.noop),
    ]
