from pathlib import Path

import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
NAME_GRANTS = """
UPDATE loyalty_benefitgrant SET ref = 'ben_' || left(md5(id || ':' || member_id || ':' || random()), 26) WHERE ref = ''
"""


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0031_points_become_rewards'),
        ('members', '0003_colleagues_are_members_too'),
    ]

    operations = [
        migrations.CreateModel(
            name='BenefitBooking',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('ref', models.CharField(max_length=30)),
                ('year', models.PositiveSmallIntegerField()),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('booked', 'booked'), ('waiting', 'on the waiting list'), ('used', 'used'), ('cancelled', 'cancelled')], max_length=9)),
                ('booked_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('actor', models.CharField(help_text='Who booked or used it last.', max_length=60)),
                ('where', models.CharField(blank=True, default='', max_length=160)),
            ],
        ),
        migrations.CreateModel(
            name='BenefitDate',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('where', models.CharField(blank=True, max_length=160)),
                ('seats', models.PositiveIntegerField(default=1)),
                ('taken', models.PositiveIntegerField(db_default=0, default=0, editable=False)),
            ],
            options={
                'ordering': ['starts_at', 'id'],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='benefit',
            name='changed_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='benefit',
            name='removed_delete',
        ),
        migrations.AddField(
            model_name='benefit',
            name='is_each_year',
            field=models.BooleanField(db_default=False, default=False, help_text='So often in each year from the day it was granted, not in all.', verbose_name='Each year'),
        ),
        migrations.AddField(
            model_name='benefit',
            name='uses',
            field=models.PositiveSmallIntegerField(blank=True, db_default=1, default=1, help_text='So often it can be used. Empty: as often as they like.', null=True, validators=[django.core.validators.MinValueValidator(1, 'Name how often, or leave it empty.')]),
        ),
        migrations.AddField(
            model_name='benefitevent',
            name='is_each_year',
            field=models.BooleanField(db_default=False, default=False, help_text='So often in each year from the day it was granted, not in all.', verbose_name='Each year'),
        ),
        migrations.AddField(
            model_name='benefitevent',
            name='uses',
            field=models.PositiveSmallIntegerField(blank=True, db_default=1, default=1, help_text='So often it can be used. Empty: as often as they like.', null=True, validators=[django.core.validators.MinValueValidator(1, 'Name how often, or leave it empty.')]),
        ),
        migrations.AddField(
            model_name='benefitgrant',
            name='ref',
            field=models.CharField(db_default='', default='', max_length=30),
        ),
        migrations.AlterField(
            model_name='benefit',
            name='kind',
            field=models.CharField(choices=[('event', 'Event invitation'), ('free_shipping', 'Free shipping'), ('birthday_gift', 'Birthday gift'), ('discount', 'Exclusive discount'), ('multiplier', 'More points, by a rule'), ('training', 'Personal training'), ('concierge', 'Concierge'), ('health_check', 'Yearly health check')], max_length=20),
        ),
        migrations.AlterField(
            model_name='benefitevent',
            name='kind',
            field=models.CharField(choices=[('event', 'Event invitation'), ('free_shipping', 'Free shipping'), ('birthday_gift', 'Birthday gift'), ('discount', 'Exclusive discount'), ('multiplier', 'More points, by a rule'), ('training', 'Personal training'), ('concierge', 'Concierge'), ('health_check', 'Yearly health check')], max_length=20),
        ),
        migrations.AlterField(
            model_name='benefitgrant',
            name='used_at',
            field=models.DateTimeField(blank=True, help_text='When it was used last.', null=True),
        ),
        migrations.AddIndex(
            model_name='benefitgrant',
            index=models.Index(fields=['ref'], name='grant_of_a_benefit_by_ref'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='benefit',
            trigger=pgtrigger.compiler.Trigger(name='changed_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "loyalty_benefitevent" ("code", "description", "id", "is_active", "is_each_year", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tier_id", "title", "uses", "valid_days") VALUES (OLD."code", OLD."description", OLD."id", OLD."is_active", OLD."is_each_year", OLD."kind", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."tier_id", OLD."title", OLD."uses", OLD."valid_days"); RETURN NULL;', hash='bfe435ea78571df4b3ad5cd0379a309c022f911e', operation='UPDATE', pgid='pgtrigger_changed_update_5029f', table='loyalty_benefit', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='benefit',
            trigger=pgtrigger.compiler.Trigger(name='removed_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "loyalty_benefitevent" ("code", "description", "id", "is_active", "is_each_year", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tier_id", "title", "uses", "valid_days") VALUES (OLD."code", OLD."description", OLD."id", OLD."is_active", OLD."is_each_year", OLD."kind", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."tier_id", OLD."title", OLD."uses", OLD."valid_days"); RETURN NULL;', hash='9c2f5f166e66c75d221241b3b1dfc4b247f703bf', operation='DELETE', pgid='pgtrigger_removed_delete_9f026', table='loyalty_benefit', when='AFTER')),
        ),
        migrations.AddField(
            model_name='benefitbooking',
            name='grant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='loyalty.benefitgrant'),
        ),
        migrations.AddField(
            model_name='benefitbooking',
            name='member',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member'),
        ),
        migrations.AddField(
            model_name='benefitdate',
            name='benefit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dates', to='loyalty.benefit'),
        ),
        migrations.AddField(
            model_name='benefitbooking',
            name='date',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='loyalty.benefitdate'),
        ),
        migrations.AddConstraint(
            model_name='benefitdate',
            constraint=models.CheckConstraint(condition=models.Q(('taken__lte', models.F('seats'))), name='no_seat_is_given_twice'),
        ),
        migrations.AddConstraint(
            model_name='benefitdate',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='a_date_lasts'),
        ),
        migrations.AddIndex(
            model_name='benefitbooking',
            index=models.Index(fields=['ref'], name='booking_by_ref'),
        ),
        migrations.AddConstraint(
            model_name='benefitbooking',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['booked', 'waiting', 'used'])), fields=('grant', 'year', 'number', 'member'), name='an_allowance_is_used_once'),
        ),
        migrations.AddConstraint(
            model_name='benefitbooking',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['booked', 'waiting', 'used']), ('date__isnull', False)), fields=('date', 'grant', 'member'), name='nobody_books_a_date_twice'),
        ),
        migrations.AddConstraint(
            model_name='benefitbooking',
            constraint=models.UniqueConstraint(fields=('ref', 'member'), name='a_booking_ref_names_one_booking'),
        ),
        migrations.RunSQL(NAME_GRANTS, migrations.RunSQL.noop),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("purchase", "screen")
        ),
    ]
