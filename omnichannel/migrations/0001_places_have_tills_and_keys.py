import config.ground.migrating
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import omnichannel.models.messages
import omnichannel.models.places
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('members', '0001_members_are_known_by_their_identities'),
        ('pghistory', '0007_auto_20250421_0444'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        config.ground.migrating.MakeTables(
            operations=[
                migrations.CreateModel(
                    name='Programme',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.SlugField(max_length=40, unique=True)),
                        ('name', models.CharField(max_length=120)),
                        ('timezone', models.CharField(default='UTC', help_text='An IANA name such as Asia/Taipei.', max_length=64)),
                        ('currency', models.CharField(help_text='ISO 4217, such as USD.', max_length=3)),
                        ('region', models.CharField(help_text='ISO 3166, such as US: how phone numbers without a country code are read.', max_length=2)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='a_currency_is_three_capital_letters'), models.CheckConstraint(condition=models.Q(('region__regex', '^[A-Z]{2}$')), name='a_region_is_two_capital_letters')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='programme',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "omnichannel_programmeevent" ("code", "currency", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region", "timezone") VALUES (OLD."code", OLD."currency", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."region", OLD."timezone"); RETURN NULL;', hash='c1da8c9d7696efd653f784a78268f15ccd114072', operation='UPDATE', pgid='pgtrigger_changed_update_f0ac4', table='omnichannel_programme', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='programme',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "omnichannel_programmeevent" ("code", "currency", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region", "timezone") VALUES (OLD."code", OLD."currency", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."region", OLD."timezone"); RETURN NULL;', hash='77cbc25d51abd3454d576cda53fa117f48a5291e', operation='DELETE', pgid='pgtrigger_removed_delete_154af', table='omnichannel_programme', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='EventType',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                        ('code', models.SlugField(help_text='As shops and apps tell it; never changed.', max_length=40)),
                        ('title', models.CharField(max_length=120)),
                        ('is_act', models.BooleanField(db_default=True, default=True, help_text='An act is told to rules and challenges. Leave it off for what comes by the thousands.', verbose_name='May earn points')),
                        ('is_told_by_members', models.BooleanField(db_default=False, default=False, help_text="The member's own app, of who is signed in. Off: only your shops and services.", verbose_name='Apps may tell it')),
                        ('is_retired', models.BooleanField(db_default=False, default=False, help_text='It is told no more.', verbose_name='Retired')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('programme', 'code'), name='an_event_type_is_declared_once')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='eventtype',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "omnichannel_eventtypeevent" ("code", "id", "is_act", "is_retired", "is_told_by_members", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "title") VALUES (OLD."code", OLD."id", OLD."is_act", OLD."is_retired", OLD."is_told_by_members", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."programme_id", OLD."title"); RETURN NULL;', hash='a94f4b57871836d1713937bfe191fc50c622a668', operation='UPDATE', pgid='pgtrigger_changed_update_91019', table='omnichannel_eventtype', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='eventtype',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "omnichannel_eventtypeevent" ("code", "id", "is_act", "is_retired", "is_told_by_members", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "title") VALUES (OLD."code", OLD."id", OLD."is_act", OLD."is_retired", OLD."is_told_by_members", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."programme_id", OLD."title"); RETURN NULL;', hash='509c7ffe5eb612d55063cfd6a5dba2c555f65518', operation='DELETE', pgid='pgtrigger_removed_delete_8608c', table='omnichannel_eventtype', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='EventTypeEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='omnichannel.eventtype')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('programme', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.programme')),
                        ('code', models.SlugField(db_index=False, help_text='As shops and apps tell it; never changed.', max_length=40)),
                        ('title', models.CharField(max_length=120)),
                        ('is_act', models.BooleanField(db_default=True, default=True, help_text='An act is told to rules and challenges. Leave it off for what comes by the thousands.', verbose_name='May earn points')),
                        ('is_told_by_members', models.BooleanField(db_default=False, default=False, help_text="The member's own app, of who is signed in. Off: only your shops and services.", verbose_name='Apps may tell it')),
                        ('is_retired', models.BooleanField(db_default=False, default=False, help_text='It is told no more.', verbose_name='Retired')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='EventProperty',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('event_type', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='properties', to='omnichannel.eventtype')),
                        ('name', models.CharField(max_length=40)),
                        ('kind', models.CharField(choices=[('text', 'text'), ('number', 'number'), ('yes_no', 'yes or no'), ('moment', 'moment')], default='text', max_length=8)),
                        ('is_required', models.BooleanField(db_default=False, default=False, verbose_name='Must be told')),
                        ('allowed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, help_text='Texts or numbers, with commas between them. Empty: any.', size=None, verbose_name='Only these')),
                    ],
                    options={
                        'verbose_name_plural': 'event properties',
                        'constraints': [models.UniqueConstraint(fields=('event_type', 'name'), name='a_property_is_declared_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['text', 'number', 'yes_no', 'moment'])), name='a_property_is_of_a_known_kind'), models.CheckConstraint(condition=models.Q(('name__regex', '^[a-z][a-z0-9_]*$')), name='a_property_is_named_in_small_letters')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='eventproperty',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "omnichannel_eventpropertyevent" ("allowed", "event_type_id", "id", "is_required", "kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."allowed", OLD."event_type_id", OLD."id", OLD."is_required", OLD."kind", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id"); RETURN NULL;', hash='f547f1627b58050525d855d272af26a187c956c8', operation='UPDATE', pgid='pgtrigger_changed_update_c1d5a', table='omnichannel_eventproperty', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='eventproperty',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "omnichannel_eventpropertyevent" ("allowed", "event_type_id", "id", "is_required", "kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."allowed", OLD."event_type_id", OLD."id", OLD."is_required", OLD."kind", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id"); RETURN NULL;', hash='52cee76034d3705679f55aed4a34a0458c9444d3', operation='DELETE', pgid='pgtrigger_removed_delete_90936', table='omnichannel_eventproperty', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='EventPropertyEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='omnichannel.eventproperty')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('event_type', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.eventtype')),
                        ('name', models.CharField(max_length=40)),
                        ('kind', models.CharField(choices=[('text', 'text'), ('number', 'number'), ('yes_no', 'yes or no'), ('moment', 'moment')], default='text', max_length=8)),
                        ('is_required', models.BooleanField(db_default=False, default=False, verbose_name='Must be told')),
                        ('allowed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, help_text='Texts or numbers, with commas between them. Empty: any.', size=None, verbose_name='Only these')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='EventTold',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                        ('source', models.CharField(max_length=40)),
                        ('teller', models.BigIntegerField()),
                        ('external_id', models.CharField(max_length=100)),
                        ('ref', models.CharField(max_length=30)),
                        ('recorded_at', models.DateTimeField()),
                    ],
                    options={
                        'verbose_name_plural': 'events told',
                        'indexes': [django.contrib.postgres.indexes.BrinIndex(fields=['recorded_at'], name='events_told_by_age', pages_per_range=32)],
                        'constraints': [models.UniqueConstraint(fields=('programme', 'source', 'teller', 'external_id'), name='an_event_counts_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ProgrammeEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='omnichannel.programme')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('code', models.SlugField(db_index=False, max_length=40)),
                        ('name', models.CharField(max_length=120)),
                        ('timezone', models.CharField(default='UTC', help_text='An IANA name such as Asia/Taipei.', max_length=64)),
                        ('currency', models.CharField(help_text='ISO 4217, such as USD.', max_length=3)),
                        ('region', models.CharField(help_text='ISO 3166, such as US: how phone numbers without a country code are read.', max_length=2)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Place',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('ref', models.CharField(default=omnichannel.models.places.new_place_ref, editable=False, max_length=30, unique=True)),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='places', to='omnichannel.programme')),
                        ('code', models.CharField(max_length=40)),
                        ('name', models.CharField(max_length=120)),
                        ('kind', models.CharField(choices=[('store', 'Store'), ('web_shop', 'Web shop')], db_default='store', default='store', max_length=10)),
                        ('is_open', models.BooleanField(db_default=True, default=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('programme', 'code'), name='a_place_code_is_unique_in_its_programme'), models.CheckConstraint(condition=models.Q(('kind__in', ['store', 'web_shop'])), name='a_place_is_a_store_or_a_web_shop')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='place',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "omnichannel_placeevent" ("code", "id", "is_open", "kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "ref") VALUES (OLD."code", OLD."id", OLD."is_open", OLD."kind", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."programme_id", OLD."ref"); RETURN NULL;', hash='490ddaba38ecb661535f61592726d27b5e2bbe1e', operation='UPDATE', pgid='pgtrigger_changed_update_a4578', table='omnichannel_place', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='place',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "omnichannel_placeevent" ("code", "id", "is_open", "kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "ref") VALUES (OLD."code", OLD."id", OLD."is_open", OLD."kind", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."programme_id", OLD."ref"); RETURN NULL;', hash='bbe98702d28f3b3006d4182c683505ceb0402f8d', operation='DELETE', pgid='pgtrigger_removed_delete_73fac', table='omnichannel_place', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='BehaviourEvent',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('ref', models.CharField(max_length=30)),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                        ('type_code', models.CharField(max_length=40, verbose_name='type')),
                        ('source', models.CharField(help_text='Who told it, e.g. webshop or app.', max_length=40)),
                        ('external_id', models.CharField(help_text="The event's own id there.", max_length=100)),
                        ('device', models.CharField(blank=True, max_length=100)),
                        ('session', models.CharField(blank=True, max_length=100)),
                        ('place', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                        ('properties', models.JSONField()),
                        ('happened_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField()),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                    ],
                    options={
                        'indexes': [django.contrib.postgres.indexes.BrinIndex(fields=['recorded_at'], name='behaviour_by_age', pages_per_range=32)],
                        'constraints': [models.UniqueConstraint(fields=('member', 'id'), name='events_of_one_member')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='behaviourevent',
                    trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF TG_OP = 'DELETE' AND current_setting('regulars.purging', true) = 'on' THEN\n    RETURN OLD;\nEND IF;\nRAISE EXCEPTION 'rows of % never change: % is refused', TG_TABLE_NAME, TG_OP;\n", hash='6380ad78250d357b0023c98c6bb829dbc3896c4a', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_f0a21', table='omnichannel_behaviourevent', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='behaviourevent',
                    trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='488975470719680d1a03680a69f6163435e3f600', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_c6bfd', table='omnichannel_behaviourevent', when='BEFORE')),
                ),
                migrations.CreateModel(
                    name='VisitorEvent',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('ref', models.CharField(max_length=30)),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                        ('type_code', models.CharField(max_length=40, verbose_name='type')),
                        ('source', models.CharField(help_text='Who told it, e.g. webshop or app.', max_length=40)),
                        ('external_id', models.CharField(help_text="The event's own id there.", max_length=100)),
                        ('device', models.CharField(blank=True, max_length=100)),
                        ('session', models.CharField(blank=True, max_length=100)),
                        ('place', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                        ('properties', models.JSONField()),
                        ('happened_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('device', ''), _negated=True), fields=['device'], name='events_of_a_device'), models.Index(condition=models.Q(('session', ''), _negated=True), fields=['session'], name='events_of_a_session'), django.contrib.postgres.indexes.BrinIndex(fields=['recorded_at'], name='visits_by_age', pages_per_range=32)],
                        'constraints': [models.CheckConstraint(condition=models.Q(('device', ''), ('session', ''), _negated=True), name='a_visitor_has_a_device_or_a_session')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='visitorevent',
                    trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF TG_OP = 'DELETE' AND current_setting('regulars.purging', true) = 'on' THEN\n    RETURN OLD;\nEND IF;\nRAISE EXCEPTION 'rows of % never change: % is refused', TG_TABLE_NAME, TG_OP;\n", hash='842a729475e61327b3357149aa3c1d9dc1cbb4bf', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_4ccf3', table='omnichannel_visitorevent', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='visitorevent',
                    trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='781db86df2799289a4e6fb8492f8f2b21b6c0ff4', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_75b87', table='omnichannel_visitorevent', when='BEFORE')),
                ),
                migrations.CreateModel(
                    name='PlaceEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='omnichannel.place')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('ref', models.CharField(default=omnichannel.models.places.new_place_ref, editable=False, max_length=30)),
                        ('programme', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.programme')),
                        ('code', models.CharField(max_length=40)),
                        ('name', models.CharField(max_length=120)),
                        ('kind', models.CharField(choices=[('store', 'Store'), ('web_shop', 'Web shop')], db_default='store', default='store', max_length=10)),
                        ('is_open', models.BooleanField(db_default=True, default=True)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Till',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('ref', models.CharField(default=omnichannel.models.places.new_till_ref, editable=False, max_length=30, unique=True)),
                        ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tills', to='omnichannel.place')),
                        ('code', models.CharField(max_length=40)),
                        ('name', models.CharField(blank=True, db_default='', max_length=120)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('place', 'code'), name='a_till_code_is_unique_in_its_place')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='till',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "omnichannel_tillevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "ref") VALUES (OLD."code", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."place_id", OLD."ref"); RETURN NULL;', hash='e6b39f1d667acd05f79684a2ca115c44631aee31', operation='UPDATE', pgid='pgtrigger_changed_update_9eb1d', table='omnichannel_till', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='till',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "omnichannel_tillevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "ref") VALUES (OLD."code", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."place_id", OLD."ref"); RETURN NULL;', hash='d6b439660b684b7facfafc225ccd4bc7dd1bb8b4', operation='DELETE', pgid='pgtrigger_removed_delete_2dae8', table='omnichannel_till', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='TillEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='omnichannel.till')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('ref', models.CharField(default=omnichannel.models.places.new_till_ref, editable=False, max_length=30)),
                        ('place', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.place')),
                        ('code', models.CharField(max_length=40)),
                        ('name', models.CharField(blank=True, db_default='', max_length=120)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='StaffPlace',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('staff', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('place', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='omnichannel.place')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('staff', 'place'), name='a_person_serves_a_place_once')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='staffplace',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "omnichannel_staffplaceevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "staff_id") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."place_id", OLD."staff_id"); RETURN NULL;', hash='9b47f1ba1ee9089cfdc0293bfa45103698bd942d', operation='UPDATE', pgid='pgtrigger_changed_update_c0434', table='omnichannel_staffplace', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='staffplace',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "omnichannel_staffplaceevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "staff_id") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."place_id", OLD."staff_id"); RETURN NULL;', hash='3c2cad9f307e723a2787940d9f45f530a75c8490', operation='DELETE', pgid='pgtrigger_removed_delete_aab7a', table='omnichannel_staffplace', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='StaffPlaceEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='omnichannel.staffplace')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('staff', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                        ('place', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.place')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Category',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='categories', to='omnichannel.programme')),
                        ('code', models.CharField(max_length=80)),
                        ('name', models.CharField(max_length=120)),
                        ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='omnichannel.category')),
                    ],
                    options={
                        'verbose_name_plural': 'categories',
                        'constraints': [models.UniqueConstraint(fields=('programme', 'code'), name='a_category_code_is_unique_in_its_programme')],
                    },
                ),
                migrations.CreateModel(
                    name='Product',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='omnichannel.programme')),
                        ('sku', models.CharField(max_length=80)),
                        ('name', models.CharField(max_length=200)),
                        ('category', models.CharField(blank=True, db_default='', max_length=80)),
                        ('department', models.CharField(blank=True, db_default='', max_length=80)),
                        ('brand', models.CharField(blank=True, db_default='', max_length=80)),
                        ('gtin', models.CharField(blank=True, max_length=14, null=True)),
                        ('price_minor', models.BigIntegerField(blank=True, null=True)),
                        ('changed_at', models.DateTimeField(help_text='A new price counts from here on.')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['programme', 'category'], name='products_by_category'), models.Index(condition=models.Q(('gtin__isnull', False)), fields=['programme', 'gtin'], name='products_by_gtin')],
                        'constraints': [models.UniqueConstraint(fields=('programme', 'sku'), name='a_sku_is_unique_in_its_programme'), models.CheckConstraint(condition=models.Q(('gtin__isnull', True), ('gtin__regex', '^(\\d{8}|\\d{12}|\\d{13}|\\d{14})$'), _connector='OR'), name='a_gtin_has_8_12_13_or_14_digits'), models.CheckConstraint(condition=models.Q(('price_minor__gte', 0)), name='a_price_is_never_negative')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='product',
                    trigger=pgtrigger.compiler.Trigger(name='first_prices_are_remembered', sql=pgtrigger.compiler.UpsertTriggerSql(func='\nINSERT INTO omnichannel_productprice (product_id, price_minor, from_at)\nSELECT id, price_minor, changed_at FROM told WHERE price_minor IS NOT NULL;\nRETURN NULL;\n', hash='b78511d99a1faa4c2bb6477f27f869d6086b6d91', level='STATEMENT', operation='INSERT', pgid='pgtrigger_first_prices_are_remembered_181c5', referencing='REFERENCING NEW TABLE AS told ', table='omnichannel_product', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='product',
                    trigger=pgtrigger.compiler.Trigger(name='new_prices_are_remembered', sql=pgtrigger.compiler.UpsertTriggerSql(func='\nINSERT INTO omnichannel_productprice (product_id, price_minor, from_at)\nSELECT id, max(price_minor) FILTER (WHERE is_told), max(changed_at) FILTER (WHERE is_told)\n  FROM (SELECT id, price_minor, changed_at, true AS is_told FROM told\n        UNION ALL\n        SELECT id, price_minor, changed_at, false FROM known) AS both_times\n GROUP BY id\nHAVING max(price_minor) FILTER (WHERE is_told) IS DISTINCT FROM max(price_minor) FILTER (WHERE NOT is_told);\nRETURN NULL;\n', hash='cd31f43d17e49f20a868229085f855582cb7a513', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_new_prices_are_remembered_17373', referencing='REFERENCING OLD TABLE AS known  NEW TABLE AS told ', table='omnichannel_product', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='ProductPrice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('product', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='prices', to='omnichannel.product')),
                        ('price_minor', models.BigIntegerField(help_text='Empty: from then on no price was known.', null=True)),
                        ('from_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['product', '-from_at'], name='prices_of_a_product')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='productprice',
                    trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a82c9f2c68f9879c58e3ac645233cc3cb76af52d', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_0861a', table='omnichannel_productprice', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='productprice',
                    trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='5e62bd263bf4ce78aa030826879dbd7c408c36cf', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_5a88c', table='omnichannel_productprice', when='BEFORE')),
                ),
                migrations.CreateModel(
                    name='ApiKey',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120)),
                        ('prefix', models.CharField(help_text='The visible part, by which people tell keys apart.', max_length=12, unique=True)),
                        ('secret_hash', models.BinaryField(max_length=32)),
                        ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                        ('programme', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='omnichannel.programme')),
                        ('place', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='omnichannel.place')),
                        ('till', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='omnichannel.till')),
                        ('made_at', models.DateTimeField()),
                        ('made_by', models.CharField(blank=True, db_default='', max_length=150)),
                        ('rotated_from', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='successors', to='omnichannel.apikey')),
                        ('expires_at', models.DateTimeField(blank=True, null=True)),
                        ('revoked_at', models.DateTimeField(blank=True, null=True)),
                        ('last_used_on', models.DateField(blank=True, null=True)),
                    ],
                    options={
                        'verbose_name': 'API key',
                        'constraints': [models.CheckConstraint(condition=models.Q(('till__isnull', True), ('place__isnull', False), _connector='OR'), name='the_key_of_a_till_names_its_place'), models.CheckConstraint(condition=models.Q(('place__isnull', True), ('programme__isnull', False), _connector='OR'), name='the_key_of_a_place_names_its_programme'), models.CheckConstraint(condition=models.Q(('scopes__len__gt', 0)), name='a_key_may_do_something')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='apikey',
                    trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."made_at" IS DISTINCT FROM (NEW."made_at") OR OLD."made_by" IS DISTINCT FROM (NEW."made_by") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."place_id" IS DISTINCT FROM (NEW."place_id") OR OLD."prefix" IS DISTINCT FROM (NEW."prefix") OR OLD."programme_id" IS DISTINCT FROM (NEW."programme_id") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."rotated_from_id" IS DISTINCT FROM (NEW."rotated_from_id") OR OLD."scopes" IS DISTINCT FROM (NEW."scopes") OR OLD."till_id" IS DISTINCT FROM (NEW."till_id"))', func='INSERT INTO "omnichannel_apikeyevent" ("expires_at", "id", "made_at", "made_by", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "prefix", "programme_id", "revoked_at", "rotated_from_id", "scopes", "till_id") VALUES (OLD."expires_at", OLD."id", OLD."made_at", OLD."made_by", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."place_id", OLD."prefix", OLD."programme_id", OLD."revoked_at", OLD."rotated_from_id", OLD."scopes", OLD."till_id"); RETURN NULL;', hash='e726c181e0212464edd185378828fb3d5e220294', operation='UPDATE', pgid='pgtrigger_changed_update_bf4f0', table='omnichannel_apikey', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='apikey',
                    trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "omnichannel_apikeyevent" ("expires_at", "id", "made_at", "made_by", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "prefix", "programme_id", "revoked_at", "rotated_from_id", "scopes", "till_id") VALUES (OLD."expires_at", OLD."id", OLD."made_at", OLD."made_by", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."place_id", OLD."prefix", OLD."programme_id", OLD."revoked_at", OLD."rotated_from_id", OLD."scopes", OLD."till_id"); RETURN NULL;', hash='a36263a82da32d2bd53decc5ddb411cd51dd5eda', operation='DELETE', pgid='pgtrigger_removed_delete_8460e', table='omnichannel_apikey', when='AFTER')),
                ),
                migrations.CreateModel(
                    name='ApiKeyEvent',
                    fields=[
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='omnichannel.apikey')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('id', models.BigIntegerField()),
                        ('name', models.CharField(max_length=120)),
                        ('prefix', models.CharField(help_text='The visible part, by which people tell keys apart.', max_length=12)),
                        ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                        ('programme', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.programme')),
                        ('place', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.place')),
                        ('till', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.till')),
                        ('made_at', models.DateTimeField()),
                        ('made_by', models.CharField(blank=True, db_default='', max_length=150)),
                        ('rotated_from', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='omnichannel.apikey')),
                        ('expires_at', models.DateTimeField(blank=True, null=True)),
                        ('revoked_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Message',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('ref', models.CharField(default=omnichannel.models.messages.new_message_ref, editable=False, max_length=30)),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('inbox', 'Inbox')], max_length=10)),
                        ('purpose', models.CharField(blank=True, db_default='', max_length=40)),
                        ('message_class', models.CharField(choices=[('transactional', 'Transactional'), ('service', 'Service'), ('points_critical', 'Points-critical'), ('marketing', 'Marketing')], db_column='class', max_length=20, verbose_name='class')),
                        ('dedupe_key', models.CharField(max_length=120)),
                        ('subject', models.CharField(blank=True, db_default='', max_length=200)),
                        ('body_text', models.TextField(blank=True, db_default='')),
                        ('body_html', models.TextField(blank=True, db_default='')),
                        ('facts', models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                        ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('uncertain', 'Uncertain'), ('withdrawn', 'Withdrawn')], db_default='queued', default='queued', max_length=10)),
                        ('attempts', models.SmallIntegerField(db_default=0, default=0)),
                        ('due_at', models.DateTimeField(help_text='The next attempt is not made before this moment.')),
                        ('lease_until', models.DateTimeField(blank=True, null=True)),
                        ('expires_at', models.DateTimeField(blank=True, help_text='Not sent from this moment on.', null=True)),
                        ('carrier_id', models.CharField(blank=True, db_default='', max_length=200)),
                        ('last_error', models.CharField(blank=True, db_default='', max_length=300)),
                        ('queued_at', models.DateTimeField()),
                        ('sent_at', models.DateTimeField(blank=True, null=True)),
                        ('read_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['message_class', 'due_at', 'id'], name='messages_waiting'), models.Index(condition=models.Q(('state', 'sending')), fields=['lease_until'], name='messages_being_sent'), models.Index(fields=['-queued_at', '-id'], name='messages_by_time')],
                        'constraints': [models.UniqueConstraint(fields=('member', 'dedupe_key'), name='a_message_is_queued_once'), models.UniqueConstraint(fields=('member', 'id'), name='messages_of_a_member'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sending'), _negated=True), ('lease_until__isnull', False), _connector='OR'), name='who_sends_holds_a_lease')],
                    },
                ),
                migrations.CreateModel(
                    name='Order',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('ref', models.CharField(max_length=30)),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                        ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                        ('till', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.till')),
                        ('number', models.CharField(help_text='Receipt number of the till, or order number of the web shop.', max_length=64)),
                        ('source', models.CharField(choices=[('till', 'Till'), ('web', 'Web'), ('batch', 'Batch'), ('import', 'Import')], max_length=8)),
                        ('state', models.CharField(choices=[('open', 'Open'), ('placed', 'Placed'), ('completed', 'Completed'), ('partially_returned', 'Partially Returned'), ('returned', 'Returned'), ('cancelled', 'Cancelled')], default='completed', max_length=20)),
                        ('placed_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField()),
                        ('currency', models.CharField(max_length=3)),
                        ('subtotal_minor', models.BigIntegerField(help_text='Quantity times unit price over all lines, tax included.')),
                        ('discount_minor', models.BigIntegerField()),
                        ('tax_minor', models.BigIntegerField(help_text='Tax contained in the subtotal.')),
                        ('total_minor', models.BigIntegerField(help_text='Subtotal less discounts, before points pay a part of it.')),
                        ('payments', models.JSONField(default=list, help_text='How it was paid: kind and amount_minor of each payment.')),
                        ('fulfilment', models.CharField(default='counter', max_length=12)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['member', '-placed_at'], name='order_by_member_and_moment'), models.Index(fields=['programme', 'placed_at'], name='order_by_programme_and_moment')],
                        'constraints': [models.UniqueConstraint(fields=('member', 'id'), name='order_is_found_by_member'), models.UniqueConstraint(fields=('ref', 'member'), name='order_ref_names_one_order'), models.CheckConstraint(condition=models.Q(('total_minor', django.db.models.expressions.CombinedExpression(models.F('subtotal_minor'), '-', models.F('discount_minor')))), name='order_total_adds_up')],
                    },
                ),
                migrations.CreateModel(
                    name='OrderLine',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='omnichannel.order')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('position', models.PositiveSmallIntegerField()),
                        ('sku', models.CharField(max_length=64)),
                        ('name', models.CharField(max_length=200)),
                        ('category', models.CharField(max_length=100)),
                        ('department', models.CharField(max_length=100)),
                        ('brand', models.CharField(max_length=100)),
                        ('kind', models.CharField(choices=[('goods', 'Goods'), ('shipping', 'Shipping'), ('gift_card', 'Gift card')], db_default='goods', default='goods', max_length=10)),
                        ('quantity', models.IntegerField()),
                        ('unit_price_minor', models.BigIntegerField()),
                        ('discount_minor', models.BigIntegerField()),
                        ('tax_minor', models.BigIntegerField()),
                        ('paid_minor', models.BigIntegerField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('order', 'position', 'member'), name='order_line_has_one_position'), models.CheckConstraint(condition=models.Q(('quantity__gte', 0)), name='order_line_quantity_not_negative'), models.CheckConstraint(condition=models.Q(('paid_minor__gte', 0)), name='order_line_paid_not_negative')],
                    },
                ),
                migrations.CreateModel(
                    name='UnclaimedOrder',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('ref', models.CharField(max_length=30, unique=True)),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                        ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                        ('till', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.till')),
                        ('number', models.CharField(max_length=64)),
                        ('source', models.CharField(choices=[('till', 'Till'), ('web', 'Web'), ('batch', 'Batch'), ('import', 'Import')], max_length=8)),
                        ('placed_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField()),
                        ('currency', models.CharField(max_length=3)),
                        ('subtotal_minor', models.BigIntegerField()),
                        ('discount_minor', models.BigIntegerField()),
                        ('tax_minor', models.BigIntegerField()),
                        ('total_minor', models.BigIntegerField()),
                        ('lines', models.JSONField()),
                        ('answer', models.TextField(help_text='What the till was answered, as JSON text.')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['programme', 'placed_at'], name='unclaimed_by_programme_moment')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('total_minor', django.db.models.expressions.CombinedExpression(models.F('subtotal_minor'), '-', models.F('discount_minor')))), name='unclaimed_total_adds_up')],
                    },
                ),
                migrations.CreateModel(
                    name='Receipt',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                        ('till', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.till')),
                        ('number', models.CharField(max_length=64)),
                        ('fingerprint', models.BinaryField(help_text='SHA-256 of the purchase as it was first told.')),
                        ('order_ref', models.CharField(max_length=30)),
                        ('member_id', models.BigIntegerField(help_text='Whose purchase it is; empty while unclaimed.', null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('place', 'number', 'till'), name='receipt_counts_once', nulls_distinct=False), models.UniqueConstraint(fields=('place', 'number', 'fingerprint'), name='same_purchase_counts_once_per_place'), models.UniqueConstraint(fields=('order_ref',), name='receipt_names_one_order')],
                    },
                ),
                migrations.CreateModel(
                    name='ReturnSlip',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                        ('number', models.CharField(help_text='As the other system numbers it.', max_length=64)),
                        ('member_id', models.BigIntegerField(help_text='Who brought it back; empty if nobody was named.', null=True)),
                        ('placed_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField()),
                        ('currency', models.CharField(max_length=3)),
                        ('total_minor', models.BigIntegerField()),
                        ('lines', models.JSONField(help_text='sku, name, quantity and total_minor of each line, all positive.')),
                        ('outcome', models.CharField(choices=[('waiting', 'not looked at yet'), ('returned', 'returned'), ('partly', 'returned in part'), ('unexplained', 'of no purchase we know'), ('anonymous', 'nobody was named')], db_default='waiting', max_length=12)),
                        ('pieces', models.JSONField(db_default=[], help_text='What became of each line (from 0): quantity, and order_ref and return_ref of the purchase found.')),
                        ('fingerprint', models.BinaryField(help_text="SHA-256 of the slip as a door was told it; empty for an import's.", null=True)),
                        ('answer', models.TextField(db_default='', help_text='What the door answered, as JSON text.')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('outcome', 'waiting')), fields=['placed_at', 'id'], name='slips_to_look_at')],
                        'constraints': [models.UniqueConstraint(fields=('place', 'number'), name='a_return_slip_counts_once'), models.CheckConstraint(condition=models.Q(('total_minor__gte', 0)), name='what_went_back_is_not_negative')],
                    },
                ),
                migrations.CreateModel(
                    name='OrderReturn',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('ref', models.CharField(max_length=30)),
                        ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='omnichannel.order')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                        ('till', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.till')),
                        ('kind', models.CharField(choices=[('return', 'Return'), ('cancel', 'Cancel')], max_length=8)),
                        ('number', models.CharField(help_text='As the till or the web shop numbers it.', max_length=64)),
                        ('fingerprint', models.BinaryField(help_text='SHA-256 of the return as it was first told.')),
                        ('returned_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField()),
                        ('refund_minor', models.BigIntegerField(help_text='Money that went back.')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('order', 'place', 'number', 'member'), name='a_return_counts_once_at_a_place'), models.UniqueConstraint(fields=('ref', 'member'), name='return_ref_names_one_return'), models.UniqueConstraint(fields=('member', 'id'), name='return_is_found_by_member'), models.CheckConstraint(condition=models.Q(('refund_minor__gte', 0)), name='refund_not_negative')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='orderreturn',
                    trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fcf46d0287d24fbaa4b7b41c37b5dab1b74e71ae', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_5b5e3', table='omnichannel_orderreturn', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='orderreturn',
                    trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='06dd61118b99dc888fc857a70c10f073cb0e465b', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_fc1cb', table='omnichannel_orderreturn', when='BEFORE')),
                ),
                migrations.CreateModel(
                    name='ReturnLine',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('order_return', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='omnichannel.orderreturn')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('position', models.PositiveSmallIntegerField()),
                        ('quantity', models.PositiveIntegerField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('order_return', 'position', 'member'), name='return_line_has_one_position'), models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='something_came_back')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='returnline',
                    trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b2051139c38dda8bd073a07072171aef09344ea2', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_871a5', table='omnichannel_returnline', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='returnline',
                    trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='fde528cca82b1cae9bf1adedf437bedeabf944e9', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_34618', table='omnichannel_returnline', when='BEFORE')),
                ),
            ],
        ),
    ]
