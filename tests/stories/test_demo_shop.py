"""The demo shop, and with it the shipped sample: its points are those of a second reckoning."""

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from campaigns.demo.evening import GUESTS, SEATS
from campaigns.demo.offers import NOBODY_LIKES
from campaigns.demo.opinions import REPLIES
from campaigns.demo.service import ANSWERS, TALKS
from campaigns.demo.shop import PROMOTED_DEPARTMENT
from campaigns.demo.words import readable
from campaigns.models import Campaign, CampaignRun, Segment
from config.outbox.models import Delivery
from loyalty.models import BenefitBooking, Entry
from loyalty.services.import_report import Report
from loyalty.services.importing import import_feeds
from loyalty.services.verification import verify_ledger
from members.models import Identity, Member
from omnichannel.models import Interaction, Message, Order, ServiceCase, SurveyInvitation
from tests.stories.reckoning import PROGRAMME, SAMPLE, assert_books_agree, open_grocer


def _import_sample() -> Any:
    report = Report(refusals=_Nobody(), watch=lambda *_: None)
    names = ("transactions", "products", "stores", "members")
    import_feeds(
        [SAMPLE / f"{name}.csv.gz" for name in names],
        programme_code=PROGRAMME,
        report=report,
        clock=lambda: datetime.now(UTC),
    )
    return report.tally


class _Nobody:
    def add(self, file: str, row: int, reason: str, raw: Any) -> None:
        raise AssertionError(f"{file} {row}: {reason} {raw}")


@pytest.mark.django_db
def test_points_of_the_sample_are_those_of_a_second_reckoning() -> None:
    open_grocer()
    assert _import_sample().orders_refused == 0
    assert_books_agree()

    before = (Order.objects.count(), Entry.objects.count(), Member.objects.count())
    again = _import_sample()
    assert (again.orders_booked, again.orders_anonymous, again.points_earned) == (0, 0, 0)
    assert (Order.objects.count(), Entry.objects.count(), Member.objects.count()) == before


@pytest.mark.django_db(transaction=True)
def test_the_demo_shop_opens_once_and_goes_on_after_a_crash(tmp_path: Path) -> None:
    notes = tmp_path / "demo.json"
    call_command("load_demo", notes=notes)
    noted = json.loads(notes.read_text())
    orders = Order.objects.count()
    welcomes = Entry.objects.filter(cause="welcome")
    assert set(welcomes.values_list("seq", flat=True)) == {1}, "who was welcomed after buying looks odd"
    assert welcomes.count() == Member.objects.count() == 150
    booked = BenefitBooking.objects.order_by("pk").values_list("state", flat=True)
    assert list(booked) == ["booked"] * SEATS + ["waiting"] * (GUESTS - SEATS)
    cases, talks = ServiceCase.objects.count(), Interaction.objects.count()
    answered = SurveyInvitation.objects.filter(answered_at__isnull=False)
    assert (answered.count(), answered.filter(cause__startswith="campaign:").count()) == (
        ANSWERS + REPLIES,
        REPLIES,
    )
    assert set(Message.objects.values_list("state", flat=True)) == {"sent", "delivered"}
    assert (talks, ServiceCase.objects.filter(state="closed").exists()) == (len(TALKS), True)
    assert not Delivery.objects.exists(), "something would still arrive after the shop is open"

    call_command("load_demo", notes=notes)
    assert json.loads(notes.read_text()) == noted

    notes.write_text(json.dumps({"history_until": noted["history_until"]}))
    call_command("load_demo", notes=notes)

    renewed = json.loads(notes.read_text())
    assert renewed["till_key"] != noted["till_key"]
    assert renewed["demo_member"] == noted["demo_member"]
    assert Order.objects.count() >= orders
    assert BenefitBooking.objects.count() == GUESTS
    assert (ServiceCase.objects.count(), Interaction.objects.count()) == (cases, talks)
    assert verify_ledger(now=datetime.now(UTC)) == []
    assert (Campaign.objects.count(), CampaignRun.objects.count(), Segment.objects.count()) == (3, 2, 5)
    _tell_till(noted["till_key"], noted["demo_member"], status=401)
    _tell_till(renewed["till_key"], noted["demo_member"], status=200)


def _tell_till(key: str, member: dict[str, str], *, status: int) -> None:
    answer = Client().post(
        "/api/v1/till/lookup",
        {"member": member},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["wallet"]["tier"]["code"] == "gold"
        assert answer.json()["wallet"]["spendable"] > 1_000


def test_the_catalogue_is_written_for_people() -> None:
    with gzip.open(SAMPLE / "products.csv.gz", "rt", newline="") as file:
        products = list(csv.DictReader(file))
    departments = {product["department"] for product in products}
    categories = {product["product_category"] for product in products}

    assert readable("SNKS/CKYS/CRKR/CNDY") == "Snacks / cookies / crackers / candy"
    assert readable("NON-DAIRY BEVERAGES") == "Non-dairy beverages"
    assert "Soft drinks" in categories
    assert {*NOBODY_LIKES} <= categories
    assert PROMOTED_DEPARTMENT in departments
    assert not [name for name in categories | departments if name and name.upper() == name]
    assert not [name for name in categories | departments if "," in name], (
        "forms read a comma as the next name"
    )


def test_nobody_of_the_demo_exists(db: None) -> None:
    """Phones are of the range kept free for fiction, e-mails of the domain kept free for examples; all are unique."""
    with gzip.open(SAMPLE / "members.csv.gz", "rt", newline="") as file:
        people = list(csv.DictReader(file))

    assert len({person["phone"] for person in people}) == len(people) == 150
    assert all(person["phone"][5:10] == "55501" for person in people)
    assert all(person["email"].endswith("@example.com") for person in people)
    assert Identity.objects.count() == 0
