"""Tiers that colleagues give by hand: held at once, with what they bring, until a day or until they are ended."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from config.outbox.models import Event
from config.staff.models import Staff
from config.staff.roles import ADMINISTRATOR, CASHIER, FINANCE, MARKETER, STORE_MANAGER
from loyalty.models import BenefitGrant, Tier, TierStanding, Wallet
from loyalty.queries.wallets import get_wallet
from loyalty.services.verification import verify_ledger
from members.models import Colleague, Member
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
LAST = date(2026, 8, 8)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def wallet(shop: Shop) -> Wallet:
    """Of a silver member."""
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    return Wallet.objects.get(member=member)


def tier_of(wallet: Wallet, at: datetime | None = None) -> str:
    tier = get_wallet(wallet.member_id, wallet.programme_id, now=at or now()).tier
    assert tier is not None
    return tier.code


def asked(person: Staff, wallet: Wallet, step: str, **told: Any) -> str:
    """What the page says after a colleague filled in the form."""
    client = Client()
    client.force_login(person)
    told = {"tier": Tier.objects.get(code="gold").pk, "reason": "Friend of the house", **told}
    answer = client.post(f"/admin/loyalty/wallet/{wallet.pk}/{step}/", told, follow=True)
    return answer.content.decode()


def give(person: Staff, wallet: Wallet, **told: Any) -> str:
    return asked(person, wallet, "give_tier", **{"until_on": f"{LAST}", **told})


def test_a_tier_is_given_until_a_day_and_what_is_reached_stays_the_members(
    wallet: Wallet, clock: Any
) -> None:
    person = in_role(STORE_MANAGER)

    page = give(person, wallet)

    assert "holds Gold until 8 August 2026: Friend of the house" in page
    assert tier_of(wallet, datetime(2026, 8, 9, 3, 59, tzinfo=UTC)) == "gold"
    assert tier_of(wallet, datetime(2026, 8, 9, 4, 0, tzinfo=UTC)) == "silver"
    keep = get_wallet(wallet.member_id, wallet.programme_id, now=now()).tier
    assert keep is not None
    assert keep.keep is not None
    assert keep.keep.is_given
    given = TierStanding.objects.get(given_by=f"staff:{person.pk}")
    assert (
        LogEntry.objects.get().change_message
        == "Given by hand: Gold until 8 August 2026: Friend of the house"
    )
    event = Event.objects.get(name="loyalty.tier_reached", payload__previous_code="silver")
    assert event.payload["tier_code"] == "gold"

    clock.shift(timedelta(days=10))
    other = in_role(MARKETER)
    page = asked(other, wallet, "end_tier", reason="Moved away")
    assert "Gold is over" in page
    assert tier_of(wallet) == "silver"
    given.refresh_from_db()
    assert (given.until_at, given.ended_by, given.end_reason) == (now(), f"staff:{other.pk}", "Moved away")


def test_no_tier_is_given_to_who_was_erased(wallet: Wallet) -> None:
    Member.objects.filter(pk=wallet.member_id).update(state="erased")

    assert "Nothing is written about who was forgotten." in give(in_role(ADMINISTRATOR), wallet)

    assert not TierStanding.objects.exclude(given_by="").exists()


def test_what_a_given_tier_brings_ends_with_it(shop: Shop, wallet: Wallet) -> None:
    give(in_role(STORE_MANAGER), wallet)
    grant = BenefitGrant.objects.get()
    assert (grant.benefit.title, grant.valid_until) == ("Tea tasting", datetime(2026, 8, 9, 4, tzinfo=UTC))

    give(in_role(STORE_MANAGER), wallet, until_on="2026-09-30")
    grant.refresh_from_db()
    assert grant.valid_until == datetime(2026, 10, 1, 4, tzinfo=UTC)
    assert TierStanding.objects.filter(until_at__gt=now()).exclude(given_by="").count() == 1

    asked(in_role(STORE_MANAGER), wallet, "end_tier")
    grant.refresh_from_db()
    assert grant.valid_until == now()
    assert verify_ledger(now=now()) == []


def test_what_was_reached_meanwhile_keeps_its_benefits(shop: Shop, wallet: Wallet) -> None:
    give(in_role(STORE_MANAGER), wallet)
    shop.commit(basket(40_000, member=Member.objects.get(pk=wallet.member_id)))

    asked(in_role(STORE_MANAGER), wallet, "end_tier")

    assert tier_of(wallet) == "gold"
    assert BenefitGrant.objects.get().valid_until > now()


def test_what_came_with_a_given_tier_outlives_it_where_the_member_reached_the_tier(
    shop: Shop, wallet: Wallet, clock: Any
) -> None:
    give(in_role(STORE_MANAGER), wallet)
    grant = BenefitGrant.objects.get()
    shop.commit(basket(40_000, member=Member.objects.get(pk=wallet.member_id)))
    benefit = grant.benefit

    clock.move_to(datetime(2026, 8, 10, 16, tzinfo=UTC))

    assert tier_of(wallet) == "gold"
    grant.refresh_from_db()
    assert BenefitGrant.objects.filter(benefit=benefit).count() == 1
    assert grant.valid_until > now()
    assert grant.valid_until == datetime(2026, 5, 10, 4, tzinfo=UTC) + timedelta(days=benefit.valid_days)


def test_a_tier_given_again_after_its_benefit_was_used_is_reached_like_any_other(
    shop: Shop, wallet: Wallet
) -> None:
    give(in_role(STORE_MANAGER), wallet)
    BenefitGrant.objects.update(used_at=now())
    asked(in_role(STORE_MANAGER), wallet, "end_tier")
    give(in_role(STORE_MANAGER), wallet)

    answer = shop.commit(basket(40_000, member=Member.objects.get(pk=wallet.member_id)))

    assert answer.status_code == 201
    assert BenefitGrant.objects.filter(cause__startswith="given:").count() == 2


def test_a_tier_reached_long_ago_takes_nothing_of_what_was_given_today(shop: Shop, wallet: Wallet) -> None:
    give(in_role(STORE_MANAGER), wallet)
    ends = BenefitGrant.objects.get().valid_until
    member = Member.objects.get(pk=wallet.member_id)

    long_ago = (now() - timedelta(days=500)).isoformat()
    answer = shop.commit(basket(60_000, member=member, placed_at=long_ago))

    assert answer.status_code == 201
    assert BenefitGrant.objects.get(cause__startswith="given:").valid_until == ends


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"until_on": "2026-05-09"}, "Choose an end that lies ahead."),
        ({"reason": " "}, "This field is required."),
        ({"tier": "0"}, "Select a valid choice"),
    ],
)
def test_a_tier_is_not_given_like_this(wallet: Wallet, told: dict[str, str], words: str) -> None:
    assert words in give(in_role(STORE_MANAGER), wallet, **told)
    assert not TierStanding.objects.exclude(given_by="").exists()


def test_who_holds_as_much_for_longer_is_given_nothing(shop: Shop, wallet: Wallet) -> None:
    shop.commit(basket(40_000, member=Member.objects.get(pk=wallet.member_id)))

    page = give(in_role(STORE_MANAGER), wallet)

    assert "They hold Gold until 9 May 2027 already." in page
    assert not TierStanding.objects.exclude(given_by="").exists()


def test_nobody_gives_a_tier_to_themselves(wallet: Wallet) -> None:
    person = in_role(ADMINISTRATOR)
    Colleague.objects.create(staff=person, member_id=wallet.member_id)

    assert "Nobody gives a tier to themselves" in give(person, wallet)
    assert tier_of(wallet) == "silver"


@pytest.mark.parametrize("role", [CASHIER, FINANCE])
def test_a_role_without_the_right_neither_sees_nor_does_it(wallet: Wallet, role: str) -> None:
    person, client = in_role(role), Client()
    client.force_login(person)
    page = client.get(f"/admin/members/member/{wallet.member_id}/change/").content.decode()

    give(person, wallet)

    assert "Tier and benefits" in page
    assert "Give a tier" not in page
    assert not TierStanding.objects.exclude(given_by="").exists()


def test_the_members_page_leads_there_and_says_what_was_given(wallet: Wallet) -> None:
    person, client = in_role(STORE_MANAGER), Client()
    client.force_login(person)
    address = f"/admin/members/member/{wallet.member_id}/change/"
    before = client.get(address).content.decode()
    give(person, wallet)
    after = client.get(address).content.decode()

    assert f"/admin/loyalty/wallet/{wallet.pk}/give_tier/" in before
    assert "end_tier" not in before
    assert f"/admin/loyalty/wallet/{wallet.pk}/end_tier/" in after
    assert "until 2026-08-08: Friend of the house" in after
    history = client.get(f"/admin/loyalty/wallet/{wallet.pk}/end_tier/").content.decode()
    assert f"{person}: Friend of the house" in history
