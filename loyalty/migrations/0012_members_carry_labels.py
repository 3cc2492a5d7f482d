from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"

OLD_FACTS = """
DROP FUNCTION IF EXISTS loyalty_purchase_facts(
    bigint, text, text, text, bigint, bigint, bigint, text, text, text, timestamptz, date, date, date, text[], timestamptz)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0011_goods_come_back_as_of_their_moment'),
        ('members', '0001_members_are_known_by_their_identities'),
        ('omnichannel', '0009_lines_are_goods_or_not'),
    ]

    operations = [
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=60)),
                ('name', models.CharField(max_length=120)),
                ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
            ],
        ),
        migrations.CreateModel(
            name='MemberLabel',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('label', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.label')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
            ],
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.UniqueConstraint(fields=('programme', 'code'), name='a_label_code_names_one_label'),
        ),
        migrations.AddConstraint(
            model_name='memberlabel',
            constraint=models.UniqueConstraint(fields=('member', 'label'), name='a_label_is_carried_once'),
        ),
        migrations.RunSQL(OLD_FACTS, migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "facts.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "purchase.sql").read_text(), migrations.RunSQL.noop),
    ]
