from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Copies, erasures and undone imports ask for the rows of a member."""

    atomic = False

    dependencies = [("loyalty", "0038_a_history_of_activity_writes_lots_once")]

    operations = [
        AddIndexConcurrently("holdshare", models.Index(fields=["member"], name="hold_shares_of_a_member")),
        AddIndexConcurrently("pooledlot", models.Index(fields=["member"], name="pooled_lots_of_who_drew")),
        AddIndexConcurrently("pooledlot", models.Index(fields=["from_member"], name="pooled_lots_of_who_gave")),
    ]
