from pathlib import Path

from django.db import migrations


SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0012_a_file_waits_as_a_whole'),
    ]

    operations = [
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("tiers", "wallets", "holds", "transfers", "purchase", "returns", "screen")
        ),
        migrations.RunSQL(
            """
            DROP FUNCTION IF EXISTS loyalty_wallet_body(bigint, bigint, timestamptz);
            DROP FUNCTION IF EXISTS loyalty_tier_body(bigint, bigint, bigint, timestamptz);
            DROP FUNCTION IF EXISTS loyalty_missing_words(bigint, bigint, bigint, text, text, text);
            DROP FUNCTION IF EXISTS loyalty_money(bigint, text);
            """,
            migrations.RunSQL.noop,
        ),
    ]
