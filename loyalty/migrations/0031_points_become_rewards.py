from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
MADE = ["loyalty_redeem", "loyalty_cancel_redemption", "loyalty_give_back", "loyalty_lock_reward"]


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0030_vouchers_are_found_by_index'),
        ('members', '0002_codes_prove_presence_too'),
        ('omnichannel', '0010_what_people_do_is_told_once'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reward',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=60)),
                ('title', models.CharField(help_text='As members and cashiers read it.', max_length=120)),
                ('description', models.TextField(blank=True, db_default='', default='')),
                ('picture_url', models.URLField(blank=True, db_default='', default='', help_text='Where apps find the picture (https).', max_length=500)),
                ('kind', models.CharField(choices=[('voucher', 'a voucher'), ('gift', 'a gift'), ('experience', 'an experience')], max_length=12)),
                ('points', models.PositiveBigIntegerField(help_text='What it costs.')),
                ('cash_minor', models.PositiveBigIntegerField(db_default=0, default=0, help_text='Paid beside the points, at a till or in the web shop.')),
                ('label', models.CharField(blank=True, db_default='', default='', help_text='For members of this segment alone. Empty: for all.', max_length=60)),
                ('most_per_member', models.PositiveIntegerField(blank=True, help_text='So often for one member in all. Empty: no limit.', null=True)),
                ('most_per_period', models.PositiveIntegerField(blank=True, help_text='So often for one member in a period. Empty: no limit.', null=True)),
                ('period', models.CharField(blank=True, choices=[('day', 'a day'), ('week', 'a week'), ('month', 'a month'), ('year', 'a year')], db_default='', default='', max_length=5, verbose_name='within')),
                ('starts_at', models.DateTimeField(blank=True, help_text='Empty: at once.', null=True)),
                ('ends_at', models.DateTimeField(blank=True, help_text='Empty: until somebody ends it.', null=True)),
                ('happens_at', models.DateTimeField(blank=True, help_text='When the experience begins.', null=True)),
                ('cancel_hours', models.PositiveIntegerField(db_default=24, default=24, help_text='Members may give it back for so many hours, an experience up to so many hours before it begins. 0: never; colleagues still can.')),
                ('is_shown', models.BooleanField(db_default=True, default=True, help_text='In the catalogue. What is hidden is redeemed by who is told its code.', verbose_name='shown')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                ('series', models.ForeignKey(blank=True, help_text='Of which the member gets a voucher.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.voucherseries')),
                ('tier', models.ForeignKey(blank=True, help_text='For members on this tier or above. Empty: for all.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.tier')),
            ],
        ),
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('ref', models.CharField(max_length=30)),
                ('state', models.CharField(choices=[('issued', 'voucher issued'), ('ordered', 'ordered'), ('packed', 'packed'), ('ready', 'sent, or ready at the store'), ('handed_over', 'handed over'), ('booked', 'seat booked'), ('attended', 'attended'), ('cancelled', 'cancelled')], max_length=12)),
                ('points', models.PositiveBigIntegerField()),
                ('cash_minor', models.PositiveBigIntegerField(db_default=0, default=0)),
                ('cash_receipt', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('number', models.CharField(blank=True, db_default='', default='', help_text='What the till or shop calls it.', max_length=64)),
                ('actor', models.CharField(max_length=60)),
                ('redeemed_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('cash_place', models.ForeignKey(blank=True, db_index=False, help_text='Where the money part was paid.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('place', models.ForeignKey(blank=True, db_index=False, help_text='Where the member fetches it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                ('told_at', models.ForeignKey(blank=True, db_index=False, help_text='Where `number` counts.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                ('voucher', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.voucher')),
                ('wallet', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.wallet')),
                ('reward', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.reward')),
            ],
        ),
        migrations.CreateModel(
            name='RewardEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('code', models.SlugField(db_index=False, max_length=60)),
                ('title', models.CharField(help_text='As members and cashiers read it.', max_length=120)),
                ('description', models.TextField(blank=True, db_default='', default='')),
                ('picture_url', models.URLField(blank=True, db_default='', default='', help_text='Where apps find the picture (https).', max_length=500)),
                ('kind', models.CharField(choices=[('voucher', 'a voucher'), ('gift', 'a gift'), ('experience', 'an experience')], max_length=12)),
                ('points', models.PositiveBigIntegerField(help_text='What it costs.')),
                ('cash_minor', models.PositiveBigIntegerField(db_default=0, default=0, help_text='Paid beside the points, at a till or in the web shop.')),
                ('label', models.CharField(blank=True, db_default='', default='', help_text='For members of this segment alone. Empty: for all.', max_length=60)),
                ('most_per_member', models.PositiveIntegerField(blank=True, help_text='So often for one member in all. Empty: no limit.', null=True)),
                ('most_per_period', models.PositiveIntegerField(blank=True, help_text='So often for one member in a period. Empty: no limit.', null=True)),
                ('period', models.CharField(blank=True, choices=[('day', 'a day'), ('week', 'a week'), ('month', 'a month'), ('year', 'a year')], db_default='', default='', max_length=5, verbose_name='within')),
                ('starts_at', models.DateTimeField(blank=True, help_text='Empty: at once.', null=True)),
                ('ends_at', models.DateTimeField(blank=True, help_text='Empty: until somebody ends it.', null=True)),
                ('happens_at', models.DateTimeField(blank=True, help_text='When the experience begins.', null=True)),
                ('cancel_hours', models.PositiveIntegerField(db_default=24, default=24, help_text='Members may give it back for so many hours, an experience up to so many hours before it begins. 0: never; colleagues still can.')),
                ('is_shown', models.BooleanField(db_default=True, default=True, help_text='In the catalogue. What is hidden is redeemed by who is told its code.', verbose_name='shown')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='loyalty.reward')),
                ('programme', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.programme')),
                ('series', models.ForeignKey(blank=True, db_constraint=False, help_text='Of which the member gets a voucher.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='loyalty.voucherseries')),
                ('tier', models.ForeignKey(blank=True, db_constraint=False, help_text='For members on this tier or above. Empty: for all.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='loyalty.tier')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RewardStock',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('stock', models.PositiveIntegerField(blank=True, help_text='Pieces or seats, those taken among them. Empty: no limit.', null=True)),
                ('taken', models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ('place', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                ('reward', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stocks', to='loyalty.reward')),
            ],
            options={
                'verbose_name': 'stock',
                'verbose_name_plural': 'stock',
            },
        ),
        migrations.CreateModel(
            name='RewardStockEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('stock', models.PositiveIntegerField(blank=True, help_text='Pieces or seats, those taken among them. Empty: no limit.', null=True)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='loyalty.rewardstock')),
                ('place', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.place')),
                ('reward', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='loyalty.reward')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RewardWords',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('language', models.CharField(help_text='For example fr, zh-Hant.', max_length=16)),
                ('title', models.CharField(max_length=120)),
                ('description', models.TextField(blank=True, db_default='', default='')),
                ('reward', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='words', to='loyalty.reward')),
            ],
            options={
                'verbose_name': 'translation',
            },
        ),
        migrations.CreateModel(
            name='RewardWordsEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('language', models.CharField(help_text='For example fr, zh-Hant.', max_length=16)),
                ('title', models.CharField(max_length=120)),
                ('description', models.TextField(blank=True, db_default='', default='')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='loyalty.rewardwords')),
                ('reward', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='loyalty.reward')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RedemptionStep',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('issued', 'voucher issued'), ('ordered', 'ordered'), ('packed', 'packed'), ('ready', 'sent, or ready at the store'), ('handed_over', 'handed over'), ('booked', 'seat booked'), ('attended', 'attended'), ('cancelled', 'cancelled')], max_length=12)),
                ('actor', models.CharField(max_length=60)),
                ('note', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('happened_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('redemption', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='loyalty.redemption')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('redemption', 'state', 'member'), name='a_redemption_comes_to_a_state_once')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemptionstep',
            trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='c49d3d8a4dcfe8c99ffdcd5f567fe140222b7d93', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_db553', table='loyalty_redemptionstep', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemptionstep',
            trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='b4abf3d4f167868ada31012f2b837106a03954dd', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_034ac', table='loyalty_redemptionstep', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.UniqueConstraint(fields=('programme', 'code'), name='a_reward_code_names_one_reward'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('points__gt', 0)), name='a_reward_costs_points'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'voucher'), ('series__isnull', False)), models.Q(models.Q(('kind', 'voucher'), _negated=True), ('series', None)), _connector='OR'), name='a_voucher_is_of_a_series'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'voucher'), _negated=True), ('cash_minor', 0), _connector='OR'), name='a_voucher_costs_points_alone'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('happens_at__isnull', False), ('kind', 'experience')), models.Q(models.Q(('kind', 'experience'), _negated=True), ('happens_at', None)), _connector='OR'), name='an_experience_happens_on_a_day'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('most_per_period', None), ('period', '')), models.Q(('most_per_period__isnull', False), models.Q(('period', ''), _negated=True)), _connector='OR'), name='a_limit_of_a_period_names_it'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at', None), ('starts_at', None), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='a_reward_ends_after_it_starts'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reward',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "loyalty_rewardevent" ("cancel_hours", "cash_minor", "code", "description", "ends_at", "happens_at", "id", "is_shown", "kind", "label", "most_per_member", "most_per_period", "period", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "picture_url", "points", "programme_id", "series_id", "starts_at", "tier_id", "title") VALUES (OLD."cancel_hours", OLD."cash_minor", OLD."code", OLD."description", OLD."ends_at", OLD."happens_at", OLD."id", OLD."is_shown", OLD."kind", OLD."label", OLD."most_per_member", OLD."most_per_period", OLD."period", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."picture_url", OLD."points", OLD."programme_id", OLD."series_id", OLD."starts_at", OLD."tier_id", OLD."title"); RETURN NULL;', hash='8071d8621bc12ebdd0dfeea8c6ab45bf43f0b314', operation='UPDATE', pgid='pgtrigger_changed_update_a61ed', table='loyalty_reward', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reward',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_rewardevent" ("cancel_hours", "cash_minor", "code", "description", "ends_at", "happens_at", "id", "is_shown", "kind", "label", "most_per_member", "most_per_period", "period", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "picture_url", "points", "programme_id", "series_id", "starts_at", "tier_id", "title") VALUES (OLD."cancel_hours", OLD."cash_minor", OLD."code", OLD."description", OLD."ends_at", OLD."happens_at", OLD."id", OLD."is_shown", OLD."kind", OLD."label", OLD."most_per_member", OLD."most_per_period", OLD."period", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."picture_url", OLD."points", OLD."programme_id", OLD."series_id", OLD."starts_at", OLD."tier_id", OLD."title"); RETURN NULL;', hash='34df60724375c92d64d02352208c01d242b93e14', operation='DELETE', pgid='pgtrigger_removed_delete_32711', table='loyalty_reward', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(fields=['member', 'reward', 'id'], name='redemptions_of_a_member'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(fields=['reward', 'id'], name='redemptions_of_a_reward'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(condition=models.Q(('state__in', ['ordered', 'packed', 'ready', 'booked'])), fields=['place', 'id'], name='redemptions_to_work_on'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(fields=('ref', 'member'), name='redemption_ref_names_one_redemption'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('member', 'told_at', 'number'), name='a_redemption_number_counts_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('points__gt', 0)), name='a_redemption_costs_points'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('cash_receipt', ''), ('cash_minor__gt', 0), _connector='OR'), name='no_money_is_paid_where_none_is_due'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['handed_over', 'attended']), _negated=True), ('cash_minor', 0), models.Q(('cash_receipt', ''), _negated=True), _connector='OR'), name='nothing_is_handed_over_unpaid'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemption',
            trigger=pgtrigger.compiler.Trigger(name='redemptions_are_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='612244e84b04cd96355e81d7f8c3c05af5ab5038', operation='DELETE', pgid='pgtrigger_redemptions_are_never_deleted_67791', table='loyalty_redemption', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemption',
            trigger=pgtrigger.compiler.Trigger(name='redemptions_are_never_rewritten', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."actor" IS DISTINCT FROM (NEW."actor") OR OLD."cash_minor" IS DISTINCT FROM (NEW."cash_minor") OR OLD."member_id" IS DISTINCT FROM (NEW."member_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."place_id" IS DISTINCT FROM (NEW."place_id") OR OLD."points" IS DISTINCT FROM (NEW."points") OR OLD."redeemed_at" IS DISTINCT FROM (NEW."redeemed_at") OR OLD."ref" IS DISTINCT FROM (NEW."ref") OR OLD."reward_id" IS DISTINCT FROM (NEW."reward_id") OR OLD."told_at_id" IS DISTINCT FROM (NEW."told_at_id") OR OLD."wallet_id" IS DISTINCT FROM (NEW."wallet_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='1540b52cdfdde2ea5691b31891cfcf1eb4e00b4d', operation='UPDATE', pgid='pgtrigger_redemptions_are_never_rewritten_7f25f', table='loyalty_redemption', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemption',
            trigger=pgtrigger.compiler.Trigger(name='redemptions_end_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IN (\'handed_over\', \'attended\', \'cancelled\'))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='690bc336805b6a9f8c92f2cf04f749abccac6ea6', operation='UPDATE', pgid='pgtrigger_redemptions_end_once_37ded', table='loyalty_redemption', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='rewardstock',
            constraint=models.UniqueConstraint(fields=('reward', 'place'), name='a_reward_has_one_stock_at_a_place', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='rewardstock',
            constraint=models.CheckConstraint(condition=models.Q(('stock', None), ('taken__lte', models.F('stock')), _connector='OR'), name='a_reward_never_oversells'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rewardstock',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."place_id" IS DISTINCT FROM (NEW."place_id") OR OLD."reward_id" IS DISTINCT FROM (NEW."reward_id") OR OLD."stock" IS DISTINCT FROM (NEW."stock"))', func='INSERT INTO "loyalty_rewardstockevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "reward_id", "stock") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."place_id", OLD."reward_id", OLD."stock"); RETURN NULL;', hash='1f6794fccdef83220ee8d5b06acc5ecd4368f1a9', operation='UPDATE', pgid='pgtrigger_changed_update_473d4', table='loyalty_rewardstock', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rewardstock',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_rewardstockevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "reward_id", "stock") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."place_id", OLD."reward_id", OLD."stock"); RETURN NULL;', hash='d5ee0a27a74c327818e082cf50949ad9302951ce', operation='DELETE', pgid='pgtrigger_removed_delete_b2758', table='loyalty_rewardstock', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='rewardwords',
            constraint=models.UniqueConstraint(fields=('reward', 'language'), name='a_reward_is_told_once_in_a_language'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rewardwords',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "loyalty_rewardwordsevent" ("description", "id", "language", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reward_id", "title") VALUES (OLD."description", OLD."id", OLD."language", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."reward_id", OLD."title"); RETURN NULL;', hash='520bb5ecdf48597ba52f126643a2481333330880', operation='UPDATE', pgid='pgtrigger_changed_update_7d9bf', table='loyalty_rewardwords', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rewardwords',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_rewardwordsevent" ("description", "id", "language", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reward_id", "title") VALUES (OLD."description", OLD."id", OLD."language", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."reward_id", OLD."title"); RETURN NULL;', hash='427fd09ab879f7655179182396b08f0ebef9f2ea', operation='DELETE', pgid='pgtrigger_removed_delete_4fce4', table='loyalty_rewardwords', when='AFTER')),
        ),
        migrations.RunSQL(
            (SQL / "rewards.sql").read_text(), "; ".join(f"DROP FUNCTION IF EXISTS {function}" for function in MADE)
        ),
    ]
