"""Benefits of each year for who keeps a tier, and birthday gifts around the birthday alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from loyalty.errors.tiers import BenefitNotUsable
from loyalty.models import Benefit, BenefitBooking, BenefitGrant
from loyalty.queries.benefits import list_benefits_in_hand
from loyalty.rules.birthdays import Window, window_around
from loyalty.services.benefits import book_benefit, grant_benefit, use_benefit
from loyalty.services.tier_reviews import review_tiers
from members.models import Member
from tests.loyalty.conftest import Shop, basket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def gold(shop: Shop) -> Member:
    """A member who has just reached gold, which brings a tasting each year."""
    Benefit.objects.update(is_each_year=True)
    member = shop.enrol()
    shop.commit(basket(50_000, member=member))
    return member


def granted() -> list[tuple[date, date]]:
    """From and until which day, in New York."""
    rows = BenefitGrant.objects.order_by("granted_at").values_list("granted_at", "valid_until")
    shift = timedelta(hours=5)
    return [((begins - shift).date(), (ends - shift).date()) for begins, ends in rows]


def test_who_keeps_the_tier_is_granted_the_benefit_of_each_year_anew(
    shop: Shop, gold: Member, clock: Any
) -> None:
    first = (date(2026, 5, 10), date(2027, 5, 9))
    assert granted() == [first]
    clock.shift(timedelta(days=300))
    shop.commit(basket(50_000, member=gold))
    review_tiers(now=now())
    assert granted() == [first]

    clock.shift(timedelta(days=64))
    review_tiers(now=now())
    review_tiers(now=now())

    assert granted() == [first, (date(2027, 5, 9), date(2028, 5, 8))]
    told = list_benefits_in_hand(gold.pk, shop.programme.pk, now=now())
    assert len(told) == 1
    use_benefit(told[0].ref, programme_id=shop.programme.pk, where="", actor="test", now=now())
    clock.shift(timedelta(days=1))
    told = list_benefits_in_hand(gold.pk, shop.programme.pk, now=now())
    assert [one.uses_left for one in told] == [1]


def test_what_is_granted_for_next_year_is_not_used_before(shop: Shop, gold: Member, clock: Any) -> None:
    clock.shift(timedelta(days=300))
    shop.commit(basket(50_000, member=gold))
    clock.shift(timedelta(days=63, hours=12))
    review_tiers(now=now())
    ahead = BenefitGrant.objects.latest("granted_at")

    with pytest.raises(BenefitNotUsable, match="can be used from 10 May 2027"):
        use_benefit(ahead.ref, programme_id=shop.programme.pk, where="", actor="test", now=now())


def test_who_lost_the_tier_is_granted_nothing(shop: Shop, gold: Member, clock: Any) -> None:
    clock.shift(timedelta(days=400))
    review_tiers(now=now())
    assert len(granted()) == 1


def test_what_a_tier_brings_only_once_is_not_granted_anew(shop: Shop, gold: Member, clock: Any) -> None:
    Benefit.objects.update(is_each_year=False)
    clock.shift(timedelta(days=300))
    shop.commit(basket(50_000, member=gold))
    clock.shift(timedelta(days=70))
    review_tiers(now=now())
    assert len(granted()) == 1


def test_a_benefit_of_each_year_that_a_tier_brings_later_reaches_who_holds_it(
    shop: Shop, gold: Member
) -> None:
    tier = Benefit.objects.get().tier
    Benefit.objects.create(tier=tier, code="tea", kind="concierge", title="Tea", is_each_year=True)
    Benefit.objects.create(tier=tier, code="once", kind="concierge", title="Once")

    review_tiers(now=now())

    assert sorted(BenefitGrant.objects.values_list("benefit__code", flat=True)) == ["tasting", "tea"]


def gift(shop: Shop, *, birthday: tuple[int, int] | None) -> tuple[Member, BenefitGrant]:
    """Somebody on gold, who has a birthday gift from a week before until two weeks after the day."""
    Benefit.objects.update(kind="birthday_gift", title="Cake", valid_days=900, is_each_year=True)
    member = shop.enrol()
    if birthday:
        Member.objects.filter(pk=member.pk).update(birth_month=birthday[0], birth_day=birthday[1])
    shop.commit(basket(50_000, member=member))
    return member, BenefitGrant.objects.get(member=member)


def use(shop: Shop, grant: BenefitGrant) -> BenefitBooking:
    return use_benefit(
        grant.ref, programme_id=shop.programme.pk, where="Main street", actor="test", now=now()
    )


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 6, 13, 3, 59, tzinfo=UTC), "Cake can be used from 13 June 2026 to 4 July 2026."),
        (datetime(2026, 6, 13, 4, 0, tzinfo=UTC), ""),
        (datetime(2026, 7, 5, 3, 59, tzinfo=UTC), ""),
        (datetime(2026, 7, 5, 4, 0, tzinfo=UTC), "Cake can be used from 13 June 2027 to 4 July 2027."),
    ],
)
def test_a_birthday_gift_is_used_around_the_birthday_alone(
    shop: Shop, clock: Any, at: datetime, words: str
) -> None:
    _, grant = gift(shop, birthday=(6, 20))
    clock.move_to(at)
    if not words:
        assert use(shop, grant).state == "used"
        return
    with pytest.raises(BenefitNotUsable) as refused:
        use(shop, grant)
    assert refused.value.detail == words
    assert not BenefitBooking.objects.exists()


def test_one_birthday_is_celebrated_once_by_whichever_grant(shop: Shop, clock: Any) -> None:
    member, grant = gift(shop, birthday=(5, 12))
    benefit, until = grant.benefit, now() + timedelta(days=900)
    grant_benefit(benefit, [member.pk], cause="offer:1", valid_until=until, now=now())
    other = BenefitGrant.objects.get(cause="offer:1")
    use(shop, grant)

    with pytest.raises(BenefitNotUsable, match="Cake was used on 10 May 2026 at Main street"):
        use(shop, other)

    clock.shift(timedelta(days=365))
    assert use(shop, other).state == "used"


def shown(shop: Shop, member: Member) -> list[str]:
    """The benefits on the till's screen."""
    screen = shop.post("till/lookup", {"member": {"ref": member.ref}}).json()
    return [one["title"] for one in screen["benefits"]]


def test_the_till_shows_a_birthday_gift_while_it_can_be_used(shop: Shop, clock: Any) -> None:
    member, grant = gift(shop, birthday=(6, 20))
    told = []
    for at in (datetime(2026, 6, 13, 3, tzinfo=UTC), datetime(2026, 6, 13, 5, tzinfo=UTC)):
        clock.move_to(at)
        told.append(shown(shop, member))
    use(shop, grant)
    assert [*told, shown(shop, member)] == [[], ["Cake"], []]
    clock.move_to(datetime(2027, 6, 14, tzinfo=UTC))
    assert shown(shop, member) == ["Cake"]


def test_the_till_and_the_rules_know_the_same_days(db: None) -> None:
    days = [date(2027, 12, 1) + timedelta(days=n) for n in range(0, 120, 3)]
    asked = [(day, born) for day in days for born in ((2, 29), (1, 4), (12, 25), (2, 28), (3, 1))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_is_near_birthday(month, born, day, 7, 14)"
            " FROM unnest(%s::date[], %s::int[], %s::int[]) AS x(day, month, born)",
            [[day for day, _ in asked], [month for _, (month, _) in asked], [born for _, (_, born) in asked]],
        )
        told = [near for (near,) in cursor.fetchall()]
    assert told == [window_around(day, born, days_before=7, days_after=14).has(day) for day, born in asked]


def test_without_a_birthday_nobody_can_say_when(shop: Shop) -> None:
    member, grant = gift(shop, birthday=None)
    with pytest.raises(BenefitNotUsable, match="nobody knows it yet"):
        book_benefit(grant.ref, member_id=member.pk, date_id=None, actor="test", now=now())
    [told] = list_benefits_in_hand(member.pk, shop.programme.pk, now=now())
    assert (told.is_birthday_unknown, told.usable_from, told.usable_until) == (True, None, None)


def test_the_app_is_told_the_days(shop: Shop) -> None:
    member, _ = gift(shop, birthday=(6, 20))
    [told] = list_benefits_in_hand(member.pk, shop.programme.pk, now=now())
    assert (told.usable_from, told.usable_until) == (date(2026, 6, 13), date(2026, 7, 4))


@pytest.mark.parametrize(
    ("day", "birthday", "first", "last"),
    [
        (date(2027, 2, 21), (2, 29), date(2027, 2, 21), date(2027, 3, 14)),
        (date(2028, 2, 21), (2, 29), date(2028, 2, 22), date(2028, 3, 14)),
        (date(2026, 12, 30), (1, 4), date(2026, 12, 28), date(2027, 1, 18)),
        (date(2027, 1, 1), (12, 25), date(2026, 12, 18), date(2027, 1, 8)),
        (date(2027, 1, 9), (12, 25), date(2027, 12, 18), date(2028, 1, 8)),
    ],
)
def test_a_window_goes_over_leap_days_and_new_year(
    day: date, birthday: tuple[int, int], first: date, last: date
) -> None:
    length = {"days_before": 7, "days_after": 14}
    if birthday == (2, 29) and day.year == 2028:
        last = date(2028, 3, 14)
    assert window_around(day, birthday, **length) == Window(first, last)
