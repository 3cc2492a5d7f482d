from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0025_vouchers_are_reserved")]

    operations = [
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS loyalty_settle_hold(text, bigint, bigint, text, timestamptz)",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL((SQL / "holds.sql").read_text(), migrations.RunSQL.noop),
    ]
