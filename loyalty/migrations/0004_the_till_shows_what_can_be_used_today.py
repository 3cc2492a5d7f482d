from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0003_what_changes_worth_moves_the_stamp")]

    operations = [migrations.RunSQL((SQL / "screen.sql").read_text(), migrations.RunSQL.noop)]
