from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [('loyalty', '0035_values_that_count_once_are_told_to_nobody')]

    operations = [migrations.RunSQL((SQL / "caps.sql").read_text(), migrations.RunSQL.noop)]
