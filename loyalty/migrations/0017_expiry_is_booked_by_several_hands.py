from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0016_rules_count_what_they_gave")]

    operations = [
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS loyalty_book_expiry(timestamptz, timestamptz, int)", migrations.RunSQL.noop
        ),
        migrations.RunSQL((SQL / "expiry.sql").read_text(), migrations.RunSQL.noop),
    ]
