from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
SHARED = models.BooleanField(
    db_default=False,
    default=False,
    help_text="Everybody of a household stands on the highest tier that one of them stands on, and has what of its "
    "benefits can be used as often as one likes.",
    verbose_name="Households share the tier",
)


class Migration(migrations.Migration):
    """A household keeps no benefit that is counted, a wallet says what comes by it, terms that are scheduled decide from
    their moment on whether points are shared, and a review remembers whether the tier was."""

    dependencies = [("loyalty", "0036_copies_name_no_housemate")]

    operations = [
        migrations.AddField(
            model_name="tierreview",
            name="shared_tier",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whether households shared the tier when they were levelled last.",
            ),
        ),
        migrations.AlterField("programmeterms", "households_share_tier", SHARED),
        migrations.AlterField("programmetermsevent", "households_share_tier", SHARED.clone()),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("reviews", "wallets", "pools")
        ),
    ]
