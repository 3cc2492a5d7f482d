from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0033_drawn_points_are_found_by_their_moment'),
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
        migrations.AddField(
            model_name='programmeterms',
            name='households_share',
            field=models.BooleanField(db_default=True, default=True, help_text='Who spends more than their own points draws what is lacking from the others of their household.', verbose_name='Households share'),
        ),
        migrations.AddField(
            model_name='programmetermsevent',
            name='households_share',
            field=models.BooleanField(db_default=True, default=True, help_text='Who spends more than their own points draws what is lacking from the others of their household.', verbose_name='Households share'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='programmeterms',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."burn_minor" IS DISTINCT FROM (NEW."burn_minor") OR OLD."burn_points" IS DISTINCT FROM (NEW."burn_points") OR OLD."expiry_days" IS DISTINCT FROM (NEW."expiry_days") OR OLD."expiry_kind" IS DISTINCT FROM (NEW."expiry_kind") OR OLD."expiry_on" IS DISTINCT FROM (NEW."expiry_on") OR OLD."households_share" IS DISTINCT FROM (NEW."households_share") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kept_alive_by" IS DISTINCT FROM (NEW."kept_alive_by") OR OLD."maturity_days" IS DISTINCT FROM (NEW."maturity_days") OR OLD."programme_id" IS DISTINCT FROM (NEW."programme_id") OR OLD."proof_above" IS DISTINCT FROM (NEW."proof_above") OR OLD."rules_need_approval" IS DISTINCT FROM (NEW."rules_need_approval") OR OLD."transfer_points_a_day" IS DISTINCT FROM (NEW."transfer_points_a_day") OR OLD."welcome_points" IS DISTINCT FROM (NEW."welcome_points") OR OLD."when_spent" IS DISTINCT FROM (NEW."when_spent"))', func='INSERT INTO "loyalty_programmetermsevent" ("burn_minor", "burn_points", "expiry_days", "expiry_kind", "expiry_on", "households_share", "id", "kept_alive_by", "maturity_days", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "proof_above", "rules_need_approval", "transfer_points_a_day", "welcome_points", "when_spent") VALUES (OLD."burn_minor", OLD."burn_points", OLD."expiry_days", OLD."expiry_kind", OLD."expiry_on", OLD."households_share", OLD."id", OLD."kept_alive_by", OLD."maturity_days", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."programme_id", OLD."proof_above", OLD."rules_need_approval", OLD."transfer_points_a_day", OLD."welcome_points", OLD."when_spent"); RETURN NULL;', hash='4d5b3472135af321a36868f6f8ba7d6cea3f9e6f', operation='UPDATE', pgid='pgtrigger_changed_update_83cdf', table='loyalty_programmeterms', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='programmeterms',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_programmetermsevent" ("burn_minor", "burn_points", "expiry_days", "expiry_kind", "expiry_on", "households_share", "id", "kept_alive_by", "maturity_days", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "proof_above", "rules_need_approval", "transfer_points_a_day", "welcome_points", "when_spent") VALUES (OLD."burn_minor", OLD."burn_points", OLD."expiry_days", OLD."expiry_kind", OLD."expiry_on", OLD."households_share", OLD."id", OLD."kept_alive_by", OLD."maturity_days", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."programme_id", OLD."proof_above", OLD."rules_need_approval", OLD."transfer_points_a_day", OLD."welcome_points", OLD."when_spent"); RETURN NULL;', hash='0d23e9758b2b66c6445ea19ae5018926c97663be', operation='DELETE', pgid='pgtrigger_removed_delete_5b019', table='loyalty_programmeterms', when='AFTER')),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("pools", "screen")
        ),
    ]
