from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ("loyalty", "0010_spending_may_need_proof"),
        ("omnichannel", "0008_a_return_counts_once_at_a_place"),
    ]

    operations = [
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS loyalty_return_facts(text, bigint, text, timestamptz)", migrations.RunSQL.noop
        ),
        migrations.RunSQL((SQL / "returns.sql").read_text(), migrations.RunSQL.noop),
    ]
