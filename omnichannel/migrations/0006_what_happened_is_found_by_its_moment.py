"""A page of a timeline reads of each kind no more rows than it shows. The tables are written meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("omnichannel", "0005_orders_are_collected_later")]

    operations = [
        AddIndexConcurrently(
            "orderreturn", models.Index(fields=["member", "returned_at", "id"], name="return_by_moment")
        ),
        AddIndexConcurrently(
            "message", models.Index(fields=["member", "queued_at", "id"], name="messages_of_member_by_moment")
        ),
        AddIndexConcurrently(
            "behaviourevent", models.Index(fields=["member", "happened_at", "id"], name="behaviour_by_moment")
        ),
    ]
