"""Series are opened, vouchers issued: once per series, member and cause."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from msgspec import ValidationError, convert

from config.outbox.models import Event
from loyalty.errors import CodeTaken, VoucherNotFound, VoucherSeriesTaken
from loyalty.models import Voucher
from loyalty.rules.conditions import PlaceIs, TierIs
from loyalty.rules.scope import Scope
from loyalty.rules.vouchers import GiftCard, ProductFor, VoucherDefinition
from loyalty.services.vouchers import issue_vouchers, open_code, open_series, revoke_series
from tests.loyalty.conftest import Shop
from tests.loyalty.vouchers import public, series

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)


def test_a_member_gets_one_voucher_for_a_cause_however_often_it_is_asked(shop: Shop) -> None:
    of, members = series(shop, valid_days=30), [shop.enrol().pk for _ in range(3)]
    first = issue_vouchers(of.pk, members[:2], cause="redemption:1", by="test", now=NOW)
    again = issue_vouchers(of.pk, [*members, members[0]], cause="redemption:1", by="test", now=NOW)
    other = issue_vouchers(of.pk, members[:1], cause="redemption:2", by="test", now=NOW)
    assert {member: again[member] for member in members[:2]} == first
    assert set(again) == set(members)
    assert other[members[0]] != first[members[0]]
    assert Voucher.objects.count() == 4
    assert {one.valid_until for one in Voucher.objects.all()} == {datetime(2026, 4, 2, 4, tzinfo=UTC)}
    assert Event.objects.filter(name="loyalty.voucher_issued").count() == 4


@pytest.mark.parametrize("members", [1, 3])
def test_issuing_takes_as_many_statements_for_many_as_for_one(
    shop: Shop, members: int, django_assert_max_num_queries: object
) -> None:
    conditions = [TierIs(tiers=["gold"]), PlaceIs(places=["S1"])]
    of, ids = series(shop, conditions=conditions), [shop.enrol().pk for _ in range(members)]
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        assert len(issue_vouchers(of.pk, ids, cause="c", by="test", now=NOW)) == members


def test_a_gift_card_holds_what_its_series_says_or_what_it_was_issued_for(shop: Shop) -> None:
    of, member = series(shop, GiftCard(minor=2_000)), shop.enrol()
    issue_vouchers(of.pk, [member.pk], cause="a", by="test", now=NOW)
    issue_vouchers(of.pk, [member.pk], cause="b", by="test", now=NOW, worth_minor=7_500)
    assert list(Voucher.objects.order_by("id").values_list("left_minor", flat=True)) == [2_000, 7_500]


def test_a_code_that_looks_like_another_is_refused(shop: Shop) -> None:
    of = series(shop)
    assert public(of, "WELCOME10") == "WELCOME10"
    for code in ("welcome 10", "WELC0ME1O", "abc", "X" * 30):
        with pytest.raises(CodeTaken):
            open_code(of, code, max_uses=None, by="test", now=NOW)
    assert Voucher.objects.count() == 1


def test_a_revoked_series_issues_nothing_more(shop: Shop) -> None:
    of = series(shop)
    revoke_series(of, because="a mistake", by="test", now=NOW)
    with pytest.raises(VoucherNotFound):
        issue_vouchers(of.pk, [shop.enrol().pk], cause="c", by="test", now=NOW)


def test_a_series_is_named_once_in_a_programme(shop: Shop) -> None:
    of = series(shop)
    with pytest.raises(VoucherSeriesTaken):
        open_series(
            programme_id=of.programme_id,
            code=of.code,
            name="Again",
            definition=VoucherDefinition(gives=GiftCard(minor=1)),
            by="test",
            now=NOW,
        )


def test_a_voucher_is_never_deleted_nor_given_another_code(shop: Shop) -> None:
    public(series(shop))
    for statement in ("DELETE FROM loyalty_voucher", "UPDATE loyalty_voucher SET code = 'X'"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    "told",
    [
        {"gives": {"type": "percent", "percent": 101}},
        {"gives": {"type": "amount", "minor": 0}},
        {"gives": {"type": "amount", "minor": 5, "surprise": 1}},
        {"gives": {"type": "product"}},
        {"gives": {"type": "shipping"}, "uses": 0},
        {
            "gives": {"type": "shipping"},
            "starts_at": "2026-03-02T00:00:00Z",
            "ends_at": "2026-03-02T00:00:00Z",
        },
    ],
)
def test_a_series_that_cannot_be_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        convert(told, VoucherDefinition)


def test_a_product_is_named_by_anything() -> None:
    assert VoucherDefinition(gives=ProductFor(scope=Scope(brands=["HOUSE"]))).uses == 1
