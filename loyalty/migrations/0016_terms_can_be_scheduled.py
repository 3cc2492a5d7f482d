from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0015_what_came_with_a_given_tier_keeps_its_name")]

    operations = [
        migrations.AddField(
            "programmedraft",
            "live_from",
            models.DateTimeField(
                blank=True, null=True, help_text="From when terms hold. Empty: from their approval."
            ),
        ),
        migrations.AddField("programmedraft", "withdrawn_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "programmedraft",
            "withdrawn_by",
            models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        migrations.AlterField(
            "programmedraft",
            "before",
            models.JSONField(help_text="What it took the place of; empty until it did.", null=True),
        ),
        migrations.AddConstraint(
            "programmedraft",
            models.CheckConstraint(
                condition=models.Q(("withdrawn_at", None))
                | models.Q(("before__isnull", True), ("withdrawn_at__lt", models.F("live_from"))),
                name="terms_are_withdrawn_before_they_begin",
            ),
        ),
    ]
