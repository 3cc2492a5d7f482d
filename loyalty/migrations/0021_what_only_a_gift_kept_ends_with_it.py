from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0020_points_follow_a_merge")]

    operations = [migrations.RunSQL((SQL / "reviews.sql").read_text(), migrations.RunSQL.noop)]
