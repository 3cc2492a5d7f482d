from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
CHANGED = ["facts", "purchase", "returns"]
MADE = ["loyalty_uses", "loyalty_lock_uses", "loyalty_count_uses", "loyalty_give_uses_back"]

OLD_FACTS = """
DO $$
DECLARE
    old regprocedure;
BEGIN
    FOR old IN SELECT oid FROM pg_proc WHERE proname = 'loyalty_purchase_facts' LOOP
        EXECUTE 'DROP FUNCTION ' || old;
    END LOOP;
END
$$
"""
"""It takes other arguments from now on."""


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0015_members_give_points'),
        ('members', '0002_codes_prove_presence_too'),
    ]

    operations = [
        migrations.CreateModel(
            name='MemberRuleUse',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('bucket', models.CharField(blank=True, help_text="A day of the programme's calendar (ISO), or empty for all time.", max_length=10)),
                ('points', models.BigIntegerField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('rule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.rule')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('member', 'rule', 'bucket'), name='a_rule_is_counted_once_for_a_member'), models.CheckConstraint(condition=models.Q(('points__gte', 0)), name='a_rule_gave_a_member_nothing_or_more')],
            },
        ),
        migrations.CreateModel(
            name='RuleUse',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('bucket', models.CharField(blank=True, help_text="A day of the programme's calendar (ISO), or empty for all time.", max_length=10)),
                ('points', models.BigIntegerField()),
                ('rule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.rule')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('rule', 'bucket'), name='a_rule_is_counted_once'), models.CheckConstraint(condition=models.Q(('points__gte', 0)), name='a_rule_gave_nothing_or_more')],
            },
        ),
        migrations.RunSQL(
            (SQL / "caps.sql").read_text(), "; ".join(f"DROP FUNCTION {function}" for function in MADE)
        ),
        migrations.RunSQL(OLD_FACTS, migrations.RunSQL.noop),
        *(migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop) for name in CHANGED),
    ]
