from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """A history in which a member was active many times writes each of their lots once, and not for each time."""

    dependencies = [("loyalty", "0037_a_household_gives_what_is_not_counted")]

    operations = [migrations.RunSQL((SQL / "expiry.sql").read_text(), migrations.RunSQL.noop)]
