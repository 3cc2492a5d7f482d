from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0002_points_move_under_the_wallets_lock")]

    operations = [migrations.RunSQL((SQL / "stamps.sql").read_text(), migrations.RunSQL.noop)]
