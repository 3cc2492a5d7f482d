"""Opening the demo shop: each step looks for what is there, so a start that was cut off goes on at the next one."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from campaigns.demo import offers, play, rewards, shop
from campaigns.demo.asked import declare_what_is_asked
from campaigns.demo.evening import hold_evening
from campaigns.demo.family import move_together
from campaigns.demo.notes import Notes
from campaigns.demo.opinions import ask_in_a_letter
from campaigns.demo.service import look_after
from campaigns.errors import CampaignCodeTaken, SegmentCodeTaken
from campaigns.queries.demo import find_phone_to_show, find_till_id, list_live_keys, list_richest
from campaigns.services.campaigns import make_campaign, schedule_campaign
from campaigns.services.segments import make_segment
from config.outbox.delivery import deliver_due
from config.staff import roles
from loyalty.errors import VoucherSeriesTaken
from loyalty.errors.rewards import RewardNotRedeemable
from loyalty.services.books import keep_books, say_cost
from loyalty.services.expiry import book_expired_lots
from loyalty.services.fraud import open_with_rules
from loyalty.services.import_report import Report
from loyalty.services.importing import import_feeds
from loyalty.services.programmes import declare_programme
from loyalty.services.redemptions import Wish, redeem
from loyalty.services.rewards import open_reward
from loyalty.services.rules import publish_rule
from loyalty.services.vouchers import open_series
from members.queries.members import find_member
from omnichannel.queries.places import get_place
from omnichannel.services.keys import make_key, revoke_key
from omnichannel.services.places import add_till, open_programme

SAMPLE = Path(__file__).parent / "sample"
FILES = ("stores", "products", "members", "transactions")
ACTOR = "demo"
TILLS = ("T1", "T2")
INTEGRATION_SCOPES = ("members", "orders", "catalogue", "stock", "events", "campaigns", "reports")

Clock = Callable[[], datetime]


class DemoNotLoaded(Exception):  # noqa: N818 - a state of the world
    """The sample could not be taken over; the message names the first row that was refused."""


def open_shop(notes: Notes, *, clock: Clock) -> None:
    """Open the demo shop with its history, and note keys and passwords. Does nothing to a shop that is open.

    :raises DemoNotLoaded: the sample is broken.
    """
    if "till_key" in notes.read():
        return
    programme_id = _declare(clock())
    _tell_history(notes, clock)
    now = clock()
    book_expired_lots(until=now, now=now)
    _deliver(clock)
    play.start_challenges(programme_id, now)
    move_together(programme_id, now, actor=ACTOR)
    _deliver(clock)
    keep_books(now=now)
    _add_tills(programme_id)
    open_with_rules(programme_id, shop.FRAUD, made_by=ACTOR, approved_by=f"{ACTOR} finance", now=now)
    _open_rewards(programme_id, now)
    hold_evening(programme_id, now, actor=ACTOR)
    _plan(programme_id, now)
    notes.add({"staff": _hire()})
    phone = find_phone_to_show(programme_id, tier="gold", now=now)
    _look_after(programme_id, now, phone)
    _deliver(clock)
    notes.add({**_make_keys(programme_id, now), "demo_member": {"phone": phone}})


def _declare(now: datetime) -> int:
    programme = open_programme(
        code=shop.CODE,
        name=shop.NAME,
        timezone=shop.TIMEZONE,
        currency=shop.CURRENCY,
        region=shop.REGION,
    )
    with transaction.atomic():
        is_new = declare_programme(
            programme.pk, terms=shop.TERMS, ladder=shop.LADDER, limits=shop.LIMITS, now=now
        )
        if is_new:
            declare_what_is_asked()
            say_cost(
                programme.pk,
                from_on=shop.OPENED_AT.date(),
                per_points=shop.COST_PER_POINTS,
                cost_minor=shop.COST_MINOR,
            )
            for code, name, definition in shop.rules(now):
                publish_rule(
                    programme_id=programme.pk,
                    code=code,
                    name=name,
                    definition=definition,
                    live_from=shop.OPENED_AT,
                    made_by=ACTOR,
                    now=now,
                )
    return programme.pk


def _tell_history(notes: Notes, clock: Clock) -> None:
    """Import the sample, moved so that it reaches up to this hour; the rest of its last week is not told.

    Members are welcomed before they buy, so the ledger tells their history in the order in which it happened.
    """
    told = notes.read().get("history_until")
    if told is None:
        today = clock().astimezone(ZoneInfo(shop.TIMEZONE)).date()
        told = (today + timedelta(days=6)).isoformat()
        notes.add({"history_until": told})
    refusals = _Refusals()
    import_feeds(
        [SAMPLE / f"{name}.csv.gz" for name in FILES],
        programme_code=shop.CODE,
        shift_to=date.fromisoformat(told),
        report=Report(refusals=refusals, watch=lambda *_: None),
        clock=clock,
        before_orders=lambda: _deliver(clock),
    )
    if refusals.first:
        raise DemoNotLoaded(refusals.first)


def _deliver(clock: Clock) -> None:
    """Let every subscriber learn what waits for it; no relay runs yet."""
    while deliver_due(now=clock()):
        pass


class _Refusals:
    """Keeps the first row that should have been taken. What lies ahead of us is left for the future."""

    first = ""

    def add(self, file: str, row: int, reason: str, raw: Sequence[str]) -> None:
        if not reason.startswith("placed_in_the_future"):
            self.first = self.first or f"{file}, row {row}: {reason} ({', '.join(raw)})"


def _add_tills(programme_id: int) -> None:
    for code in shop.STORES_WITH_TILLS:
        place = get_place(programme_id=programme_id, code=code)
        for till in TILLS:
            if find_till_id(place.pk, code=till) is None:
                add_till(place_id=place.pk, code=till, name=f"Till {till[1:]}")


def _open_rewards(programme_id: int, now: datetime) -> None:
    """The catalogue, and what the shoppers with the most points took from it."""
    for code, name, definition in rewards.SERIES:
        with suppress(VoucherSeriesTaken):
            open_series(
                programme_id=programme_id, code=code, name=name, definition=definition, by=ACTOR, now=now
            )
    stores = {code: get_place(programme_id=programme_id, code=code).pk for code in shop.STORES_WITH_TILLS}
    for draft in rewards.rewards(now, stores):
        open_reward(programme_id, draft)
    members = list_richest(programme_id, limit=len(rewards.REDEEMED))
    for member_id, code in zip(members, rewards.REDEEMED, strict=False):
        place = shop.BUSIEST_STORE if code == "mug" else ""
        wish = Wish(
            member_id=member_id,
            programme_id=programme_id,
            reward=code,
            place=place,
            number=f"demo-{code}",
            actor=ACTOR,
        )
        with suppress(RewardNotRedeemable):
            redeem(wish, now=now)


def _plan(programme_id: int, now: datetime) -> None:
    segments = {}
    for code, name, tree in offers.SEGMENTS:
        with suppress(SegmentCodeTaken):
            segments[code] = make_segment(
                programme_id=programme_id, code=code, name=name, tree=tree, by=ACTOR, now=now
            )
    if len(segments) < len(offers.SEGMENTS):
        return
    with suppress(CampaignCodeTaken), transaction.atomic():
        make_campaign(
            programme_id=programme_id,
            segment=segments["birthday"],
            code="birthday-gift",
            name="Birthday gift",
            plan=offers.birthday_gift(now),
            by=ACTOR,
            now=now,
        )
        week = make_campaign(
            programme_id=programme_id,
            segment=segments["active"],
            code="favourite-week",
            name="Your favourite category, triple points this week",
            plan=offers.favourite_week(now),
            by=ACTOR,
            now=now,
        )
        schedule_campaign(week.pk, now=now)


def _hire() -> dict[str, str]:
    """An account for each role but the administrator's, which the stack makes. User name -> password."""
    roles.sync_roles()
    people = get_user_model()._default_manager
    passwords = {}
    for role in (roles.CASHIER, roles.STORE_MANAGER, roles.MARKETER, roles.FINANCE):
        username = role.replace(" ", "-")
        person, _ = people.get_or_create(username=username, defaults={"display_name": f"Demo {role}"})
        passwords[username] = secrets.token_urlsafe(12)
        person.set_password(passwords[username])
        person.save()
        person.groups.set(Group.objects.filter(name=role))
    return passwords


def _look_after(programme_id: int, now: datetime, phone: str | None) -> None:
    """The store manager owns what presses; the member who is shown to visitors was spoken with, and many were asked."""
    shown = find_member("phone", phone) if phone else None
    manager = get_user_model()._default_manager.get(username=roles.STORE_MANAGER.replace(" ", "-"))
    look_after(programme_id, now, shown_id=shown.id if shown else None, owner_id=manager.pk, actor=ACTOR)
    ask_in_a_letter(programme_id, now, owner_id=manager.pk, actor=ACTOR)


def _make_keys(programme_id: int, now: datetime) -> dict[str, str]:
    """New keys for a till and the web shop. Keys of a start that was cut off were never seen, so they end."""
    store = get_place(programme_id=programme_id, code=shop.BUSIEST_STORE)
    web = get_place(programme_id=programme_id, code=shop.WEB_SHOP)
    with transaction.atomic():
        for key_id in list_live_keys(programme_id, made_by=ACTOR):
            revoke_key(key_id, now=now)
        till = make_key(
            name=f"{store.name}, till 1",
            scopes=["till"],
            till_id=find_till_id(store.pk, code=TILLS[0]),
            made_by=ACTOR,
            now=now,
        )
        integration = make_key(
            name="Web shop", scopes=INTEGRATION_SCOPES, place_id=web.pk, made_by=ACTOR, now=now
        )
    return {"till_key": till.text, "integration_key": integration.text}
