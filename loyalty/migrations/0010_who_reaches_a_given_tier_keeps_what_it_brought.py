from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0009_a_redemption_is_one_statement")]

    operations = [migrations.RunSQL((SQL / "purchase.sql").read_text(), migrations.RunSQL.noop)]
