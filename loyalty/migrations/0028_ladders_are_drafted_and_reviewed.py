from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0027_challenges_pay_once'),
        ('members', '0003_colleagues_are_members_too'),
        ('omnichannel', '0010_what_people_do_is_told_once'),
    ]

    operations = [
        migrations.CreateModel(
            name='TierReview',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('reviewed_on', models.DateField()),
                ('last_wallet_id', models.BigIntegerField(default=0, help_text='Reviewed up to this wallet.')),
                ('lifted', models.PositiveIntegerField(default=0)),
                ('prolonged', models.PositiveIntegerField(default=0)),
                ('lowered', models.PositiveIntegerField(default=0)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('ladder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.ladder')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
            ],
        ),
        migrations.CreateModel(
            name='LadderDraft',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('definition', models.JSONField(help_text='`loyalty.rules.ladders.LadderDefinition`')),
                ('live_from', models.DateTimeField(blank=True, null=True)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('submitted', 'waits for approval'), ('approved', 'approved'), ('discarded', 'discarded')], default='draft', max_length=9)),
                ('made_by', models.CharField(max_length=60)),
                ('made_at', models.DateTimeField()),
                ('submitted_by', models.CharField(blank=True, default='', max_length=60)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('decided_by', models.CharField(blank=True, default='', max_length=60)),
                ('decided_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, default='', help_text='Why it was sent back.', max_length=300)),
                ('needs_approval', models.BooleanField(default=True)),
                ('movers', models.JSONField(null=True)),
                ('counted_at', models.DateTimeField(null=True)),
                ('ladder', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='draft', to='loyalty.ladder')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.programme')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['draft', 'submitted'])), fields=('programme',), name='a_programme_has_one_open_ladder_draft'), models.CheckConstraint(condition=models.Q(models.Q(('ladder__isnull', False), ('state', 'approved')), models.Q(models.Q(('state', 'approved'), _negated=True), ('ladder', None)), _connector='OR'), name='an_approved_draft_is_a_ladder'), models.CheckConstraint(condition=models.Q(models.Q(('needs_approval', True), ('state', 'approved'), _negated=True), models.Q(models.Q(('decided_by', models.F('made_by')), _negated=True), models.Q(('decided_by', models.F('submitted_by')), _negated=True)), _connector='OR'), name='a_ladder_is_approved_by_another')],
            },
        ),
        migrations.CreateModel(
            name='TierNotice',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('until_at', models.DateTimeField()),
                ('days_before', models.PositiveSmallIntegerField(help_text='0: it has ended.')),
                ('announced_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('tier', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.tier')),
                ('wallet', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.wallet')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('wallet', 'tier', 'until_at', 'days_before', 'member'), name='an_end_is_announced_once')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tiernotice',
            trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e6c8ca06a38704682aba3b6e1be079b1ad29d616', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_ce259', table='loyalty_tiernotice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tiernotice',
            trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='854d719be28aa1fdd5fb0abc3761be7afc97dc03', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_fffe3', table='loyalty_tiernotice', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='tierreview',
            constraint=models.UniqueConstraint(fields=('programme', 'ladder', 'reviewed_on'), name='a_ladder_is_reviewed_once_a_day'),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("reviews", "returns")
        ),
    ]
