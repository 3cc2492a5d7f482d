from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0037_drafts_share_their_columns")]

    operations = [migrations.RunSQL((SQL / "tiers.sql").read_text(), migrations.RunSQL.noop)]
