from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("omnichannel", "0002_orders_are_facts")]

    operations = [
        migrations.AddField(
            model_name="unclaimedorder",
            name="payments",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="unclaimedorder",
            name="fulfilment",
            field=models.CharField(db_default="counter", default="counter", max_length=12),
        ),
        migrations.AddField(
            model_name="unclaimedorder",
            name="earns_nothing",
            field=models.JSONField(
                db_default=[], default=list, help_text="Positions that a voucher takes the points of."
            ),
        ),
        migrations.RunSQL((SQL / "record_orders.sql").read_text(), migrations.RunSQL.noop),
    ]
