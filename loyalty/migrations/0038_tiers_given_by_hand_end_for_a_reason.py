from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0037_drafts_share_their_columns")]

    operations = [
        migrations.AddField(
            model_name="tierstanding",
            name="end_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
    ]
