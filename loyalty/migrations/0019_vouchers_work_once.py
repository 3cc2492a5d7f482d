from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
MADE = [
    "loyalty_use_vouchers",
    "loyalty_lock_vouchers",
    "loyalty_lock_shared_vouchers",
    "loyalty_voucher_facts",
    "loyalty_voucher_is_shared",
    "loyalty_voucher_reserved",
]
STAMP = """
CREATE TRIGGER series_move_their_stamp BEFORE UPDATE ON loyalty_voucherseries
    FOR EACH ROW EXECUTE FUNCTION loyalty_move_own_stamp()
"""


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0018_a_return_looks_at_few_lots'),
        ('members', '0002_codes_prove_presence_too'),
        ('omnichannel', '0009_lines_are_goods_or_not'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='VoucherSeries',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=60)),
                ('name', models.CharField(help_text='As members and cashiers read it.', max_length=120)),
                ('definition', models.JSONField(help_text='`loyalty.rules.vouchers.VoucherDefinition`')),
                ('is_goodwill', models.BooleanField(db_default=False, default=False, help_text='Colleagues give it by hand, within the limit of their role.')),
                ('stamp', models.BigIntegerField(db_default=1, default=1, help_text='Moves with every change.')),
                ('made_by', models.CharField(max_length=60)),
                ('made_at', models.DateTimeField()),
                ('revoked_by', models.CharField(blank=True, db_default='', default='', max_length=60)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_because', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
            ],
            options={
                'verbose_name_plural': 'voucher series',
            },
        ),
        migrations.CreateModel(
            name='GoodwillLimit',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('role', models.CharField(help_text='Name of the role.', max_length=150)),
                ('worth_minor', models.PositiveBigIntegerField(help_text='To one member in a day, in minor units.')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
            ],
            options={
                'verbose_name': 'limit of goodwill vouchers',
                'verbose_name_plural': 'limits of goodwill vouchers',
            },
        ),
        migrations.CreateModel(
            name='GoodwillLimitEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('role', models.CharField(help_text='Name of the role.', max_length=150)),
                ('worth_minor', models.PositiveBigIntegerField(help_text='To one member in a day, in minor units.')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='loyalty.goodwilllimit')),
                ('programme', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.programme')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Voucher',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code', models.CharField(help_text='In its normal form: `loyalty.rules.voucher_codes`.', max_length=24)),
                ('shown', models.CharField(blank=True, db_default='', help_text='How people read it; empty: in groups of four.', max_length=40)),
                ('cause', models.CharField(help_text='Why it was issued; once per series and member.', max_length=120)),
                ('max_uses', models.BigIntegerField(help_text='Empty: no limit.', null=True)),
                ('uses', models.BigIntegerField(db_default=0, default=0)),
                ('left_minor', models.BigIntegerField(help_text='What is left in a gift card.', null=True)),
                ('valid_from', models.DateTimeField()),
                ('valid_until', models.DateTimeField(null=True)),
                ('issued_at', models.DateTimeField()),
                ('issued_by', models.CharField(max_length=60)),
                ('revoked_by', models.CharField(blank=True, db_default='', default='', max_length=60)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_because', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('member', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('series', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='vouchers', to='loyalty.voucherseries')),
            ],
        ),
        migrations.CreateModel(
            name='VoucherReservation',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('ref', models.CharField(max_length=30)),
                ('amount_minor', models.BigIntegerField(db_default=0, default=0, help_text='Of a gift card.')),
                ('reference', models.CharField(help_text='What the shop calls the order.', max_length=64)),
                ('state', models.CharField(choices=[('held', 'Held'), ('used', 'Used'), ('released', 'Released')], db_default='held', default='held', max_length=8)),
                ('order_ref', models.CharField(blank=True, db_default='', default='', max_length=30)),
                ('actor', models.CharField(max_length=60)),
                ('reserved_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                ('voucher', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='loyalty.voucher')),
            ],
        ),
        migrations.CreateModel(
            name='VoucherTally',
            fields=[
                ('series', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='tally', serialize=False, to='loyalty.voucherseries')),
                ('uses', models.BigIntegerField(db_default=0, default=0)),
                ('given_minor', models.BigIntegerField(db_default=0, default=0)),
            ],
        ),
        migrations.CreateModel(
            name='CodeBatch',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('wanted', models.PositiveIntegerField()),
                ('made', models.PositiveIntegerField(db_default=0, default=0)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('asked_by', models.CharField(max_length=60)),
                ('asked_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='loyalty.voucherseries')),
            ],
            options={
                'verbose_name_plural': 'code batches',
            },
        ),
        migrations.CreateModel(
            name='VoucherSeriesEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('code', models.SlugField(db_index=False, max_length=60)),
                ('name', models.CharField(help_text='As members and cashiers read it.', max_length=120)),
                ('definition', models.JSONField(help_text='`loyalty.rules.vouchers.VoucherDefinition`')),
                ('is_goodwill', models.BooleanField(db_default=False, default=False, help_text='Colleagues give it by hand, within the limit of their role.')),
                ('stamp', models.BigIntegerField(db_default=1, default=1, help_text='Moves with every change.')),
                ('made_by', models.CharField(max_length=60)),
                ('made_at', models.DateTimeField()),
                ('revoked_by', models.CharField(blank=True, db_default='', default='', max_length=60)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_because', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='loyalty.voucherseries')),
                ('programme', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.programme')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='VoucherUse',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('uses', models.SmallIntegerField()),
                ('amount_minor', models.BigIntegerField(help_text='Below 0 where it came back.')),
                ('cause', models.CharField(help_text='use:<order> or back:<return>.', max_length=60)),
                ('order_ref', models.CharField(max_length=30)),
                ('actor', models.CharField(max_length=60)),
                ('happened_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                ('series', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.voucherseries')),
                ('voucher', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='used', to='loyalty.voucher')),
            ],
        ),
        migrations.AddConstraint(
            model_name='goodwilllimit',
            constraint=models.UniqueConstraint(fields=('programme', 'role'), name='a_role_has_one_goodwill_limit'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='goodwilllimit',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "loyalty_goodwilllimitevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "role", "worth_minor") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."programme_id", OLD."role", OLD."worth_minor"); RETURN NULL;', hash='656bd3dd8992d6d3dd99b08d2c46189ef04dac11', operation='UPDATE', pgid='pgtrigger_changed_update_2e390', table='loyalty_goodwilllimit', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='goodwilllimit',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_goodwilllimitevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "role", "worth_minor") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."programme_id", OLD."role", OLD."worth_minor"); RETURN NULL;', hash='ebadbc7ccb0ddeb9865c84368d99dde5c75de782', operation='DELETE', pgid='pgtrigger_removed_delete_5ce15', table='loyalty_goodwilllimit', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='voucherreservation',
            index=models.Index(condition=models.Q(('state', 'held')), fields=['voucher', 'expires_at'], name='reservations_that_count'),
        ),
        migrations.AddConstraint(
            model_name='voucherreservation',
            constraint=models.UniqueConstraint(fields=('ref',), name='reservation_ref_names_one_reservation'),
        ),
        migrations.AddConstraint(
            model_name='voucherreservation',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('reserved_at'))), name='a_reservation_lasts'),
        ),
        migrations.AddConstraint(
            model_name='voucherreservation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'held')), models.Q(models.Q(('state', 'held'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='a_reservation_ends_once'),
        ),
        migrations.AddConstraint(
            model_name='vouchertally',
            constraint=models.CheckConstraint(condition=models.Q(('uses__gte', 0)), name='a_series_is_used_never_or_more'),
        ),
        migrations.AddConstraint(
            model_name='vouchertally',
            constraint=models.CheckConstraint(condition=models.Q(('given_minor__gte', 0)), name='a_series_gave_nothing_or_more'),
        ),
        migrations.AddConstraint(
            model_name='voucherseries',
            constraint=models.UniqueConstraint(fields=('programme', 'code'), name='a_series_code_names_one_series'),
        ),
        migrations.AddConstraint(
            model_name='voucherseries',
            constraint=models.CheckConstraint(condition=models.Q(('revoked_at', None), models.Q(('revoked_because', ''), _negated=True), _connector='OR'), name='a_series_is_revoked_for_a_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucherseries',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "loyalty_voucherseriesevent" ("code", "definition", "id", "is_goodwill", "made_at", "made_by", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "revoked_at", "revoked_because", "revoked_by", "stamp") VALUES (OLD."code", OLD."definition", OLD."id", OLD."is_goodwill", OLD."made_at", OLD."made_by", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."programme_id", OLD."revoked_at", OLD."revoked_because", OLD."revoked_by", OLD."stamp"); RETURN NULL;', hash='2e6a1a7fb2f57276234cd878f1426b64d70ad331', operation='UPDATE', pgid='pgtrigger_changed_update_45863', table='loyalty_voucherseries', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucherseries',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_voucherseriesevent" ("code", "definition", "id", "is_goodwill", "made_at", "made_by", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "revoked_at", "revoked_because", "revoked_by", "stamp") VALUES (OLD."code", OLD."definition", OLD."id", OLD."is_goodwill", OLD."made_at", OLD."made_by", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."programme_id", OLD."revoked_at", OLD."revoked_because", OLD."revoked_by", OLD."stamp"); RETURN NULL;', hash='7c23e56d7641b4df768fb4347afb3a722ab1e6a5', operation='DELETE', pgid='pgtrigger_removed_delete_f65a3', table='loyalty_voucherseries', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='voucher',
            index=models.Index(fields=['series', 'id'], name='vouchers_of_a_series'),
        ),
        migrations.AddIndex(
            model_name='voucher',
            index=models.Index(condition=models.Q(('member__isnull', False), ('revoked_at', None), models.Q(('max_uses', None), ('uses__lt', models.F('max_uses')), _connector='OR')), fields=['member', 'id'], name='vouchers_to_use'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.UniqueConstraint(fields=('code',), name='a_code_names_one_voucher'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.UniqueConstraint(condition=models.Q(('member__isnull', False)), fields=('member', 'series', 'cause'), name='a_voucher_is_issued_once'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('uses__gte', 0)), name='a_voucher_is_used_never_or_more'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('max_uses', None), ('uses__lte', models.F('max_uses')), _connector='OR'), name='a_voucher_is_never_overused'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('left_minor', None), ('left_minor__gte', 0), _connector='OR'), name='a_gift_card_is_never_overdrawn'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gt', models.F('valid_from')), _connector='OR'), name='a_voucher_lasts'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('revoked_at', None), models.Q(('revoked_because', ''), _negated=True), _connector='OR'), name='a_voucher_is_revoked_for_a_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucher',
            trigger=pgtrigger.compiler.Trigger(name='vouchers_are_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='3785b5e459f32a257a790570875d508d7baea5f9', operation='DELETE', pgid='pgtrigger_vouchers_are_never_deleted_9e4a1', table='loyalty_voucher', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucher',
            trigger=pgtrigger.compiler.Trigger(name='vouchers_keep_their_code', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."cause" IS DISTINCT FROM (NEW."cause") OR OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."issued_at" IS DISTINCT FROM (NEW."issued_at") OR OLD."issued_by" IS DISTINCT FROM (NEW."issued_by") OR OLD."series_id" IS DISTINCT FROM (NEW."series_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='324c62592964132845c6ef8cdad5923d0fc3118e', operation='UPDATE', pgid='pgtrigger_vouchers_keep_their_code_3a72b', table='loyalty_voucher', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='codebatch',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['id'], name='code_batches_to_work_on'),
        ),
        migrations.AddConstraint(
            model_name='codebatch',
            constraint=models.CheckConstraint(condition=models.Q(('made__lte', models.F('wanted')), ('wanted__gt', 0)), name='a_code_batch_makes_what_is_wanted'),
        ),
        migrations.AddIndex(
            model_name='voucheruse',
            index=models.Index(fields=['voucher', 'id'], name='uses_of_a_voucher'),
        ),
        migrations.AddIndex(
            model_name='voucheruse',
            index=models.Index(fields=['order_ref'], name='voucher_uses_of_an_order'),
        ),
        migrations.AddIndex(
            model_name='voucheruse',
            index=models.Index(condition=models.Q(('member__isnull', False)), fields=['member', 'series'], name='voucher_uses_of_a_member'),
        ),
        migrations.AddConstraint(
            model_name='voucheruse',
            constraint=models.UniqueConstraint(fields=('voucher', 'cause'), name='a_voucher_use_counts_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucheruse',
            trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='ab638f2210869360214b0acd56ab1fdfbbdfb2eb', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_d2ea8', table='loyalty_voucheruse', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucheruse',
            trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='d6e925ecbacf771b0d96a010c05b7ab4c44bb113', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_fa5e7', table='loyalty_voucheruse', when='BEFORE')),
        ),
        migrations.RunSQL(STAMP, "DROP TRIGGER series_move_their_stamp ON loyalty_voucherseries"),
        migrations.RunSQL(
            (SQL / "vouchers.sql").read_text(), "; ".join(f"DROP FUNCTION IF EXISTS {function}" for function in MADE)
        ),
    ]
