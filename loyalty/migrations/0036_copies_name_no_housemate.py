from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """An entry of points that a household drew says `household`, and not who it was."""

    dependencies = [("loyalty", "0035_households_share_a_tier")]

    operations = [migrations.RunSQL((SQL / "pools.sql").read_text(), migrations.RunSQL.noop)]
