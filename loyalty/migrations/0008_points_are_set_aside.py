from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
CHANGED = ["wallets", "facts", "purchase", "returns"]
"""Functions whose text changed; where they are new they have it already."""
MADE = "loyalty_settle_hold", "loyalty_end_hold", "loyalty_hold_points", "loyalty_hold_body", "loyalty_held"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0007_back_tests_try_changes_on_the_past'),
        ('members', '0001_members_are_known_by_their_identities'),
    ]

    operations = [
        migrations.AddField(
            model_name='wallet',
            name='held',
            field=models.BigIntegerField(db_default=0, default=0, help_text='Set aside for purchases being paid.'),
        ),
        migrations.AlterField(
            model_name='wallet',
            name='figures_hold_until',
            field=models.DateTimeField(help_text='Empty: no lot will ever mature or expire, and nothing is held.', null=True),
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('ref', models.CharField(max_length=30)),
                ('points', models.BigIntegerField()),
                ('captured_points', models.BigIntegerField(db_default=0, default=0)),
                ('state', models.CharField(choices=[('held', 'Held'), ('captured', 'Captured'), ('released', 'Released')], db_default='held', default='held', max_length=8)),
                ('reference', models.CharField(blank=True, help_text='What the shop calls it, e.g. a basket.', max_length=64)),
                ('order_ref', models.CharField(blank=True, db_default='', default='', help_text='The purchase that captured it.', max_length=30)),
                ('actor', models.CharField(max_length=60)),
                ('held_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('wallet', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='loyalty.wallet')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'held')), fields=['wallet', 'expires_at'], name='holds_that_count'), models.Index(fields=['member', 'held_at'], name='holds_of_a_member')],
                'constraints': [models.UniqueConstraint(fields=('ref', 'member'), name='hold_ref_names_one_hold'), models.CheckConstraint(condition=models.Q(('points__gt', 0)), name='a_hold_holds_points'), models.CheckConstraint(condition=models.Q(models.Q(('captured_points__gt', 0), ('captured_points__lte', models.F('points')), ('state', 'captured')), models.Q(models.Q(('state', 'captured'), _negated=True), ('captured_points', 0)), _connector='OR'), name='a_hold_captures_what_it_holds_at_most'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'held')), models.Q(models.Q(('state', 'held'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='a_hold_ends_once'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('held_at'))), name='a_hold_lasts')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='hold',
            trigger=pgtrigger.compiler.Trigger(name='holds_are_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='0ddcbcb9076bd0235b0991aa733a7a10861dc3d9', operation='DELETE', pgid='pgtrigger_holds_are_never_deleted_e7c7f', table='loyalty_hold', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='hold',
            trigger=pgtrigger.compiler.Trigger(name='holds_are_never_rewritten', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."actor" IS DISTINCT FROM (NEW."actor") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."held_at" IS DISTINCT FROM (NEW."held_at") OR OLD."member_id" IS DISTINCT FROM (NEW."member_id") OR OLD."points" IS DISTINCT FROM (NEW."points") OR OLD."ref" IS DISTINCT FROM (NEW."ref") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."wallet_id" IS DISTINCT FROM (NEW."wallet_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='33df3ac1bd545e6157f97b0015558fb244866578', operation='UPDATE', pgid='pgtrigger_holds_are_never_rewritten_9525a', table='loyalty_hold', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='hold',
            trigger=pgtrigger.compiler.Trigger(name='holds_end_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM \'held\')', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='4cfa52a231388d5110a36a32fff11fd963ed05e1', operation='UPDATE', pgid='pgtrigger_holds_end_once_6a2ce', table='loyalty_hold', when='BEFORE')),
        ),
        migrations.RunSQL(
            (SQL / "holds.sql").read_text(), "; ".join(f"DROP FUNCTION {function}" for function in MADE)
        ),
        *(migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop) for name in CHANGED),
    ]
