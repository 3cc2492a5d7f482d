"""What is known of members in numbers: sums by day and by category, and one wide row for each member.

All of it is derived from orders, tiers and members; deleting it loses nothing, and `rebuild_features` makes
it again.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from members.models import Member
from omnichannel.models import Programme


class MemberDay(models.Model):
    """What a member bought in a programme on one day of its timezone. Windows are sums of these."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, db_index=False, related_name="+")
    bought_on = models.DateField()
    purchases = models.PositiveIntegerField()
    spent_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member", "programme", "bought_on"], name="a_member_has_one_sum_for_each_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.bought_on}: {self.spent_minor}"


class MemberCategory(models.Model):
    """What a member spent on one category in one month: what his favourites are told from."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, db_index=False, related_name="+")
    month_on = models.DateField(help_text="The first day of the month.")
    department = models.CharField(max_length=120, blank=True)
    category = models.CharField(max_length=120, blank=True)
    spent_minor = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "member categories"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member", "programme", "month_on", "department", "category"],
                name="a_member_has_one_sum_for_each_category_and_month",
            ),
            models.CheckConstraint(condition=Q(month_on__day=1), name="a_month_is_named_by_its_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.month_on:%Y-%m} {self.category}: {self.spent_minor}"


class MemberFeature(models.Model):
    """One wide row for each member of a programme: what segments ask about most.

    The favourites are those of the twelve months up to the last purchase, so they change with purchases and
    never by the calendar alone. A birthday is read from the member, a consent from its own table.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, db_index=False, related_name="+")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, db_index=False, related_name="+")
    first_purchase_on = models.DateField(null=True)
    last_purchase_on = models.DateField(null=True)
    purchases = models.PositiveIntegerField(default=0)
    spent_minor = models.BigIntegerField(default=0)
    favourite_category = models.CharField(max_length=120, blank=True, default="")
    favourite_department = models.CharField(max_length=120, blank=True, default="")
    tier_code = models.CharField(max_length=40, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member", "programme"], name="a_member_has_one_feature_row_for_each_programme"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["programme", "last_purchase_on"], name="features_by_last_purchase"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.purchases} purchases, last on {self.last_purchase_on}"
