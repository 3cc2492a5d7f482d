from django.db import migrations, models

REASONS = [
    "",
    "sent",
    "member_merged",
    "member_erased",
    "offer_over",
    "no_favourite_known",
    "consent_missing",
    "address_missing",
    "content_broken",
    "could_not_be_granted",
]


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_members_are_known_in_numbers_and_meant_by_segments")]

    operations = [
        migrations.RemoveConstraint(model_name="recipient", name="a_verdict_has_a_reason_that_is_known"),
        migrations.AddConstraint(
            model_name="recipient",
            constraint=models.CheckConstraint(
                condition=models.Q(reason__in=REASONS), name="a_verdict_has_a_reason_that_is_known"
            ),
        ),
    ]
