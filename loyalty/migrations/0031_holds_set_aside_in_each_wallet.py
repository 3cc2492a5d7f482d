from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """What a hold needs of others of the household is set aside in their wallets; points come over when they are spent."""

    dependencies = [
        ('loyalty', '0030_what_a_household_drew_is_owed'),
    ]

    operations = [
        migrations.CreateModel(
            name='HoldShare',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('points', models.BigIntegerField()),
                ('expires_at', models.DateTimeField(help_text="As the hold's.")),
                ('ended_at', models.DateTimeField(blank=True, help_text="As the hold's.", null=True)),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='hold',
            name='holds_are_never_rewritten',
        ),
        migrations.AddField(
            model_name='hold',
            name='points_of_others',
            field=models.BigIntegerField(db_default=0, default=0, help_text='Those of them that others of the household have set aside for it.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='hold',
            trigger=pgtrigger.compiler.Trigger(name='holds_are_never_rewritten', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."actor" IS DISTINCT FROM (NEW."actor") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."held_at" IS DISTINCT FROM (NEW."held_at") OR OLD."member_id" IS DISTINCT FROM (NEW."member_id") OR OLD."place_id" IS DISTINCT FROM (NEW."place_id") OR OLD."points" IS DISTINCT FROM (NEW."points") OR OLD."points_of_others" IS DISTINCT FROM (NEW."points_of_others") OR OLD."ref" IS DISTINCT FROM (NEW."ref") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."wallet_id" IS DISTINCT FROM (NEW."wallet_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='fdff591afa5ad9eacdb4a17cc2f35d0956489849', operation='UPDATE', pgid='pgtrigger_holds_are_never_rewritten_9525a', table='loyalty_hold', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('points_of_others__gte', 0), ('points_of_others__lte', models.F('points'))), name='a_hold_sets_aside_of_others_what_it_holds_at_most'),
        ),
        migrations.AddField(
            model_name='holdshare',
            name='hold',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='loyalty.hold'),
        ),
        migrations.AddField(
            model_name='holdshare',
            name='member',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member'),
        ),
        migrations.AddField(
            model_name='holdshare',
            name='wallet',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.wallet'),
        ),
        migrations.AddIndex(
            model_name='holdshare',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['wallet', 'expires_at'], name='hold_shares_that_count'),
        ),
        migrations.AddConstraint(
            model_name='holdshare',
            constraint=models.UniqueConstraint(fields=('hold', 'member'), name='a_hold_has_one_share_of_a_member'),
        ),
        migrations.AddConstraint(
            model_name='holdshare',
            constraint=models.CheckConstraint(condition=models.Q(('points__gt', 0)), name='a_share_of_a_hold_holds_points'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='holdshare',
            trigger=pgtrigger.compiler.Trigger(name='hold_shares_are_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='befaaa886988375671c189d89fb8781546c4abb5', operation='DELETE', pgid='pgtrigger_hold_shares_are_never_deleted_d2b3e', table='loyalty_holdshare', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='holdshare',
            trigger=pgtrigger.compiler.Trigger(name='hold_shares_are_never_rewritten', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."hold_id" IS DISTINCT FROM (NEW."hold_id") OR OLD."member_id" IS DISTINCT FROM (NEW."member_id") OR OLD."points" IS DISTINCT FROM (NEW."points") OR OLD."wallet_id" IS DISTINCT FROM (NEW."wallet_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='e29506fdb3ed8a44491c61cbb54d5fdf107dacb1', operation='UPDATE', pgid='pgtrigger_hold_shares_are_never_rewritten_24f58', table='loyalty_holdshare', when='BEFORE')),
        ),
        migrations.RunSQL(
            """
            DROP FUNCTION IF EXISTS loyalty_draw(bigint, bigint, text, text, text, text, text, timestamptz, timestamptz);
            DROP FUNCTION IF EXISTS loyalty_lock_pool(bigint, bigint, timestamptz);
            DROP FUNCTION IF EXISTS loyalty_pool_shares(bigint, bigint, timestamptz);
            DROP FUNCTION IF EXISTS loyalty_level_pool(bigint, bigint, text, timestamptz);
            DROP FUNCTION IF EXISTS loyalty_draw_pool(loyalty_wallet, bigint, text, timestamptz);
            DROP FUNCTION IF EXISTS loyalty_send_home(loyalty_wallet, bigint, text, timestamptz);
            DROP FUNCTION IF EXISTS loyalty_bring_home(bigint, bigint, text, timestamptz);
            """,
            migrations.RunSQL.noop,
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("book", "pools", "holds", "rewards", "returns", "purchase")
        ),
    ]
