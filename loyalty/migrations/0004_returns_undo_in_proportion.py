from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0003_what_changes_worth_moves_the_stamp'),
        ('members', '0001_members_are_known_by_their_identities'),
    ]

    operations = [
        migrations.AddField(
            model_name='entry',
            name='undoes',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.entry'),
        ),
        migrations.AddField(
            model_name='programmeterms',
            name='when_spent',
            field=models.CharField(choices=[('clamp', 'take back what is left'), ('refuse', 'refuse the return')], db_default='clamp', default='clamp', help_text='When goods come back whose points the member has spent: what is left is taken, and the rest stays theirs; or the till is told that it cannot be.', max_length=8, verbose_name='Points spent already'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('earn', 'Earn'), ('bonus', 'Bonus'), ('spend', 'Spend'), ('expire', 'Expire'), ('adjust', 'Adjust'), ('reverse_earn', 'taken back'), ('reverse_spend', 'given back')], max_length=16),
        ),
        migrations.CreateModel(
            name='Reversal',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('return_ref', models.CharField(max_length=30)),
                ('order_ref', models.CharField(max_length=30)),
                ('points_taken', models.BigIntegerField(help_text='Earned points that were taken back.')),
                ('points_expired', models.BigIntegerField(help_text='Earned points that had run out; they count as taken back.')),
                ('points_missing', models.BigIntegerField(help_text='Earned points that were spent already and are not there to be taken back, of all returns so far.')),
                ('points_given', models.BigIntegerField(help_text='Spent points that went back to their lots.')),
                ('qualifying_minor', models.BigIntegerField(help_text='What no longer counts towards tiers.')),
                ('answer', models.TextField(help_text='JSON text; kept as it was sent.')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('wallet', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.wallet')),
            ],
            options={
                'indexes': [models.Index(fields=['order_ref'], name='reversals_of_an_order')],
                'constraints': [models.UniqueConstraint(fields=('return_ref', 'member'), name='a_return_is_settled_once'), models.CheckConstraint(condition=models.Q(('points_taken__gte', 0), ('points_given__gte', 0)), name='a_return_undoes_and_never_adds')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reversal',
            trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='913eea1855cbfe1258634d456f3b66fdca276703', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_9471d', table='loyalty_reversal', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reversal',
            trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='50978dabace56fffd97789dc5e1b219270894c20', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_3857d', table='loyalty_reversal', when='BEFORE')),
        ),
        migrations.RunSQL(
            (SQL / "returns.sql").read_text(), "DROP FUNCTION loyalty_book_return; DROP FUNCTION loyalty_return_facts; DROP FUNCTION loyalty_post"
        ),
    ]
