from pathlib import Path

from django.db import migrations, models


SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0006_what_has_a_name_counts_once'),
    ]

    operations = [
        migrations.AddField(
            model_name='settlement',
            name='weights',
            field=models.JSONField(blank=True, help_text='For each award how much each of its lines brought; empty: as much as was paid for them.', null=True),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("purchase", "returns")
        ),
    ]
