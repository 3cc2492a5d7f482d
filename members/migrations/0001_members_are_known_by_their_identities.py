import config.ground.migrating
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.operations
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('pghistory', '0007_auto_20250421_0444'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        django.contrib.postgres.operations.TrigramExtension(
        ),
        config.ground.migrating.MakeTables(
            operations=[
                migrations.CreateModel(
                    name='Member',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('ref', models.CharField(max_length=30)),
                        ('given_name', models.CharField(blank=True, max_length=100)),
                        ('family_name', models.CharField(blank=True, max_length=100)),
                        ('display_name', models.CharField(blank=True, help_text='How to call them, where it differs from the name.', max_length=200)),
                        ('language', models.CharField(blank=True, help_text='For example en, zh-Hant, fa.', max_length=16)),
                        ('birth_date', models.DateField(blank=True, null=True)),
                        ('birth_month', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('birth_day', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('state', models.CharField(choices=[('active', 'Active'), ('merged', 'Merged'), ('erased', 'Erased')], default='active', max_length=8)),
                        ('enrolled_at', models.DateTimeField()),
                        ('enrolled_via', models.CharField(choices=[('till', 'Till'), ('web', 'Web'), ('app', 'App'), ('import', 'Import'), ('admin', 'Admin'), ('friend', 'Friend')], max_length=8)),
                        ('enrolled_at_place', models.CharField(blank=True, help_text='Code of the store or web shop.', max_length=64)),
                        ('card_secret', models.BinaryField(max_length=32)),
                        ('recorded_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['ref'], name='member_by_ref'), models.Index(fields=['birth_month', 'birth_day'], name='member_by_birthday'), models.Index(fields=['enrolled_at', 'id'], name='member_by_arrival'), django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('given_name'), name='gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('family_name'), name='gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('display_name'), name='gin_trgm_ops'), name='member_by_piece_of_name')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['active', 'merged', 'erased'])), name='a_member_is_active_merged_or_erased'), models.CheckConstraint(condition=models.Q(('enrolled_via__in', ['till', 'web', 'app', 'import', 'admin', 'friend'])), name='a_member_came_by_a_known_way'), models.CheckConstraint(condition=models.Q(models.Q(('birth_day__isnull', True), ('birth_month__isnull', True)), models.Q(('birth_day__range', (1, 31)), ('birth_month__range', (1, 12))), _connector='OR'), name='a_birthday_is_a_month_and_a_day'), models.CheckConstraint(condition=models.Q(('birth_date__isnull', True), models.Q(('birth_date__day', models.F('birth_day')), ('birth_date__month', models.F('birth_month'))), _connector='OR'), name='a_birth_date_falls_on_the_birthday')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='member',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."birth_date" IS DISTINCT FROM (NEW."birth_date") OR OLD."birth_day" IS DISTINCT FROM (NEW."birth_day") OR OLD."birth_month" IS DISTINCT FROM (NEW."birth_month") OR OLD."display_name" IS DISTINCT FROM (NEW."display_name") OR OLD."enrolled_at" IS DISTINCT FROM (NEW."enrolled_at") OR OLD."enrolled_at_place" IS DISTINCT FROM (NEW."enrolled_at_place") OR OLD."enrolled_via" IS DISTINCT FROM (NEW."enrolled_via") OR OLD."family_name" IS DISTINCT FROM (NEW."family_name") OR OLD."given_name" IS DISTINCT FROM (NEW."given_name") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."recorded_at" IS DISTINCT FROM (NEW."recorded_at") OR OLD."ref" IS DISTINCT FROM (NEW."ref") OR OLD."state" IS DISTINCT FROM (NEW."state"))', func='INSERT INTO "members_memberevent" ("birth_date", "birth_day", "birth_month", "display_name", "enrolled_at", "enrolled_at_place", "enrolled_via", "family_name", "given_name", "id", "language", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_at", "ref", "state") VALUES (OLD."birth_date", OLD."birth_day", OLD."birth_month", OLD."display_name", OLD."enrolled_at", OLD."enrolled_at_place", OLD."enrolled_via", OLD."family_name", OLD."given_name", OLD."id", OLD."language", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."recorded_at", OLD."ref", OLD."state"); RETURN NULL;', hash='9aa6c20e2de0ab1dea3098ff7b34698cb4a59ae8', operation='UPDATE', pgid='pgtrigger_changed_update_23a12', table='members_member', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='member',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "members_memberevent" ("birth_date", "birth_day", "birth_month", "display_name", "enrolled_at", "enrolled_at_place", "enrolled_via", "family_name", "given_name", "id", "language", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_at", "ref", "state") VALUES (OLD."birth_date", OLD."birth_day", OLD."birth_month", OLD."display_name", OLD."enrolled_at", OLD."enrolled_at_place", OLD."enrolled_via", OLD."family_name", OLD."given_name", OLD."id", OLD."language", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."recorded_at", OLD."ref", OLD."state"); RETURN NULL;', hash='21999b2c50eeca5e21df91540844a3c18b263a70', operation='DELETE', pgid='pgtrigger_removed_delete_ad5ab', table='members_member', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='MemberEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='members.member')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('ref', models.CharField(max_length=30)),
                        ('given_name', models.CharField(blank=True, max_length=100)),
                        ('family_name', models.CharField(blank=True, max_length=100)),
                        ('display_name', models.CharField(blank=True, help_text='How to call them, where it differs from the name.', max_length=200)),
                        ('language', models.CharField(blank=True, help_text='For example en, zh-Hant, fa.', max_length=16)),
                        ('birth_date', models.DateField(blank=True, null=True)),
                        ('birth_month', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('birth_day', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('state', models.CharField(choices=[('active', 'Active'), ('merged', 'Merged'), ('erased', 'Erased')], default='active', max_length=8)),
                        ('enrolled_at', models.DateTimeField()),
                        ('enrolled_via', models.CharField(choices=[('till', 'Till'), ('web', 'Web'), ('app', 'App'), ('import', 'Import'), ('admin', 'Admin'), ('friend', 'Friend')], max_length=8)),
                        ('enrolled_at_place', models.CharField(blank=True, help_text='Code of the store or web shop.', max_length=64)),
                        ('recorded_at', models.DateTimeField()),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Colleague',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('staff', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='own_member', to=settings.AUTH_USER_MODEL)),
                        ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('staff',), name='a_colleague_is_one_member')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='colleague',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "members_colleagueevent" ("id", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "staff_id") VALUES (OLD."id", OLD."member_id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."staff_id"); RETURN NULL;', hash='b8043c0f440e704b04567c305f261848819e4d43', operation='UPDATE', pgid='pgtrigger_changed_update_891b0', table='members_colleague', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='colleague',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "members_colleagueevent" ("id", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "staff_id") VALUES (OLD."id", OLD."member_id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."staff_id"); RETURN NULL;', hash='eaaa4a983d69366bb4c03c685423466689012bbe', operation='DELETE', pgid='pgtrigger_removed_delete_99231', table='members_colleague', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='ColleagueEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='members.colleague')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('staff', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                        ('member', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='members.member')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Consent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='members.member')),
                        ('channel', models.CharField(choices=[('email', 'email'), ('sms', 'sms'), ('push', 'push'), ('chat', 'chat'), ('inbox', 'inbox'), ('mail', 'mail'), ('phone', 'phone')], max_length=8)),
                        ('purpose', models.CharField(choices=[('marketing', 'marketing'), ('points', 'points'), ('service', 'service'), ('surveys', 'surveys'), ('profiling', 'profiling')], max_length=16)),
                        ('is_given', models.BooleanField()),
                        ('changed_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('member', 'channel', 'purpose'), name='a_member_has_one_word_per_channel_and_purpose'), models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms', 'push', 'chat', 'inbox', 'mail', 'phone'])), name='consent_is_for_a_known_channel'), models.CheckConstraint(condition=models.Q(('purpose__in', ['marketing', 'points', 'service', 'surveys', 'profiling'])), name='consent_is_for_a_known_purpose')],
                    },
                ),
                migrations.CreateModel(
                    name='ConsentEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='consent_events', to='members.member')),
                        ('channel', models.CharField(choices=[('email', 'email'), ('sms', 'sms'), ('push', 'push'), ('chat', 'chat'), ('inbox', 'inbox'), ('mail', 'mail'), ('phone', 'phone')], max_length=8)),
                        ('purpose', models.CharField(choices=[('marketing', 'marketing'), ('points', 'points'), ('service', 'service'), ('surveys', 'surveys'), ('profiling', 'profiling')], max_length=16)),
                        ('is_given', models.BooleanField()),
                        ('source', models.CharField(help_text='How it was said: till, app, web, import, phone, letter, email, unsubscribe_link ...', max_length=32)),
                        ('place_code', models.CharField(blank=True, help_text='Store or web shop where it was said.', max_length=64)),
                        ('text_version', models.CharField(blank=True, help_text='Which wording the member saw.', max_length=64)),
                        ('actor', models.CharField(help_text='Who wrote it down, e.g. member:55, key:12, staff:3.', max_length=64)),
                        ('happened_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['member', 'id'], name='consent_event_by_member')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='consentevent',
                    trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='ebcbe51e1bfed8bdea3986b4c4885bb4d8881432', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_a911f', table='members_consentevent', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='consentevent',
                    trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='d57fa2593ace95bc31a5a23c579e318b56163ccc', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_54c60', table='members_consentevent', when='BEFORE')),
                ),
                migrations.CreateModel(
                    name='Identity',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('phone', 'phone'), ('email', 'email'), ('card', 'card'), ('external', 'external')], max_length=8)),
                        ('value', models.CharField(help_text='Normal form of its kind; an external id is source:id.', max_length=254)),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='identities', to='members.member')),
                        ('verified_at', models.DateTimeField(blank=True, help_text='When the member proved that it is theirs.', null=True)),
                        ('source', models.CharField(help_text='Who told us: till, web, app, import, admin, friend, house.', max_length=32)),
                        ('recorded_at', models.DateTimeField()),
                    ],
                    options={
                        'verbose_name_plural': 'identities',
                        'indexes': [models.Index(fields=['member', 'id'], name='identity_by_member'), models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Reverse('value'), name='text_pattern_ops'), condition=models.Q(('kind', 'phone')), name='identity_by_last_digits')],
                        'constraints': [models.UniqueConstraint(fields=('kind', 'value'), name='an_identity_belongs_to_one_member'), models.CheckConstraint(condition=models.Q(('kind__in', ['phone', 'email', 'card', 'external'])), name='an_identity_is_of_a_known_kind'), models.CheckConstraint(condition=models.Q(('value', ''), _negated=True), name='an_identity_is_never_empty')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='identity',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "members_identityevent" ("id", "kind", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_at", "source", "value", "verified_at") VALUES (OLD."id", OLD."kind", OLD."member_id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."recorded_at", OLD."source", OLD."value", OLD."verified_at"); RETURN NULL;', hash='68662319fb4896c33c4e5760a5d9f0aba508bf77', operation='UPDATE', pgid='pgtrigger_changed_update_c81f9', table='members_identity', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='identity',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "members_identityevent" ("id", "kind", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_at", "source", "value", "verified_at") VALUES (OLD."id", OLD."kind", OLD."member_id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."recorded_at", OLD."source", OLD."value", OLD."verified_at"); RETURN NULL;', hash='0ce99b10add2b26739b27ee20b1470f36d21f732', operation='DELETE', pgid='pgtrigger_removed_delete_805dd', table='members_identity', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='IdentityEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='members.identity')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('kind', models.CharField(choices=[('phone', 'phone'), ('email', 'email'), ('card', 'card'), ('external', 'external')], max_length=8)),
                        ('value', models.CharField(help_text='Normal form of its kind; an external id is source:id.', max_length=254)),
                        ('member', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='members.member')),
                        ('verified_at', models.DateTimeField(blank=True, help_text='When the member proved that it is theirs.', null=True)),
                        ('source', models.CharField(help_text='Who told us: till, web, app, import, admin, friend, house.', max_length=32)),
                        ('recorded_at', models.DateTimeField()),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Preference',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='preference', to='members.member')),
                        ('interests', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, help_text='Category codes or words.', size=None)),
                        ('preferred_channel', models.CharField(blank=True, choices=[('email', 'email'), ('sms', 'sms'), ('push', 'push'), ('chat', 'chat'), ('inbox', 'inbox'), ('mail', 'mail'), ('phone', 'phone')], max_length=8)),
                        ('frequency', models.CharField(choices=[('any', 'Any'), ('weekly', 'Weekly'), ('monthly', 'Monthly'), ('never', 'Never')], default='any', max_length=8)),
                        ('quiet_from', models.TimeField(blank=True, null=True)),
                        ('quiet_until', models.TimeField(blank=True, null=True)),
                        ('timezone', models.CharField(blank=True, max_length=64)),
                        ('packaging', models.CharField(blank=True, help_text='For example: no bag, gift wrap.', max_length=200)),
                        ('invoice', models.CharField(blank=True, help_text='For example: paper, e-mail, to the company.', max_length=200)),
                        ('changed_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('frequency__in', ['any', 'weekly', 'monthly', 'never'])), name='a_frequency_is_a_known_one'), models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False)), _connector='OR'), name='quiet_hours_begin_and_end')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='preference',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "members_preferenceevent" ("changed_at", "frequency", "id", "interests", "invoice", "member_id", "packaging", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "preferred_channel", "quiet_from", "quiet_until", "timezone") VALUES (OLD."changed_at", OLD."frequency", OLD."id", OLD."interests", OLD."invoice", OLD."member_id", OLD."packaging", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."preferred_channel", OLD."quiet_from", OLD."quiet_until", OLD."timezone"); RETURN NULL;', hash='2fd49daac0d6ef728517684695a9e6b9f7c73cd2', operation='UPDATE', pgid='pgtrigger_changed_update_8d118', table='members_preference', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='preference',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "members_preferenceevent" ("changed_at", "frequency", "id", "interests", "invoice", "member_id", "packaging", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "preferred_channel", "quiet_from", "quiet_until", "timezone") VALUES (OLD."changed_at", OLD."frequency", OLD."id", OLD."interests", OLD."invoice", OLD."member_id", OLD."packaging", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."preferred_channel", OLD."quiet_from", OLD."quiet_until", OLD."timezone"); RETURN NULL;', hash='4f2ea19d0eaeb994d717897fce4404df8b4dbb54', operation='DELETE', pgid='pgtrigger_removed_delete_0ed69', table='members_preference', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='PreferenceEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='members.preference')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('member', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='members.member')),
                        ('interests', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, help_text='Category codes or words.', size=None)),
                        ('preferred_channel', models.CharField(blank=True, choices=[('email', 'email'), ('sms', 'sms'), ('push', 'push'), ('chat', 'chat'), ('inbox', 'inbox'), ('mail', 'mail'), ('phone', 'phone')], max_length=8)),
                        ('frequency', models.CharField(choices=[('any', 'Any'), ('weekly', 'Weekly'), ('monthly', 'Monthly'), ('never', 'Never')], default='any', max_length=8)),
                        ('quiet_from', models.TimeField(blank=True, null=True)),
                        ('quiet_until', models.TimeField(blank=True, null=True)),
                        ('timezone', models.CharField(blank=True, max_length=64)),
                        ('packaging', models.CharField(blank=True, help_text='For example: no bag, gift wrap.', max_length=200)),
                        ('invoice', models.CharField(blank=True, help_text='For example: paper, e-mail, to the company.', max_length=200)),
                        ('changed_at', models.DateTimeField()),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='SignInCode',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('purpose', models.CharField(choices=[('sign_in', 'Sign In'), ('presence', 'Presence')], db_default='sign_in', default='sign_in', max_length=8)),
                        ('identity_kind', models.CharField(max_length=8)),
                        ('identity_value', models.CharField(max_length=254)),
                        ('member', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.member')),
                        ('requested_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField()),
                        ('code_hash', models.BinaryField(max_length=32, null=True)),
                        ('tries', models.PositiveSmallIntegerField(default=0)),
                        ('used_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['identity_kind', 'identity_value', '-id'], name='code_by_identity'), models.Index(fields=['expires_at'], name='code_by_expiry')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('tries__lte', 5)), name='a_code_is_tried_five_times_at_most')],
                    },
                ),
                migrations.CreateModel(
                    name='SignIn',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sign_ins', to='members.member')),
                        ('device', models.CharField(blank=True, help_text='What the app says about itself.', max_length=200)),
                        ('signed_in_at', models.DateTimeField()),
                        ('refreshed_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField()),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('ended_because', models.CharField(blank=True, help_text='logout, reuse, erased.', max_length=16)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['member', 'id'], name='sign_in_by_member'), models.Index(fields=['expires_at'], name='sign_in_by_expiry')],
                    },
                ),
                migrations.CreateModel(
                    name='AccessToken',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('token_hash', models.BinaryField(max_length=32)),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.member')),
                        ('sign_in', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_tokens', to='members.signin')),
                        ('expires_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['token_hash'], name='access_token_by_hash'), models.Index(fields=['expires_at'], name='access_token_by_expiry')],
                    },
                ),
                migrations.CreateModel(
                    name='RefreshToken',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('token_hash', models.BinaryField(max_length=32)),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.member')),
                        ('sign_in', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refresh_tokens', to='members.signin')),
                        ('made_at', models.DateTimeField()),
                        ('used_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['token_hash'], name='refresh_token_by_hash')],
                    },
                ),
                migrations.CreateModel(
                    name='Presence',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.member')),
                        ('caller', models.CharField(max_length=60)),
                        ('proven_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['expires_at'], name='presence_by_expiry')],
                        'constraints': [models.UniqueConstraint(fields=('member', 'caller'), name='a_member_is_present_once_at_a_till')],
                    },
                ),
            ],
        ),
    ]
