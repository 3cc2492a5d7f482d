
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0001_members_are_known_in_numbers_and_meant_by_segments'),
    ]

    operations = [
        migrations.AddField(
            model_name='segment',
            name='is_label',
            field=models.BooleanField(db_default=False, default=False, help_text='Its members are told to the tills, so that earning rules can be for them alone.', verbose_name='rules may ask for it'),
        ),
    ]
