from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0022_a_code_is_looked_for_once")]

    operations = [
        migrations.RunSQL(
            """
            DROP FUNCTION IF EXISTS loyalty_wallet_facts(bigint, bigint, timestamptz);
            DROP FUNCTION IF EXISTS loyalty_till_screen(bigint, bigint, text, text, text, int, timestamptz);
            """,
            migrations.RunSQL.noop,
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("tiers", "wallets", "screen")
        ),
    ]
