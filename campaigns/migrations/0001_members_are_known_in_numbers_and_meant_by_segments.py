import campaigns.models.campaigns
import campaigns.models.segments
import config.ground.migrating
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('members', '0001_members_are_known_by_their_identities'),
        ('omnichannel', '0001_places_have_tills_and_keys'),
    ]

    operations = [
        config.ground.migrating.MakeTables(
            operations=[
                migrations.CreateModel(
                    name='Segment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('ref', models.CharField(default=campaigns.models.segments.new_segment_ref, editable=False, max_length=30, unique=True)),
                        ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='segments', to='omnichannel.programme')),
                        ('code', models.SlugField(max_length=60)),
                        ('name', models.CharField(max_length=120)),
                        ('current_version', models.PositiveIntegerField(default=0, editable=False)),
                        ('size', models.PositiveIntegerField(default=0, editable=False, help_text='Members at the last refresh.')),
                        ('refreshed_on', models.DateField(editable=False, help_text="The programme's day for which the membership is true.", null=True)),
                        ('refreshed_at', models.DateTimeField(editable=False, null=True)),
                        ('made_at', models.DateTimeField(editable=False)),
                        ('is_label', models.BooleanField(db_default=False, default=False, help_text='Its members are told to the tills, so that earning rules can be for them alone.', verbose_name='rules may ask for it')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('programme', 'code'), name='a_segment_code_is_unique_in_its_programme')],
                    },
                ),
                migrations.CreateModel(
                    name='SegmentVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('segment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='campaigns.segment')),
                        ('number', models.PositiveIntegerField()),
                        ('tree', models.JSONField()),
                        ('sentence', models.TextField()),
                        ('made_at', models.DateTimeField()),
                        ('made_by', models.CharField(max_length=120)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('segment', 'number'), name='a_segment_version_is_numbered_once')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='segmentversion',
                    trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='9d21e869ce9103748c09e7eb93b51c2e2980cb0f', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_87ea0', table='campaigns_segmentversion', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='segmentversion',
                    trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='90975de81e987ba6375b29f68b60a8a02b5b5f26', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_3e0d7', table='campaigns_segmentversion', when='BEFORE')),
                ),
                migrations.CreateModel(
                    name='SegmentMember',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('segment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.segment')),
                        ('entered_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['segment', 'member'], name='members_of_a_segment')],
                        'constraints': [models.UniqueConstraint(fields=('member', 'segment'), name='a_member_is_in_a_segment_once')],
                    },
                ),
                migrations.CreateModel(
                    name='SegmentMove',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('segment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.segment')),
                        ('version', models.PositiveIntegerField(help_text='The number of the definition that moved the member.')),
                        ('kind', models.CharField(choices=[('entry', 'Entered'), ('exit', 'Left')], max_length=5)),
                        ('moved_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['member', 'segment', '-id'], name='moves_of_a_member'), models.Index(fields=['segment', '-moved_at'], name='moves_of_a_segment')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['entry', 'exit'])), name='a_move_is_an_entry_or_an_exit')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='segmentmove',
                    trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='4946d448f045f45761d3aa181807c2cda6f47beb', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_b5c18', table='campaigns_segmentmove', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='segmentmove',
                    trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='1fd42dca45a046868f3ac3f609fef10ede2cec6f', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_cf80c', table='campaigns_segmentmove', when='BEFORE')),
                ),
                migrations.CreateModel(
                    name='Campaign',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('ref', models.CharField(default=campaigns.models.campaigns.new_campaign_ref, editable=False, max_length=30, unique=True)),
                        ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='omnichannel.programme')),
                        ('segment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='campaigns.segment')),
                        ('code', models.SlugField(max_length=60)),
                        ('name', models.CharField(max_length=120)),
                        ('intent', models.CharField(choices=[('draft', 'Draft'), ('scheduled', 'Scheduled'), ('paused', 'Paused')], default='draft', editable=False, max_length=10)),
                        ('current_version', models.PositiveIntegerField(default=0, editable=False)),
                        ('made_at', models.DateTimeField(editable=False)),
                        ('changed_at', models.DateTimeField(editable=False)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('programme', 'code'), name='a_campaign_code_is_unique_in_its_programme'), models.CheckConstraint(condition=models.Q(('intent__in', ['draft', 'scheduled', 'paused'])), name='a_campaign_is_a_draft_or_scheduled_or_paused')],
                    },
                ),
                migrations.CreateModel(
                    name='CampaignVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='campaigns.campaign')),
                        ('number', models.PositiveIntegerField()),
                        ('plan', models.JSONField()),
                        ('zone', models.CharField(help_text='The wall times of the plan are of this timezone.', max_length=64)),
                        ('made_at', models.DateTimeField()),
                        ('made_by', models.CharField(max_length=120)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('campaign', 'number'), name='a_campaign_version_is_numbered_once')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='campaignversion',
                    trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='2842ef7751e92d86c675a9cbf42b1c3319a3a556', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_66ba5', table='campaigns_campaignversion', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='campaignversion',
                    trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='c0a87e4a079c9c0eee23da41297b68d7ce84c6dc', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_3607c', table='campaigns_campaignversion', when='BEFORE')),
                ),
                migrations.CreateModel(
                    name='CampaignRun',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='campaigns.campaign')),
                        ('number', models.PositiveIntegerField()),
                        ('due_at', models.DateTimeField()),
                        ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaignversion')),
                        ('segment_version', models.PositiveIntegerField(null=True)),
                        ('frozen_at', models.DateTimeField(null=True)),
                        ('valid_until', models.DateTimeField(help_text='When what it grants ends.', null=True)),
                        ('candidates', models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('frozen_at__isnull', True)), fields=['due_at'], name='runs_that_are_due')],
                        'constraints': [models.UniqueConstraint(fields=('campaign', 'number'), name='a_run_is_numbered_once'), models.UniqueConstraint(fields=('campaign', 'due_at'), name='a_campaign_runs_once_at_a_moment'), models.CheckConstraint(condition=models.Q(('frozen_at__isnull', True), models.Q(('valid_until__isnull', False), ('version__isnull', False)), _connector='OR'), name='a_frozen_run_has_its_version_and_its_end')],
                    },
                ),
                migrations.CreateModel(
                    name='RunChunk',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chunks', to='campaigns.campaignrun')),
                        ('number', models.PositiveIntegerField()),
                        ('done_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('done_at__isnull', True)), fields=['id'], name='chunks_that_are_open')],
                        'constraints': [models.UniqueConstraint(fields=('run', 'number'), name='a_chunk_is_numbered_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Recipient',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='campaigns.campaignrun')),
                        ('chunk', models.PositiveIntegerField()),
                        ('verdict', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('withheld', 'Withheld'), ('failed', 'Failed')], default='waiting', max_length=8)),
                        ('reason', models.CharField(blank=True, default='', max_length=40)),
                        ('channels', models.JSONField(default=dict, help_text='Each channel: sent, or why not.')),
                        ('offer', models.JSONField(default=dict, help_text='What was offered, as it was said.')),
                        ('decided_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['run', 'chunk'], name='recipients_of_a_chunk'), models.Index(fields=['member', '-id'], name='recipients_by_member'), models.Index(condition=models.Q(('verdict', 'waiting')), fields=['run'], name='recipients_that_wait'), models.Index(condition=models.Q(('verdict', 'sent')), fields=['member', 'decided_at', 'id'], name='offers_by_moment')],
                        'constraints': [models.UniqueConstraint(fields=('run', 'member'), name='a_member_receives_a_run_once'), models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('verdict', 'waiting')), ('verdict__in', ['sent', 'withheld', 'failed']), _connector='OR'), name='a_recipient_waits_or_has_a_verdict'), models.CheckConstraint(condition=models.Q(('reason__in', ['', 'sent', 'member_merged', 'member_erased', 'offer_over', 'no_favourite_known', 'consent_missing', 'address_missing', 'content_broken', 'could_not_be_granted'])), name='a_verdict_has_a_reason_that_is_known'), models.CheckConstraint(condition=models.Q(('verdict', 'waiting'), models.Q(models.Q(('reason', ''), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='every_verdict_has_a_reason_and_a_moment')],
                    },
                ),
                migrations.CreateModel(
                    name='MemberDay',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                        ('bought_on', models.DateField()),
                        ('purchases', models.PositiveIntegerField()),
                        ('spent_minor', models.BigIntegerField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('member', 'programme', 'bought_on'), name='a_member_has_one_sum_for_each_day')],
                    },
                ),
                migrations.CreateModel(
                    name='MemberCategory',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                        ('month_on', models.DateField(help_text='The first day of the month.')),
                        ('department', models.CharField(blank=True, max_length=120)),
                        ('category', models.CharField(blank=True, max_length=120)),
                        ('spent_minor', models.BigIntegerField()),
                    ],
                    options={
                        'verbose_name_plural': 'member categories',
                        'constraints': [models.UniqueConstraint(fields=('member', 'programme', 'month_on', 'department', 'category'), name='a_member_has_one_sum_for_each_category_and_month'), models.CheckConstraint(condition=models.Q(('month_on__day', 1)), name='a_month_is_named_by_its_first_day')],
                    },
                ),
                migrations.CreateModel(
                    name='MemberFeature',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                        ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
                        ('first_purchase_on', models.DateField(null=True)),
                        ('last_purchase_on', models.DateField(null=True)),
                        ('purchases', models.PositiveIntegerField(default=0)),
                        ('spent_minor', models.BigIntegerField(default=0)),
                        ('favourite_category', models.CharField(blank=True, default='', max_length=120)),
                        ('favourite_department', models.CharField(blank=True, default='', max_length=120)),
                        ('tier_code', models.CharField(blank=True, default='', max_length=40)),
                        ('changed_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['programme', 'last_purchase_on'], name='features_by_last_purchase')],
                        'constraints': [models.UniqueConstraint(fields=('member', 'programme'), name='a_member_has_one_feature_row_for_each_programme')],
                    },
                ),
            ],
        ),
    ]
