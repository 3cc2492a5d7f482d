"""The functions that record orders and returns, each in one statement. A later change of one loads its file again."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"
IN_ORDER = ["record_orders", "record_return", "held"]


class Migration(migrations.Migration):
    dependencies = [("omnichannel", "0001_places_have_tills_and_keys")]

    operations = [migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop) for name in IN_ORDER]
