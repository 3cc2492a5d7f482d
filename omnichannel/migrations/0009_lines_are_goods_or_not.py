from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('omnichannel', '0008_a_return_counts_once_at_a_place'),
    ]

    operations = [
        migrations.AddField(
            model_name='orderline',
            name='kind',
            field=models.CharField(choices=[('goods', 'Goods'), ('shipping', 'Shipping'), ('gift_card', 'Gift card')], db_default='goods', default='goods', max_length=10),
        ),
        migrations.RunSQL((SQL / "record_orders.sql").read_text(), migrations.RunSQL.noop),
    ]
