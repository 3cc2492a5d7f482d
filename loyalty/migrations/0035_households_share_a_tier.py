from pathlib import Path

import django.contrib.postgres.constraints
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0034_terms_say_whether_households_share'),
        ('members', '0014_invitations_say_a_limit'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='programmeterms',
            name='changed_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='programmeterms',
            name='removed_delete',
        ),
        migrations.RemoveConstraint(
            model_name='tierstanding',
            name='gifts_of_a_tier_never_overlap',
        ),
        migrations.AddField(
            model_name='programmeterms',
            name='households_share_tier',
            field=models.BooleanField(db_default=False, default=False, help_text='Everybody of a household stands on the highest tier that one of them stands on.', verbose_name='Households share the tier'),
        ),
        migrations.AddField(
            model_name='programmetermsevent',
            name='households_share_tier',
            field=models.BooleanField(db_default=False, default=False, help_text='Everybody of a household stands on the highest tier that one of them stands on.', verbose_name='Households share the tier'),
        ),
        migrations.AlterField(
            model_name='tierstanding',
            name='given_by',
            field=models.CharField(blank=True, db_default='', default='', help_text='Who gave it, for example staff:3, merge:mrg_1 or household:hsh_1; empty: reached.', max_length=60),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='programmeterms',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."burn_minor" IS DISTINCT FROM (NEW."burn_minor") OR OLD."burn_points" IS DISTINCT FROM (NEW."burn_points") OR OLD."expiry_days" IS DISTINCT FROM (NEW."expiry_days") OR OLD."expiry_kind" IS DISTINCT FROM (NEW."expiry_kind") OR OLD."expiry_on" IS DISTINCT FROM (NEW."expiry_on") OR OLD."households_share" IS DISTINCT FROM (NEW."households_share") OR OLD."households_share_tier" IS DISTINCT FROM (NEW."households_share_tier") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kept_alive_by" IS DISTINCT FROM (NEW."kept_alive_by") OR OLD."maturity_days" IS DISTINCT FROM (NEW."maturity_days") OR OLD."programme_id" IS DISTINCT FROM (NEW."programme_id") OR OLD."proof_above" IS DISTINCT FROM (NEW."proof_above") OR OLD."rules_need_approval" IS DISTINCT FROM (NEW."rules_need_approval") OR OLD."transfer_points_a_day" IS DISTINCT FROM (NEW."transfer_points_a_day") OR OLD."welcome_points" IS DISTINCT FROM (NEW."welcome_points") OR OLD."when_spent" IS DISTINCT FROM (NEW."when_spent"))', func='INSERT INTO "loyalty_programmetermsevent" ("burn_minor", "burn_points", "expiry_days", "expiry_kind", "expiry_on", "households_share", "households_share_tier", "id", "kept_alive_by", "maturity_days", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "proof_above", "rules_need_approval", "transfer_points_a_day", "welcome_points", "when_spent") VALUES (OLD."burn_minor", OLD."burn_points", OLD."expiry_days", OLD."expiry_kind", OLD."expiry_on", OLD."households_share", OLD."households_share_tier", OLD."id", OLD."kept_alive_by", OLD."maturity_days", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."programme_id", OLD."proof_above", OLD."rules_need_approval", OLD."transfer_points_a_day", OLD."welcome_points", OLD."when_spent"); RETURN NULL;', hash='6d6ea6888a4addfcc6de2d2b0c5d434610ebee7c', operation='UPDATE', pgid='pgtrigger_changed_update_83cdf', table='loyalty_programmeterms', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='programmeterms',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_programmetermsevent" ("burn_minor", "burn_points", "expiry_days", "expiry_kind", "expiry_on", "households_share", "households_share_tier", "id", "kept_alive_by", "maturity_days", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "proof_above", "rules_need_approval", "transfer_points_a_day", "welcome_points", "when_spent") VALUES (OLD."burn_minor", OLD."burn_points", OLD."expiry_days", OLD."expiry_kind", OLD."expiry_on", OLD."households_share", OLD."households_share_tier", OLD."id", OLD."kept_alive_by", OLD."maturity_days", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."programme_id", OLD."proof_above", OLD."rules_need_approval", OLD."transfer_points_a_day", OLD."welcome_points", OLD."when_spent"); RETURN NULL;', hash='0f917af15c5a0244f4a44247cf451f7f86095a12', operation='DELETE', pgid='pgtrigger_removed_delete_5b019', table='loyalty_programmeterms', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='tierstanding',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(models.Q(('given_by', ''), _negated=True), models.Q(('given_by__startswith', 'household:'), _negated=True)), expressions=[('wallet', '='), ('tier', '='), ('member', '='), (models.Func('from_at', 'until_at', function='tstzrange'), '&&')], name='gifts_of_a_tier_never_overlap'),
        ),
        migrations.AddConstraint(
            model_name='tierstanding',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('given_by__startswith', 'household:')), expressions=[('wallet', '='), ('tier', '='), ('member', '='), (models.Func('from_at', 'until_at', function='tstzrange'), '&&')], name='a_household_gives_a_tier_once'),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("reviews", "merges")
        ),
    ]
