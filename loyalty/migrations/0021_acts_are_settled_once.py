from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0020_the_books_are_kept'),
        ('members', '0002_codes_prove_presence_too'),
        ('omnichannel', '0010_what_people_do_is_told_once'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActSettlement',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('act_ref', models.CharField(max_length=30)),
                ('type_code', models.CharField(max_length=40, verbose_name='type')),
                ('title', models.CharField(max_length=120)),
                ('points_earned', models.BigIntegerField()),
                ('answer', models.TextField(help_text='`loyalty.rules.act_answers.ActAnswer`, JSON text; as it was settled.')),
                ('happened_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
            ],
        ),
        migrations.CreateModel(
            name='ActCounted',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.CharField(help_text="`member`, a day of the programme's calendar, or a digest of a property's value.", max_length=64)),
                ('act_ref', models.CharField(max_length=30)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('rule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.rule')),
            ],
            options={
                'verbose_name_plural': 'acts counted',
                'constraints': [models.UniqueConstraint(fields=('member', 'rule', 'key'), name='what_counts_once_counts_once')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='actcounted',
            trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='5931acce7559fbf8bd74e459b22bb24b9b17e78c', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_131bd', table='loyalty_actcounted', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='actcounted',
            trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='13f1be7923d7a3dd9e7ffd2bbfdf4988cd31f383', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_2ad42', table='loyalty_actcounted', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='actsettlement',
            constraint=models.UniqueConstraint(fields=('act_ref', 'member'), name='an_act_is_settled_once'),
        ),
        migrations.AddConstraint(
            model_name='actsettlement',
            constraint=models.UniqueConstraint(fields=('member', 'id'), name='acts_of_a_member'),
        ),
        migrations.AddConstraint(
            model_name='actsettlement',
            constraint=models.CheckConstraint(condition=models.Q(('points_earned__gte', 0)), name='an_act_earns_nothing_or_more'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='actsettlement',
            trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='bff83e145688118a00329e4da0cb25c7d4ad4648', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_2545a', table='loyalty_actsettlement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='actsettlement',
            trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='5f3929554369b16bc5dd32abdd1e5a6ba5c631fe', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_3ef90', table='loyalty_actsettlement', when='BEFORE')),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("facts", "caps")
        ),
    ]
