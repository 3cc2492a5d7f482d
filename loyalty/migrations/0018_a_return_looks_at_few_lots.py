from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0017_expiry_is_booked_by_several_hands")]

    operations = [migrations.RunSQL((SQL / "returns.sql").read_text(), migrations.RunSQL.noop)]
