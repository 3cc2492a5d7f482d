from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0021_what_only_a_gift_kept_ends_with_it")]

    operations = [migrations.RunSQL((SQL / "vouchers.sql").read_text(), migrations.RunSQL.noop)]
