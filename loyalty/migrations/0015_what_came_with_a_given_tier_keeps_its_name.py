from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0014_standings_are_found_by_their_wallet")]

    operations = [
        migrations.AlterModelOptions(
            name="programmedraft",
            options={
                "verbose_name": "draft of terms, limits or a file",
                "verbose_name_plural": "drafts of terms, limits and files",
            },
        ),
        *(
            migrations.AlterField(
                model_name=name,
                name="answer",
                field=models.TextField(help_text="JSON text; the wallet as `loyalty.rules.wallets.WalletFacts`."),
            )
            for name in ("reversal", "settlement")
        ),
        *(migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop) for name in ("purchase", "stamps", "screen")),
    ]
