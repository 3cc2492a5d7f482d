from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0018_what_a_tier_brought_stays_while_it_is_held")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="sealed_digest",
            field=models.BinaryField(
                null=True, editable=False, help_text="What its seal covers of it, if the reason was erased since."
            ),
        ),
        migrations.RunSQL((SQL / "seals.sql").read_text(), migrations.RunSQL.noop),
    ]
