from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0010_a_seal_says_what_its_digest_covers")]

    operations = [migrations.RunSQL((SQL / "purchase.sql").read_text(), migrations.RunSQL.noop)]
