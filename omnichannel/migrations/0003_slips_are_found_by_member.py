from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """For copies and erasures."""

    atomic = False

    dependencies = [("omnichannel", "0002_orders_are_facts")]

    operations = [
        AddIndexConcurrently(
            "returnslip",
            models.Index(
                fields=["member_id"], name="slips_of_a_member", condition=models.Q(member_id__isnull=False)
            ),
        ),
    ]
