from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0001_members_are_known_by_their_identities'),
        ('omnichannel', '0005_staff_serve_places'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderReturn',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('ref', models.CharField(max_length=30)),
                ('kind', models.CharField(choices=[('return', 'Return'), ('cancel', 'Cancel')], max_length=8)),
                ('number', models.CharField(help_text='As the till or the web shop numbers it.', max_length=64)),
                ('fingerprint', models.BinaryField(help_text='SHA-256 of the return as it was first told.')),
                ('returned_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('refund_minor', models.BigIntegerField(help_text='Money that went back.')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='omnichannel.order')),
                ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place')),
                ('till', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.till')),
            ],
        ),
        migrations.CreateModel(
            name='ReturnLine',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('quantity', models.PositiveIntegerField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('order_return', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='omnichannel.orderreturn')),
            ],
        ),
        migrations.AddConstraint(
            model_name='orderreturn',
            constraint=models.UniqueConstraint(fields=('order', 'number', 'member'), name='a_return_counts_once'),
        ),
        migrations.AddConstraint(
            model_name='orderreturn',
            constraint=models.UniqueConstraint(fields=('ref', 'member'), name='return_ref_names_one_return'),
        ),
        migrations.AddConstraint(
            model_name='orderreturn',
            constraint=models.UniqueConstraint(fields=('member', 'id'), name='return_is_found_by_member'),
        ),
        migrations.AddConstraint(
            model_name='orderreturn',
            constraint=models.CheckConstraint(condition=models.Q(('refund_minor__gte', 0)), name='refund_not_negative'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='orderreturn',
            trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fcf46d0287d24fbaa4b7b41c37b5dab1b74e71ae', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_5b5e3', table='omnichannel_orderreturn', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='orderreturn',
            trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='06dd61118b99dc888fc857a70c10f073cb0e465b', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_fc1cb', table='omnichannel_orderreturn', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='returnline',
            constraint=models.UniqueConstraint(fields=('order_return', 'position', 'member'), name='return_line_has_one_position'),
        ),
        migrations.AddConstraint(
            model_name='returnline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='something_came_back'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='returnline',
            trigger=pgtrigger.compiler.Trigger(name='rows_never_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b2051139c38dda8bd073a07072171aef09344ea2', operation='UPDATE OR DELETE', pgid='pgtrigger_rows_never_change_871a5', table='omnichannel_returnline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='returnline',
            trigger=pgtrigger.compiler.Trigger(name='table_never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF current_setting('regulars.allow_truncate', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nRAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;\n", hash='fde528cca82b1cae9bf1adedf437bedeabf944e9', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_table_never_emptied_34618', table='omnichannel_returnline', when='BEFORE')),
        ),
        migrations.RunSQL(
            (SQL / "record_return.sql").read_text(), "DROP FUNCTION omnichannel_record_return; DROP FUNCTION omnichannel_returned"
        ),
    ]
