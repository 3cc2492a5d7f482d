from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [('loyalty', '0022_vouchers_are_used_at_tills')]

    operations = [migrations.RunSQL((SQL / "expiry.sql").read_text(), migrations.RunSQL.noop)]
