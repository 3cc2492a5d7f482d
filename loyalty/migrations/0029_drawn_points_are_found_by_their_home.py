from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("loyalty", "0028_who_never_talked_is_not_asked_long")]

    operations = [
        AddIndexConcurrently(
            "pooledlot", models.Index(fields=["from_wallet"], name="pooled_lots_by_home")
        ),
    ]
