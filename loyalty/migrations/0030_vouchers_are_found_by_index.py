from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [('loyalty', '0029_fraud_is_watched_for')]

    operations = [migrations.RunSQL((SQL / "vouchers.sql").read_text(), migrations.RunSQL.noop)]
