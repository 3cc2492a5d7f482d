"""Tiers, benefits and terms on the staff's pages."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.staff.roles import ADMINISTRATOR, CASHIER, FINANCE, MARKETER
from loyalty.models import Benefit, ProgrammeTerms, Tier
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db
NO_BENEFITS = {"benefits-TOTAL_FORMS": "0", "benefits-INITIAL_FORMS": "0"}
AS_THEY_ARE = {
    "burn_points": "10",
    "burn_minor": "0.01",
    "maturity_days": "0",
    "expiry_days": "365",
    "expiry_kind": "rolling",
    "kept_alive_by": "purchase",
    "welcome_points": "0",
    "when_spent": "clamp",
    "households_share": "on",
}


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(in_role(role))
    return client


def silver(shop: Shop) -> Tier:
    return Tier.objects.get(programme=shop.programme, code="silver")


def _platinum_with_a_benefit(valid_days: str) -> dict[str, str]:
    benefit = {"title": "Own barista", "code": "barista", "kind": "concierge", "valid_days": valid_days}
    benefit |= {"days_before": "7", "days_after": "14"}
    form = {"name": "Platinum", "code": "platinum"}
    form |= {"benefits-TOTAL_FORMS": "1", "benefits-INITIAL_FORMS": "0"}
    return form | {f"benefits-0-{name}": value for name, value in (benefit | {"is_active": "on"}).items()}


def test_a_new_tier_goes_on_top_with_its_benefit(shop: Shop) -> None:
    form = _platinum_with_a_benefit(valid_days="365")

    answer = signed_in(ADMINISTRATOR).post("/admin/loyalty/tier/add/", form)

    assert answer.status_code == 302, answer.content.decode()
    tier = Tier.objects.get(programme=shop.programme, code="platinum")
    assert tier.rank == 3
    assert Benefit.objects.get(tier=tier).title == "Own barista"


def test_a_benefit_lasts_at_least_a_day(shop: Shop) -> None:
    form = _platinum_with_a_benefit(valid_days="0")

    page = signed_in(ADMINISTRATOR).post("/admin/loyalty/tier/add/", form)

    assert "A benefit lasts at least a day." in page.content.decode()
    assert not Tier.objects.filter(programme=shop.programme, code="platinum").exists()


def test_the_list_says_who_stands_where(shop: Shop, django_assert_num_queries: Any) -> None:
    client = signed_in(FINANCE)
    shop.commit(basket(5_000, member=shop.enrol()))
    with CaptureQueriesContext(connection) as counted:
        client.get("/admin/loyalty/tier/")
    statements = len(counted)
    for _ in range(2):
        shop.commit(basket(12_000, member=shop.enrol()))

    with django_assert_num_queries(statements):
        page = client.get("/admin/loyalty/tier/").content.decode()

    assert "100.00 USD" in page
    assert "Tea tasting" in page


def test_a_marketer_sees_tiers_and_may_not_change_them(shop: Shop) -> None:
    client = signed_in(MARKETER)
    address = f"/admin/loyalty/tier/{silver(shop).pk}/change/"

    assert client.get(address).status_code == 200
    assert client.post(address, {"name": "Ag", **NO_BENEFITS}).status_code == 403
    assert signed_in(CASHIER).get(address).status_code == 403
    assert silver(shop).name == "Silver"


def test_terms_are_changed_in_money_and_said_in_words(shop: Shop) -> None:
    terms = ProgrammeTerms.objects.get(programme=shop.programme)
    address = f"/admin/loyalty/programmeterms/{terms.pk}/change/"
    client = signed_in(FINANCE)
    form = {
        "burn_points": "100",
        "burn_minor": "0.50",
        "maturity_days": "14",
        "expiry_days": "",
        "expiry_kind": "rolling",
        "kept_alive_by": "purchase",
        "welcome_points": "50",
        "when_spent": "refuse",
        "households_share": "on",
    }

    assert "10 points pay 0.01 USD" in client.get(address).content.decode()
    assert client.post(address, form).status_code == 302

    words = "100 points pay 0.50 USD; they can be spent after 14 days and never expire; 50 welcome points; "
    words += "a return whose points are spent is refused."
    assert words in client.get(address).content.decode()
    terms.refresh_from_db()
    assert (terms.burn_points, terms.burn_minor, terms.expiry_days) == (100, 50, None)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"burn_minor": "0"}, "name more than 0"),
        ({"burn_points": "0"}, "greater than or equal to 1"),
        ({"expiry_days": "0"}, "Points live for a day at least"),
        ({"expiry_kind": "date"}, "Name the day on which points run out"),
        ({"maturity_days": "-1"}, "greater than or equal to 0"),
    ],
)
def test_terms_that_say_nothing_are_refused(shop: Shop, changed: dict[str, str], words: str) -> None:
    terms = ProgrammeTerms.objects.get(programme=shop.programme)
    form = {
        "burn_points": "10",
        "burn_minor": "0.01",
        "maturity_days": "0",
        "expiry_days": "365",
        "expiry_kind": "rolling",
        "kept_alive_by": "purchase",
        "welcome_points": "0",
        "when_spent": "clamp",
        "households_share": "on",
    }

    page = signed_in(FINANCE).post(f"/admin/loyalty/programmeterms/{terms.pk}/change/", form | changed)

    assert words in page.content.decode()
    terms.refresh_from_db()
    assert (terms.burn_points, terms.burn_minor, terms.expiry_days, terms.maturity_days) == (10, 1, 365, 0)


def test_terms_tell_who_changed_what_and_a_purchase_is_no_change(shop: Shop) -> None:
    terms = ProgrammeTerms.objects.get(programme=shop.programme)
    address = f"/admin/loyalty/programmeterms/{terms.pk}/change/"
    person, client = in_role(FINANCE), Client()
    person.display_name = "Amparo Ruiz"
    person.save()
    client.force_login(person)
    client.post(address, AS_THEY_ARE | {"burn_minor": "0.50", "expiry_days": ""})
    client.post(address, AS_THEY_ARE | {"burn_minor": "0.50", "expiry_days": "30"})
    shop.commit(basket(12_000, member=shop.enrol()))
    Tier.objects.filter(code="silver").update(name="Ag")  # moves the stamp of the terms

    changes = client.get(address).context["changes"]

    assert [(change.by, change.words) for change in changes] == [
        ("Amparo Ruiz", ["days they live: for ever → 30"]),
        ("Amparo Ruiz", ["pay: 0.01 USD → 0.50 USD", "days they live: 365 → for ever"]),
    ]


def test_a_tier_tells_its_changes_and_those_of_its_benefits(shop: Shop) -> None:
    tier = Tier.objects.get(programme=shop.programme, code="gold")
    benefit = Benefit.objects.create(tier=tier, code="tea", kind="event", title="Tea tasting")
    address = f"/admin/loyalty/tier/{tier.pk}/change/"
    client = signed_in(ADMINISTRATOR)
    Benefit.objects.filter(pk=benefit.pk).update(is_active=False, description="Two seats")
    client.post(address, {"name": "Aurum", **NO_BENEFITS})

    page = client.get(address)
    told = [(change.by, change.words) for change in page.context["changes"]]

    assert told[0] == (
        "no colleague: a program or the console",
        ["Tea tasting, description: none → Two seats", "Tea tasting, is active: yes → no"],
    )
    assert told[1][1] == ["name: Gold → Aurum"]
    assert told[1][0] != told[0][0]


def test_a_programme_has_one_set_of_terms(shop: Shop) -> None:
    page = signed_in(ADMINISTRATOR).post("/admin/loyalty/programmeterms/add/", AS_THEY_ARE)

    assert "has its terms already" in page.content.decode()
    assert ProgrammeTerms.objects.count() == 1


def test_with_several_programmes_the_page_asks_first_for_which(shop: Shop, open_shop: Any) -> None:
    other = open_shop()

    page = signed_in(ADMINISTRATOR).get("/admin/loyalty/tier/add/").content.decode()

    assert f"?programme={shop.programme.pk}" in page
    assert f"?programme={other.programme.pk}" in page
