from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("loyalty", "0032_what_holds_drew_goes_home")]

    operations = [
        AddIndexConcurrently("pooledlot", models.Index(fields=["wallet", "drawn_at"], name="pooled_lots_as_drawn")),
        RemoveIndexConcurrently("pooledlot", "pooled_lots_by_moment"),
        RemoveIndexConcurrently("pooledlot", "pooled_lots_by_home"),
    ]
