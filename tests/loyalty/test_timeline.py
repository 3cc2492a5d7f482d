"""One timeline of everything that happened with a member, told by all floors and walked by pages."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from loyalty.queries.programmes import get_current_programme
from loyalty.services.ledger import Credit, post_credit
from members.admin.timeline import OF_PAGE
from members.models import Member
from members.queries.merges import list_those_of
from members.queries.timeline import list_timeline
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.timeline import Asked, Happening
from members.services.consents import record_consents
from members.services.merging import merge_members, undo_merge
from omnichannel.models import Message, Order
from omnichannel.services.messages import queue_messages
from tests.config.staff import StaffFactory
from tests.loyalty.conftest import Shop
from tests.loyalty.test_returns import bring_back, buy
from tests.loyalty.vouchers import issued, series
from tests.members.factories import bearer_of
from tests.members.test_admin import staff
from tests.omnichannel.factories import PlaceFactory, an_order, bearer, serves
from tests.omnichannel.test_messages import draft

pytestmark = pytest.mark.django_db
MANY = 10_000


def now() -> datetime:
    return datetime.now(UTC)


def told(member: Member, *, limit: int = 200, **asked: Any) -> list[Happening]:
    people = tuple(list_those_of(member.pk))
    return list_timeline(Asked(people=people, now=now(), limit=limit, **asked))


def walked(member: Member, *, limit: int) -> list[Happening]:
    """All of it, page after page."""
    found: list[Happening] = []
    while page := told(member, limit=limit, before=found[-1].mark if found else None):
        found += page
    return found


def get(path: str, **headers: str) -> Any:
    return Client().get(f"/api/v1/{path}", headers=headers)


@pytest.fixture
def ada(shop: Shop) -> Member:
    """She bought and brought back, was given points and a voucher, and allowed something."""
    ada = shop.enrol("+12125550142")
    order = buy(shop, ada, 1_000, 500)
    assert bring_back(shop, order, {1: 1}).status_code == 201
    made_good = Credit(
        member_id=ada.pk,
        points=50,
        kind="adjust",
        cause="sorry",
        reason="sorry",
        actor="test",
        happened_at=now(),
    )
    post_credit(made_good, programme=get_current_programme(shop.programme.pk), now=now())
    issued(series(shop, name="Five off"), ada)
    word = ConsentWord(channel=Channel.EMAIL, purpose=Purpose.MARKETING, is_given=True)
    record_consents(ada.pk, [word], source="till", actor="key:1", happened_at=now(), now=now())
    return ada


NEWEST_FIRST = [
    ("consent", "Allowed marketing by email"),
    ("voucher", "Was given the voucher Five off"),
    ("points", "+50 points, adjust: sorry"),
    ("return", "Brought goods back, 5.00 USD refunded"),
    ("purchase", "Bought 2 things for 15.00 USD (partially returned), 150 points earned"),
    ("enrolled", "Became a member, by till"),
]


def test_the_timeline_tells_what_all_floors_hold_newest_first(shop: Shop, ada: Member) -> None:
    shop.enrol("+12125550143")
    path = f"members/{ada.ref}/timeline"
    key = bearer("members")

    answer = get(path, **key)

    lines = answer.json()["results"]
    assert [(line["kind"], line["words"]) for line in lines] == NEWEST_FIRST
    assert lines[4]["facts"]["points_earned"] == 150
    assert lines[4]["where"] == "Main street"
    assert answer.json()["next"] is None
    only = get(f"{path}?kinds=return,points", **key).json()["results"]
    assert [line["kind"] for line in only] == ["points", "return"]
    unknown = get(f"{path}?kinds=weather", **key)
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/kinds")
    own = get("me/timeline", Authorization=bearer_of(ada, now=now())).json()["results"]
    assert [(line["kind"], line["words"]) for line in own] == [
        ("sign_in", "Signed in on test"),
        *NEWEST_FIRST,
    ]


def test_pages_hold_everything_once_whatever_happened_in_one_moment(shop: Shop, ada: Member) -> None:
    at = now()
    for number in range(5):
        an_order(ada, shop.place, 450, placed_at=at)
        queue_messages([draft(ada.pk, dedupe_key=f"m{number}")], now=at)
    key, path = bearer("members"), f"members/{ada.ref}/timeline?limit=3"
    whole = told(ada)

    seen, cursor = [], ""
    while cursor is not None:
        page = get(path + (f"&cursor={cursor}" if cursor else ""), **key).json()
        seen += [(line["kind"], line["ref"]) for line in page["results"]]
        cursor = page["next"]

    assert len(whole) == len(NEWEST_FIRST) + 10
    assert seen == [(one.kind, one.ref) for one in whole]
    for limit in (1, 2, 7):
        assert walked(ada, limit=limit) == whole


def test_who_stayed_after_a_merge_has_both_lives_and_gives_one_back(shop: Shop, ada: Member) -> None:
    grace = shop.enrol("+12125550143")
    buy(shop, grace, 700)
    before = {one.id for one in told(ada, kinds=frozenset(["purchase"]))}

    merged = merge_members(going_id=ada.pk, staying_id=grace.pk, actor="staff:1", now=now())

    assert [one.facts["total_minor"] for one in told(grace, kinds=frozenset(["purchase"]))] == [700, 1500]
    assert len([one for one in told(grace) if one.kind == "merge"]) == 1
    by_the_old_ref = get(f"members/{ada.ref}/timeline?kinds=purchase", **bearer("members")).json()["results"]
    assert len(by_the_old_ref) == 2
    undo_merge(merged.pk, actor="staff:1", now=now())
    assert [one.facts["total_minor"] for one in told(grace, kinds=frozenset(["purchase"]))] == [700]
    assert {one.id for one in told(ada, kinds=frozenset(["purchase"]))} == before


def test_a_key_and_a_colleague_are_told_of_what_is_theirs(shop: Shop, ada: Member) -> None:
    other = PlaceFactory()
    an_order(ada, other, 900, placed_at=now())
    theirs = bearer("members", programme_id=other.programme_id)
    serving, everywhere = StaffFactory(), StaffFactory()
    serves(serving, other)

    lines = get(f"members/{ada.ref}/timeline", **theirs).json()["results"]

    assert [
        (line["kind"], line["where"]) for line in lines if line["kind"] not in ("consent", "enrolled")
    ] == [("purchase", other.name)]
    kinds = {"purchase", "return", "points", "voucher"}
    assert [one.kind for one in told(ada, viewer_id=serving.pk) if one.kind in kinds] == ["purchase"]
    assert len([one for one in told(ada, viewer_id=everywhere.pk) if one.kind in kinds]) == 5


def _read_rows() -> int:
    """Rows of tables that this transaction has read so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
        )
        return int(cursor.fetchone()[0])


def test_any_page_of_ten_thousand_lines_reads_as_few_rows(shop: Shop, ada: Member) -> None:
    """Counted by the server, row by row: the last page costs what the first one does."""
    start, minute = now() - timedelta(days=MANY), timedelta(minutes=1)
    order = Order.objects.get(member=ada)
    queue_messages([draft(ada.pk)], now=start)
    message = Message.objects.get(member=ada)
    for kind, row, moved in ((Order, order, "placed_at"), (Message, message, "queued_at")):
        rows = []
        for number in range(MANY // 2):
            copied = {field.attname: getattr(row, field.attname) for field in kind._meta.fields}
            copied |= {"id": None, "ref": f"{kind.__name__}{number}", moved: start + minute * number}
            rows.append(kind(**copied | ({"dedupe_key": f"d{number}"} if kind is Message else {})))
        kind.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE omnichannel_order, omnichannel_message, omnichannel_orderline, loyalty_settlement"
        )

    def rows_of_page(before: Happening | None) -> tuple[int, list[Happening]]:
        begun = _read_rows()
        page = told(ada, limit=50, before=before.mark if before else None)
        return _read_rows() - begun, page

    first, page = rows_of_page(None)
    oldest = told(ada, limit=MANY + 1_000)
    last, end = rows_of_page(oldest[-51])

    assert len(oldest) > MANY
    assert [one.id for one in end] == [one.id for one in oldest[-50:]]
    assert len(page) == 50
    assert first < 600
    assert last < 600


def test_staff_walk_the_timeline_by_pages_and_by_kind(shop: Shop, ada: Member) -> None:
    for _ in range(OF_PAGE):
        an_order(ada, shop.place, 450, placed_at=now())
    client, page = staff("cashier"), f"/admin/members/member/{ada.pk}/timeline/"

    newest = client.get(page).content.decode()

    assert newest.count("<td") == 4 * OF_PAGE
    assert "Reached" not in newest
    assert "Became a member" not in newest
    older = unescape(newest.partition("?kind=&amp;before=")[2].partition('"')[0])
    rest = client.get(f"{page}?before={older}").content.decode()
    assert rest.count("<td") == 4 * len(NEWEST_FIRST)
    assert "150 points earned" in rest
    assert client.get(f"{page}?kind=return").content.decode().count("<td") == 4
    assert client.get(f"{page}?kind=weather").status_code == 404
    assert client.get(f"{page}?before=made-up").status_code == 404
    on_the_page = client.get(f"/admin/members/member/{ada.pk}/change/").content.decode()
    assert page in on_the_page
    assert "Bought 1 thing for 4.50 USD" in on_the_page
