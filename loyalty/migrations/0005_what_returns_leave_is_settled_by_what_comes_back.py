from pathlib import Path


import django.db.models.deletion
from django.db import migrations, models


SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0004_the_till_shows_what_can_be_used_today'),
        ('members', '0001_members_are_known_by_their_identities'),
    ]

    operations = [
        migrations.CreateModel(
            name='Forgiven',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('points', models.BigIntegerField(help_text='Still left with the member.')),
                ('after_seq', models.BigIntegerField(help_text="Number of the wallet's last entry when they were left.")),
                ('entry', models.ForeignKey(db_index=False, help_text='The award.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.entry')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('wallet', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.wallet')),
            ],
            options={
                'indexes': [models.Index(fields=['wallet'], name='forgiven_of_a_wallet')],
                'constraints': [models.UniqueConstraint(fields=('entry', 'member'), name='an_award_is_left_once'), models.CheckConstraint(condition=models.Q(('points__gte', 0)), name='no_less_than_nothing_is_left')],
            },
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("forgiven", "returns", "rewards")
        ),
    ]
