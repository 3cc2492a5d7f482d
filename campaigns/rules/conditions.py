"""What a segment can ask about one member: a closed set of typed questions, each with its words and
judgement.

A condition is data (a tagged struct: `{"type": "tier_is", "tiers": ["gold"]}`), never code. Each one answers
three things about a member's facts: does it hold, what did it see, and how is it said in plain words. The
same questions in SQL are in `campaigns/queries/segment_sql.py`; a property test holds the two together.

"Today" is always the day of the programme's timezone; a window of N days has today as its last day.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec

from config.ground.amounts import money
from config.ground.words import either

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Codes = Annotated[list[Code], msgspec.Meta(min_length=1, max_length=50)]
Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]
Month = Annotated[int, msgspec.Meta(ge=1, le=12)]
Channel = Literal["email", "sms", "push", "chat", "inbox", "mail", "phone"]
Purpose = Literal["marketing", "points", "service", "surveys", "profiling"]


@dataclass(frozen=True, slots=True)
class DaySum:
    """What a member bought in a programme on one day."""

    bought_on: date
    purchases: int
    spent_minor: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one member in one programme. `consents` holds the granted (channel, purpose) pairs,
    `answers` what they chose of what the house asks, such as `milk=oat` or `garden=yes`.
    """

    member_id: int
    tier_code: str = ""
    last_purchase_on: date | None = None
    favourite_category: str = ""
    favourite_department: str = ""
    birth_month: int | None = None
    consents: frozenset[tuple[str, str]] = frozenset()
    answers: frozenset[str] = frozenset()
    days: tuple[DaySum, ...] = ()

    def days_within(self, days: int, today: date) -> list[DaySum]:
        """The sums of the window of `days` days that ends today."""
        start = window_start(days, today)
        return [day for day in self.days if start <= day.bought_on <= today]


def window_start(days: int, today: date) -> date:
    """The first day of a window of `days` days whose last day is today."""
    return today - timedelta(days=days - 1)


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question about one member; the base of all conditions without children.

    Each has `words(currency)`, the condition as the end of "a member who ..."; `holds(facts, today)`, whether it is
    true of this member today; and `seen(facts, today, currency)`, what was found when asking, for a person to read.
    """


class HoldsTier(Question, frozen=True, kw_only=True, tag="tier_is"):
    """The member's tier is one of these codes."""

    tiers: Codes

    def words(self, currency: str) -> str:
        return f"is in tier {either(self.tiers)}"

    def holds(self, facts: Facts, today: date) -> bool:
        return facts.tier_code in self.tiers

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        return f"tier {facts.tier_code}" if facts.tier_code else "no tier"


class BoughtWithin(Question, frozen=True, kw_only=True, tag="bought_within"):
    """The last purchase lies within the last `days` days."""

    days: Days

    def words(self, currency: str) -> str:
        return f"bought within the last {self.days} days"

    def holds(self, facts: Facts, today: date) -> bool:
        last = facts.last_purchase_on
        return last is not None and last >= window_start(self.days, today)

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        return _last_purchase(facts)


class NotBoughtWithin(Question, frozen=True, kw_only=True, tag="not_bought_within"):
    """There was a purchase once, and none within the last `days` days. Who never bought is not meant."""

    days: Days

    def words(self, currency: str) -> str:
        return f"bought before, but not within the last {self.days} days"

    def holds(self, facts: Facts, today: date) -> bool:
        last = facts.last_purchase_on
        return last is not None and last < window_start(self.days, today)

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        return _last_purchase(facts)


class FavouriteCategoryIs(Question, frozen=True, kw_only=True, tag="favourite_category_is"):
    """The category with the most spend in the twelve months up to the last purchase is one of these."""

    categories: Codes

    def words(self, currency: str) -> str:
        return f"has {either(self.categories)} as favourite category"

    def holds(self, facts: Facts, today: date) -> bool:
        return facts.favourite_category in self.categories

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        found = facts.favourite_category
        return f"favourite category {found}" if found else "no favourite known"


class FavouriteDepartmentIs(Question, frozen=True, kw_only=True, tag="favourite_department_is"):
    """The department with the most spend in the twelve months up to the last purchase is one of these."""

    departments: Codes

    def words(self, currency: str) -> str:
        return f"has {either(self.departments)} as favourite department"

    def holds(self, facts: Facts, today: date) -> bool:
        return facts.favourite_department in self.departments

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        found = facts.favourite_department
        return f"favourite department {found}" if found else "no favourite known"


class BirthdayThisMonth(Question, frozen=True, kw_only=True, tag="birthday_this_month"):
    """The birthday falls into the programme's present month."""

    def words(self, currency: str) -> str:
        return "has a birthday this month"

    def holds(self, facts: Facts, today: date) -> bool:
        return facts.birth_month == today.month

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        return _birthday(facts)


class BirthdayIn(Question, frozen=True, kw_only=True, tag="birthday_in"):
    """The birthday falls into one of these months, 1 to 12."""

    months: Annotated[list[Month], msgspec.Meta(min_length=1, max_length=12)]

    def words(self, currency: str) -> str:
        return f"has a birthday in {either([calendar.month_name[month] for month in self.months])}"

    def holds(self, facts: Facts, today: date) -> bool:
        return facts.birth_month in self.months

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        return _birthday(facts)


class SpentAtLeast(Question, frozen=True, kw_only=True, tag="spent_at_least"):
    """Paid in purchases within the last `days` days: at least this many minor units."""

    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    days: Days

    def words(self, currency: str) -> str:
        return f"spent at least {money(self.amount_minor, currency)} within the last {self.days} days"

    def holds(self, facts: Facts, today: date) -> bool:
        return self._spent_minor(facts, today) >= self.amount_minor

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        return f"spent {money(self._spent_minor(facts, today), currency)} in these {self.days} days"

    def _spent_minor(self, facts: Facts, today: date) -> int:
        return sum(day.spent_minor for day in facts.days_within(self.days, today))


class PurchasesAtLeast(Question, frozen=True, kw_only=True, tag="purchases_at_least"):
    """At least this many purchases within the last `days` days."""

    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    days: Days

    def words(self, currency: str) -> str:
        return f"made at least {self.count} purchases within the last {self.days} days"

    def holds(self, facts: Facts, today: date) -> bool:
        return self._purchases(facts, today) >= self.count

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        return f"{self._purchases(facts, today)} purchases in these {self.days} days"

    def _purchases(self, facts: Facts, today: date) -> int:
        return sum(day.purchases for day in facts.days_within(self.days, today))


class ConsentsTo(Question, frozen=True, kw_only=True, tag="consents_to"):
    """The member agreed to be written to through this channel for this purpose."""

    channel: Channel
    purpose: Purpose = "marketing"

    def words(self, currency: str) -> str:
        return f"agreed to {self.purpose} by {self.channel}"

    def holds(self, facts: Facts, today: date) -> bool:
        return (self.channel, self.purpose) in facts.consents

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        return f"consent to {self.purpose} by {self.channel}" if self.holds(facts, today) else "no consent"


class Answered(Question, frozen=True, kw_only=True, tag="answered"):
    """The member chose one of these among what the house asks: code of the attribute and value, such as `milk=oat`,
    `garden=yes`. Of attributes that everyone on staff may see."""

    answers: Codes

    def words(self, currency: str) -> str:
        return f"answered {either(self.answers)}"

    def holds(self, facts: Facts, today: date) -> bool:
        return not facts.answers.isdisjoint(self.answers)

    def seen(self, facts: Facts, today: date, currency: str) -> str:
        return f"answered {', '.join(sorted(facts.answers))}" if facts.answers else "nothing answered"


def _last_purchase(facts: Facts) -> str:
    return f"last purchase on {facts.last_purchase_on}" if facts.last_purchase_on else "never bought"


def _birthday(facts: Facts) -> str:
    month = facts.birth_month
    return f"birthday in {calendar.month_name[month]}" if month else "birthday not known"
