from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0014_points_run_out_as_terms_say'),
        ('members', '0002_codes_prove_presence_too'),
    ]

    operations = [
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('ref', models.CharField(max_length=30)),
                ('points', models.BigIntegerField()),
                ('made_at', models.DateTimeField()),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='programmeterms',
            name='changed_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='programmeterms',
            name='removed_delete',
        ),
        migrations.AddField(
            model_name='programmeterms',
            name='transfer_points_a_day',
            field=models.PositiveIntegerField(blank=True, db_default=0, default=0, help_text='So many points a member may give to other members in a day. 0: none. Empty: as many as they have.', null=True, verbose_name='Given away a day'),
        ),
        migrations.AddField(
            model_name='programmetermsevent',
            name='transfer_points_a_day',
            field=models.PositiveIntegerField(blank=True, db_default=0, default=0, help_text='So many points a member may give to other members in a day. 0: none. Empty: as many as they have.', null=True, verbose_name='Given away a day'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('earn', 'Earn'), ('bonus', 'Bonus'), ('spend', 'Spend'), ('expire', 'Expire'), ('adjust', 'Adjust'), ('transfer_out', 'given away'), ('transfer_in', 'given by another'), ('reverse_earn', 'taken back'), ('reverse_spend', 'given back')], max_length=16),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='programmeterms',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."burn_minor" IS DISTINCT FROM (NEW."burn_minor") OR OLD."burn_points" IS DISTINCT FROM (NEW."burn_points") OR OLD."expiry_days" IS DISTINCT FROM (NEW."expiry_days") OR OLD."expiry_kind" IS DISTINCT FROM (NEW."expiry_kind") OR OLD."expiry_on" IS DISTINCT FROM (NEW."expiry_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kept_alive_by" IS DISTINCT FROM (NEW."kept_alive_by") OR OLD."maturity_days" IS DISTINCT FROM (NEW."maturity_days") OR OLD."programme_id" IS DISTINCT FROM (NEW."programme_id") OR OLD."proof_above" IS DISTINCT FROM (NEW."proof_above") OR OLD."rules_need_approval" IS DISTINCT FROM (NEW."rules_need_approval") OR OLD."transfer_points_a_day" IS DISTINCT FROM (NEW."transfer_points_a_day") OR OLD."welcome_points" IS DISTINCT FROM (NEW."welcome_points") OR OLD."when_spent" IS DISTINCT FROM (NEW."when_spent"))', func='INSERT INTO "loyalty_programmetermsevent" ("burn_minor", "burn_points", "expiry_days", "expiry_kind", "expiry_on", "id", "kept_alive_by", "maturity_days", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "proof_above", "rules_need_approval", "transfer_points_a_day", "welcome_points", "when_spent") VALUES (OLD."burn_minor", OLD."burn_points", OLD."expiry_days", OLD."expiry_kind", OLD."expiry_on", OLD."id", OLD."kept_alive_by", OLD."maturity_days", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."programme_id", OLD."proof_above", OLD."rules_need_approval", OLD."transfer_points_a_day", OLD."welcome_points", OLD."when_spent"); RETURN NULL;', hash='5995783717f12996524944a63af19be0e1a64bbd', operation='UPDATE', pgid='pgtrigger_changed_update_83cdf', table='loyalty_programmeterms', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='programmeterms',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_programmetermsevent" ("burn_minor", "burn_points", "expiry_days", "expiry_kind", "expiry_on", "id", "kept_alive_by", "maturity_days", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "proof_above", "rules_need_approval", "transfer_points_a_day", "welcome_points", "when_spent") VALUES (OLD."burn_minor", OLD."burn_points", OLD."expiry_days", OLD."expiry_kind", OLD."expiry_on", OLD."id", OLD."kept_alive_by", OLD."maturity_days", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."programme_id", OLD."proof_above", OLD."rules_need_approval", OLD."transfer_points_a_day", OLD."welcome_points", OLD."when_spent"); RETURN NULL;', hash='cbc0a7df60eecc70893f702c3ab1b05e09f00546', operation='DELETE', pgid='pgtrigger_removed_delete_5b019', table='loyalty_programmeterms', when='AFTER')),
        ),
        migrations.AddField(
            model_name='transfer',
            name='member',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='to_wallet',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.wallet'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='wallet',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.wallet'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['wallet', 'made_at'], name='transfers_of_a_wallet'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(fields=('ref', 'member'), name='transfer_ref_names_one_transfer'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('points__gt', 0)), name='a_transfer_gives_points'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('to_wallet', models.F('wallet')), _negated=True), name='nobody_gives_to_themselves'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='transfer',
            trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='ed4545bc6fb2d6270b7dd14536953902ad5e1eca', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_03f16', table='loyalty_transfer', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='transfer',
            trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='a66f4b7821eb4f9b43df314c7f4c94e8de00727b', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_eb75d', table='loyalty_transfer', when='BEFORE')),
        ),
        migrations.RunSQL((SQL / "transfers.sql").read_text(), "DROP FUNCTION loyalty_transfer_points"),
    ]
