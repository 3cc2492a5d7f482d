from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0039_birthday_gifts_are_used_around_the_birthday")]

    operations = [migrations.RunSQL((SQL / "tiers.sql").read_text(), migrations.RunSQL.noop)]
