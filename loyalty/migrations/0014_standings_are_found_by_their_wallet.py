from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Tills go on meanwhile."""

    atomic = False

    dependencies = [("loyalty", "0013_a_wallet_is_told_as_facts")]

    operations = [
        AddIndexConcurrently(
            model_name="tierstanding",
            index=models.Index(fields=["wallet", "until_at"], name="standings_of_a_wallet"),
        ),
    ]
