from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


SQL = Path(__file__).parent / "sql"
CHANGED = ["holds", "purchase", "rewards", "transfers"]


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0005_what_returns_leave_is_settled_by_what_comes_back'),
        ('members', '0001_members_are_known_by_their_identities'),
        ('omnichannel', '0002_orders_are_facts'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='hold',
            name='holds_are_never_rewritten',
        ),
        migrations.AddField(
            model_name='hold',
            name='place',
            field=models.ForeignKey(blank=True, db_index=False, help_text='Where it was told, and `reference` is a name; empty: in the programme.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='omnichannel.place'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='number',
            field=models.CharField(blank=True, db_default='', default='', help_text="What the giver's app calls it.", max_length=64),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='hold',
            trigger=pgtrigger.compiler.Trigger(name='holds_are_never_rewritten', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."actor" IS DISTINCT FROM (NEW."actor") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."held_at" IS DISTINCT FROM (NEW."held_at") OR OLD."member_id" IS DISTINCT FROM (NEW."member_id") OR OLD."place_id" IS DISTINCT FROM (NEW."place_id") OR OLD."points" IS DISTINCT FROM (NEW."points") OR OLD."ref" IS DISTINCT FROM (NEW."ref") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."wallet_id" IS DISTINCT FROM (NEW."wallet_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='6cf941cabb2c933b2c2cde3ae1ced60ac62f54ca', operation='UPDATE', pgid='pgtrigger_holds_are_never_rewritten_9525a', table='loyalty_hold', when='BEFORE')),
        ),
        *(migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop) for name in CHANGED),
    ]
