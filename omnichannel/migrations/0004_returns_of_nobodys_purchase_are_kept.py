
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('omnichannel', '0003_a_purchase_is_claimed_later'),
    ]

    operations = [
        migrations.AddField(
            model_name='unclaimedorder',
            name='returns',
            field=models.JSONField(db_default=[], default=list, help_text='What came back, as `omnichannel.services.unclaimed_returns.KeptReturn`, in order.'),
        ),
        migrations.AddIndex(
            model_name='unclaimedorder',
            index=models.Index(condition=models.Q(('returns', []), _negated=True), fields=['programme', 'placed_at'], name='unclaimed_that_came_back'),
        ),
    ]
