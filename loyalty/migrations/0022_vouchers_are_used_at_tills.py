from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
CHANGED = ["vouchers", "facts", "purchase", "returns"]
MADE = ["loyalty_lock_vouchers_of", "loyalty_vouchers_of", "loyalty_give_vouchers_back"]


class Migration(migrations.Migration):
    dependencies = [('loyalty', '0021_acts_are_settled_once')]

    operations = [
        migrations.RemoveConstraint(model_name="voucher", name="a_gift_card_is_never_overdrawn"),
        migrations.AddField(
            model_name="voucher",
            name="worth_minor",
            field=models.BigIntegerField(help_text="What was put into a gift card.", null=True),
        ),
        migrations.RunSQL(
            "UPDATE loyalty_voucher SET worth_minor = left_minor WHERE left_minor IS NOT NULL", migrations.RunSQL.noop
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("left_minor", None), ("worth_minor", None)),
                    models.Q(("left_minor__gte", 0), ("left_minor__lte", models.F("worth_minor"))),
                    _connector="OR",
                ),
                name="a_gift_card_is_never_overdrawn",
            ),
        ),
        *(migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop) for name in CHANGED),
        migrations.RunSQL(
            migrations.RunSQL.noop, "; ".join(f"DROP FUNCTION IF EXISTS {function}" for function in MADE)
        ),
    ]
