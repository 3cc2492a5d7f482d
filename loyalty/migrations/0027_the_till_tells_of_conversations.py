from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0026_households_draw_on_each_others_points"),
        ("omnichannel", "0007_conversations_and_cases_are_kept"),
    ]

    operations = [migrations.RunSQL((SQL / "screen.sql").read_text(), migrations.RunSQL.noop)]
