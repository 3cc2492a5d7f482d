from pathlib import Path

import django.contrib.postgres.constraints
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
CHANGED = ["tiers", "wallets", "facts", "purchase", "returns"]

FIRST_LADDERS = """
INSERT INTO loyalty_ladder (programme_id, version, definition, live_from, made_by, made_at)
SELECT t.programme_id, 1, jsonb_build_object(
    'window', jsonb_build_object('type', 'days', 'days', 365), 'lasts', jsonb_build_object('type', 'days', 'days', 365),
    'spend', jsonb_build_object('with_shipping', true, 'with_gift_cards', true), 'visits', 'days', 'grace_days', 0,
    'falls', 'to_what_is_reached', 'never_down', false, 'on_return', 'keep', 'when_live', 'keep',
    'steps', jsonb_agg(jsonb_build_object('tier', t.code, 'threshold_minor', nullif(t.threshold_minor, 0), 'points', NULL,
        'visits', NULL, 'needs', 'any') ORDER BY t.rank)), 'epoch', 'set-up', now()
FROM loyalty_tier t GROUP BY t.programme_id
"""
"""The ladders as they have been: by what is spent in 365 days, held for as long."""

COUNT_WHAT_WAS_BOUGHT = """
ALTER TABLE loyalty_reversal DISABLE TRIGGER USER;
UPDATE loyalty_reversal u SET qualifying_points = u.points_taken + u.points_expired, visits = CASE WHEN NOT EXISTS (
        SELECT FROM loyalty_reversal l WHERE l.order_ref = u.order_ref AND l.id > u.id) AND EXISTS (
        SELECT FROM omnichannel_order o WHERE o.ref = u.order_ref AND o.state IN ('returned', 'cancelled')) THEN 1 ELSE 0 END;
ALTER TABLE loyalty_reversal ENABLE TRIGGER USER;
UPDATE loyalty_tierday d SET points = p.points, visits = p.visits
FROM (
    SELECT s.wallet_id, (o.placed_at AT TIME ZONE g.timezone)::date AS spent_on,
        sum(s.points_earned - coalesce(u.points, 0)) AS points, sum(1 - coalesce(u.visits, 0)) AS visits
    FROM loyalty_settlement s
    JOIN omnichannel_order o ON o.ref = s.order_ref AND o.member_id = s.member_id
    JOIN omnichannel_programme g ON g.id = o.programme_id
    LEFT JOIN (
        SELECT order_ref, member_id, sum(qualifying_points) AS points, sum(visits) AS visits
        FROM loyalty_reversal GROUP BY 1, 2) u ON u.order_ref = s.order_ref AND u.member_id = s.member_id
    GROUP BY 1, 2) p
WHERE p.wallet_id = d.wallet_id AND p.spent_on = d.spent_on
"""

STAMP = """
CREATE TRIGGER ladders_move_the_stamp AFTER INSERT OR UPDATE OR DELETE ON loyalty_ladder
    FOR EACH ROW EXECUTE FUNCTION loyalty_move_stamp()
"""

OLD_FACTS = """
DO $$
DECLARE
    old regprocedure;
BEGIN
    FOR old IN SELECT oid FROM pg_proc WHERE proname = 'loyalty_purchase_facts' LOOP
        EXECUTE 'DROP FUNCTION ' || old;
    END LOOP;
END
$$
"""
"""It takes other arguments from now on."""


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0023_a_history_keeps_points_alive'),
        ('members', '0002_codes_prove_presence_too'),
        ('omnichannel', '0009_lines_are_goods_or_not'),
    ]

    operations = [
        migrations.CreateModel(
            name='Ladder',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField()),
                ('definition', models.JSONField(help_text='`loyalty.rules.ladders.LadderDefinition`')),
                ('live_from', models.DateTimeField()),
                ('made_by', models.CharField(max_length=60)),
                ('approved_by', models.CharField(blank=True, db_default='', default='', max_length=60)),
                ('made_at', models.DateTimeField()),
                ('withdrawn_by', models.CharField(blank=True, db_default='', default='', max_length=60)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['programme', 'version'],
            },
        ),
        migrations.AddField(
            model_name='ladder',
            name='programme',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme'),
        ),
        migrations.AddIndex(
            model_name='ladder',
            index=models.Index(fields=['programme', 'live_from', 'version'], name='ladder_of_a_moment'),
        ),
        migrations.AddConstraint(
            model_name='ladder',
            constraint=models.UniqueConstraint(fields=('programme', 'version'), name='ladders_are_numbered'),
        ),
        migrations.AddConstraint(
            model_name='ladder',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawn_at', None), ('withdrawn_at__lt', models.F('live_from')), _connector='OR'), name='a_ladder_is_withdrawn_before_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='ladder',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', ''), models.Q(('approved_by', models.F('made_by')), _negated=True), _connector='OR'), name='nobody_approves_their_own_ladder'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ladder',
            trigger=pgtrigger.compiler.Trigger(name='ladders_are_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='390ab85856166675be9a6265506ebd898e2e8955', operation='DELETE', pgid='pgtrigger_ladders_are_never_deleted_7e981', table='loyalty_ladder', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ladder',
            trigger=pgtrigger.compiler.Trigger(name='ladders_are_never_rewritten', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."approved_by" IS DISTINCT FROM (NEW."approved_by") OR OLD."definition" IS DISTINCT FROM (NEW."definition") OR OLD."live_from" IS DISTINCT FROM (NEW."live_from") OR OLD."made_at" IS DISTINCT FROM (NEW."made_at") OR OLD."made_by" IS DISTINCT FROM (NEW."made_by") OR OLD."programme_id" IS DISTINCT FROM (NEW."programme_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='c69df0f84b44c426a8878858dc09434ff5dffb8f', operation='UPDATE', pgid='pgtrigger_ladders_are_never_rewritten_474e3', table='loyalty_ladder', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='reversal',
            name='qualifying_points',
            field=models.BigIntegerField(db_default=0, default=0, help_text='Points that no longer count towards tiers.'),
        ),
        migrations.AddField(
            model_name='reversal',
            name='visits',
            field=models.SmallIntegerField(db_default=0, default=0, help_text='1: nothing is left of the purchase, so it was no visit.'),
        ),
        migrations.AddField(
            model_name='tierday',
            name='points',
            field=models.BigIntegerField(db_default=0, default=0, help_text='Earned by purchases.'),
        ),
        migrations.AddField(
            model_name='tierday',
            name='visits',
            field=models.IntegerField(db_default=0, default=0, help_text='Purchases.'),
        ),
        migrations.AddField(
            model_name='tierstanding',
            name='ended_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=60),
        ),
        migrations.AddField(
            model_name='tierstanding',
            name='given_by',
            field=models.CharField(blank=True, db_default='', default='', help_text='The colleague; empty: reached.', max_length=60),
        ),
        migrations.AddField(
            model_name='tierstanding',
            name='reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=300),
        ),
        migrations.RunSQL(FIRST_LADDERS, migrations.RunSQL.noop),
        migrations.RunSQL(COUNT_WHAT_WAS_BOUGHT, migrations.RunSQL.noop),
        pgtrigger.migrations.RemoveTrigger(
            model_name='tier',
            name='changed_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='tier',
            name='removed_delete',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='tiers_have_different_thresholds',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='tier_threshold_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='everybody_reaches_the_lowest_tier',
        ),
        migrations.RemoveConstraint(
            model_name='tierday',
            name='tier_day_never_negative',
        ),
        migrations.RemoveConstraint(
            model_name='tierstanding',
            name='a_standing_starts_once',
        ),
        migrations.RemoveConstraint(
            model_name='tierstanding',
            name='a_standing_lasts',
        ),
        migrations.RemoveConstraint(
            model_name='tierstanding',
            name='standings_of_a_tier_never_overlap',
        ),
        migrations.SeparateDatabaseAndState(
            # What runs beside the upgrade still reads them, and history keeps what they said: they go one release later.
            [
                migrations.RunSQL(
                    "ALTER TABLE loyalty_tier ALTER COLUMN threshold_minor SET DEFAULT 0;"
                    "ALTER TABLE loyalty_tierevent ALTER COLUMN threshold_minor SET DEFAULT 0",
                    migrations.RunSQL.noop,
                )
            ],
            [
                migrations.RemoveField(model_name='tier', name='threshold_minor'),
                migrations.RemoveField(model_name='tierevent', name='threshold_minor'),
            ],
        ),
        migrations.AddIndex(
            model_name='tierstanding',
            index=models.Index(fields=['until_at'], name='standings_by_their_end'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tier',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "loyalty_tierevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "rank") VALUES (OLD."code", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."programme_id", OLD."rank"); RETURN NULL;', hash='69d6bb23a576564f08bc9621affc7054f02cd1e5', operation='UPDATE', pgid='pgtrigger_changed_update_44cb1', table='loyalty_tier', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tier',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_tierevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "rank") VALUES (OLD."code", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."programme_id", OLD."rank"); RETURN NULL;', hash='eee34abf7e68c59484e34fa5661c32477f35f0ba', operation='DELETE', pgid='pgtrigger_removed_delete_90f7c', table='loyalty_tier', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='tierday',
            constraint=models.CheckConstraint(condition=models.Q(('points__gte', 0), ('qualifying_minor__gte', 0), ('visits__gte', 0)), name='tier_day_never_negative'),
        ),
        migrations.AddConstraint(
            model_name='tierstanding',
            constraint=models.UniqueConstraint(condition=models.Q(('given_by', '')), fields=('wallet', 'tier', 'from_at', 'member'), name='a_standing_starts_once'),
        ),
        migrations.AddConstraint(
            model_name='tierstanding',
            constraint=models.CheckConstraint(condition=models.Q(('until_at__gte', models.F('from_at'))), name='a_standing_lasts'),
        ),
        migrations.AddConstraint(
            model_name='tierstanding',
            constraint=models.CheckConstraint(condition=models.Q(('given_by', ''), models.Q(('reason', ''), _negated=True), _connector='OR'), name='a_tier_is_given_for_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='tierstanding',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('given_by', '')), expressions=[('wallet', '='), ('tier', '='), ('member', '='), (models.Func('from_at', 'until_at', function='tstzrange'), '&&')], name='standings_of_a_tier_never_overlap'),
        ),
        migrations.AddConstraint(
            model_name='tierstanding',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('given_by', ''), _negated=True), expressions=[('wallet', '='), ('tier', '='), ('member', '='), (models.Func('from_at', 'until_at', function='tstzrange'), '&&')], name='gifts_of_a_tier_never_overlap'),
        ),
        migrations.RunSQL(STAMP, "DROP TRIGGER ladders_move_the_stamp ON loyalty_ladder"),
        migrations.RunSQL(OLD_FACTS, migrations.RunSQL.noop),
        *(migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop) for name in CHANGED),
    ]
