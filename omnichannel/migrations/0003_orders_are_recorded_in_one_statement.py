from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("omnichannel", "0002_orders_are_facts")]

    operations = [
        migrations.RunSQL(
            (SQL / "record_orders.sql").read_text(),
            "DROP FUNCTION omnichannel_record_unclaimed; DROP FUNCTION omnichannel_record_orders",
        )
    ]
