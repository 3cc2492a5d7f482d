"""Colleagues who are members too: whose wallet is whose own."""

import pghistory
from django.conf import settings
from django.db.models import CASCADE, PROTECT, ForeignKey, Model, UniqueConstraint

from config.ground.history import before_each_change
from members.models.members import Member


@pghistory.track(*before_each_change())
class Colleague(Model):
    """The member that a person who signs in is. Said by who manages staff, never by themselves."""

    staff = ForeignKey(settings.AUTH_USER_MODEL, on_delete=CASCADE, related_name="own_member", db_index=False)
    member = ForeignKey(Member, on_delete=PROTECT, related_name="+")

    is_directory = True

    class Meta:
        constraints = [UniqueConstraint(fields=["staff"], name="a_colleague_is_one_member")]

    def __str__(self) -> str:
        return f"{self.staff} is {self.member}"
