"""Referrals: members' codes, and the friends who joined by them."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint


class ReferralCode(models.Model):
    """The code by which a member's friends join a programme. Made when it is first asked for, and kept."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    code = models.CharField(max_length=24, help_text="In its normal form: `loyalty.rules.voucher_codes`.")

    is_directory = True

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "code"], name="a_referral_code_names_one_member"),
            UniqueConstraint(fields=["member", "programme"], name="a_member_has_one_referral_code"),
        ]

    def __str__(self) -> str:
        return self.code


class ReferredFriend(models.Model):
    """Somebody who joined by a member's code, once in a programme and for good.

    `due_at`: when a purchase was kept long enough, as things stand; empty while there is none. `counted_at`: when it
    was, and both got what they get.
    """

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    referred_by_id = models.BigIntegerField(help_text="The member whose code it was.")
    joined_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "programme"], name="a_friend_is_referred_once"),
            CheckConstraint(condition=~Q(member=F("referred_by_id")), name="nobody_refers_themselves"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="friends_who_are_due",
                condition=Q(counted_at=None, due_at__isnull=False),
            ),
            models.Index(fields=["referred_by_id"], name="friends_of_a_member"),
        ]

    def __str__(self) -> str:
        return f"friend {self.member_id}"
