"""An index of pairs in the order of the queue, made while pairs are found."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("members", "0003_a_moved_identity_leaves_a_trace")]

    operations = [
        AddIndexConcurrently(
            "likelypair", models.Index(fields=["state", "-score", "-id"], name="likeliest_pair_by_state")
        ),
        RemoveIndexConcurrently("likelypair", "pair_by_state"),
        migrations.AlterField(
            model_name="signin",
            name="ended_because",
            field=models.CharField(
                blank=True, help_text="logout, reuse, moved, erased.", max_length=16
            ),
        ),
    ]
