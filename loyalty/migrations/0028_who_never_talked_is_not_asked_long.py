from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0027_the_till_tells_of_conversations")]

    operations = [
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS loyalty_usual_order(bigint, bigint, int)", migrations.RunSQL.noop
        ),
        migrations.RunSQL((SQL / "screen.sql").read_text(), migrations.RunSQL.noop),
    ]
