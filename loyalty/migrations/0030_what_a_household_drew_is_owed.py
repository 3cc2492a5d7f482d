from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Points that a return takes back and that others of the household have drawn are owed, not let go."""

    dependencies = [("loyalty", "0029_drawn_points_are_found_by_their_home")]

    operations = [migrations.RunSQL((SQL / "returns.sql").read_text(), migrations.RunSQL.noop)]
