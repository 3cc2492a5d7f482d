from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("omnichannel", "0004_returns_of_nobodys_purchase_are_kept")]

    operations = [
        migrations.AddField(
            "order",
            "collected_at",
            models.DateTimeField(null=True, help_text="When goods to be collected were handed over."),
        ),
        migrations.AddField("unclaimedorder", "collected_at", models.DateTimeField(null=True)),
    ]
