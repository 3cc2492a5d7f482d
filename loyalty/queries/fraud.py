"""Looking for what fraud rules watch: one statement per rule, over whole windows, with the evidence."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from config.ground.refusals import NotFound
from loyalty.models import FraudFlag, FraudRule
from loyalty.rules.fraud import WATCHES, WITH_A_MEMBER, Finding, window_start

REACH = {"hour": timedelta(days=2), "day": timedelta(days=2), "week": timedelta(days=8)}
"""How long before a look something may have happened and still be found by it: tills may be offline for a while."""

OVERLAP = timedelta(minutes=10)
"""So much of the last look is looked at again: what was being written then is there now."""

NAMED = 20
"""So many pieces of evidence are kept."""

_ORDERS = """
    SELECT {subject}, o.member_id, o.placed_at AS at, o.recorded_at, o.ref, 1 AS amount FROM omnichannel_order o
    WHERE o.programme_id = %(programme)s AND o.placed_at >= %(since)s AND o.placed_at < %(until)s AND {known}"""
_RETURNS = """
    SELECT {subject}, r.member_id, r.returned_at AS at, r.recorded_at, r.ref, 1 AS amount
    FROM omnichannel_orderreturn r
    JOIN omnichannel_place p ON p.id = r.place_id AND p.programme_id = %(programme)s
    WHERE r.recorded_at >= %(since)s AND r.returned_at >= %(since)s AND r.returned_at < %(until)s AND {known}"""
_SLIPS = """
    SELECT {subject}, s.member_id, s.placed_at AS at, s.recorded_at, s.number AS ref, 1 AS amount
    FROM omnichannel_returnslip s
    JOIN omnichannel_place p ON p.id = s.place_id AND p.programme_id = %(programme)s
    WHERE s.placed_at >= %(since)s AND s.placed_at < %(until)s AND {known}"""
_POINTS = """
    SELECT {subject}, e.member_id, e.happened_at AS at, e.recorded_at, e.order_ref AS ref, abs(e.points) AS amount
    FROM loyalty_entry e {place}
    WHERE e.programme_id = %(programme)s AND e.recorded_at >= %(since)s AND e.happened_at >= %(since)s
      AND e.happened_at < %(until)s AND e.kind IN ({kinds})"""
_ENROLMENTS = """
    SELECT 'place:' || p.id AS subject, m.id AS member_id, m.enrolled_at AS at, m.enrolled_at AS recorded_at, m.ref,
      1 AS amount
    FROM members_member m
    JOIN omnichannel_place p ON p.programme_id = %(programme)s AND p.code = m.enrolled_at_place
    WHERE m.enrolled_at >= %(since)s AND m.enrolled_at < %(until)s"""
_CORRECTIONS = """
    SELECT c.asked_by AS subject, c.member_id, c.asked_at AS at, c.asked_at AS recorded_at, c.ref,
      abs(c.points) AS amount
    FROM loyalty_correction c JOIN loyalty_wallet w ON w.id = c.wallet_id AND w.member_id = c.member_id
    WHERE w.programme_id = %(programme)s AND c.asked_at >= %(since)s AND c.asked_at < %(until)s
      AND c.state <> 'refused' AND c.asked_by LIKE 'staff:%%' {colleagues}"""
_OF_COLLEAGUES = """
      AND (EXISTS (SELECT FROM members_colleague k WHERE k.member_id = c.member_id)
        OR EXISTS (SELECT FROM members_identity i JOIN staff_staff f ON f.email <> '' AND lower(f.email) = i.value
          WHERE i.member_id = c.member_id AND i.kind = 'email'))"""
_DEVICES = """
    SELECT 'device:' || left(md5(b.device), 12) AS subject, b.member_id, b.happened_at AS at, b.recorded_at, b.ref,
      1 AS amount
    FROM omnichannel_behaviourevent b
    WHERE b.programme_id = %(programme)s AND b.device <> '' AND b.recorded_at >= %(since)s
      AND b.happened_at >= %(since)s AND b.happened_at < %(until)s"""
_MAILBOXES = """
    SELECT 'mailbox:' || left(md5(replace(split_part(split_part(i.value, '@', 1), '+', 1), '.', '') || '@'
        || split_part(i.value, '@', 2)), 12) AS subject, m.id AS member_id, m.enrolled_at AS at,
      m.enrolled_at AS recorded_at, m.ref, 1 AS amount
    FROM members_member m JOIN members_identity i ON i.member_id = m.id AND i.kind = 'email'
    WHERE m.enrolled_at >= %(since)s AND m.enrolled_at < %(until)s"""

_SUBJECTS = {
    "member": "'member:' || {row}.member_id AS subject",
    "till": "'till:' || {row}.till_id AS subject",
    "place": "'place:' || {row}.place_id AS subject",
    "member_till": "'member:' || {row}.member_id || ' till:' || {row}.till_id AS subject",
}
_KNOWN = {
    "member": "{row}.member_id IS NOT NULL",
    "till": "{row}.till_id IS NOT NULL",
    "place": "true",
    "member_till": "{row}.till_id IS NOT NULL",
}
_MEASURES = {"count": "count(*)", "amount": "sum(f.amount)", "members": "count(DISTINCT f.member_id)"}


def list_findings(
    rule: FraudRule,
    *,
    since: datetime,
    until: datetime,
    recorded_since: datetime | None = None,
    most: int = 1_000,
) -> list[Finding]:
    """Who was above a rule's limit in a window that began between two moments; what was most above it in front.

    :param recorded_since: only windows of which something was recorded since.
    """
    measure = _MEASURES[WATCHES[rule.what].measure]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH f AS ({_facts(rule.what, rule.per)})
            SELECT f.subject, date_trunc(%(unit)s, f.at AT TIME ZONE %(zone)s) AT TIME ZONE %(zone)s,
              max(f.at), {measure}, count(*), (array_agg(DISTINCT f.ref))[1:{NAMED}],
              (array_agg(DISTINCT f.member_id) FILTER (WHERE f.member_id IS NOT NULL))[1:{NAMED}]
            FROM f GROUP BY 1, 2
            HAVING {measure} > %(more_than)s AND max(f.recorded_at) >= %(recorded_since)s
            ORDER BY 4 DESC, 2, 1 LIMIT %(most)s
            """,  # noqa: S608 - put together from our own pieces alone
            {
                "programme": rule.programme_id,
                "zone": rule.programme.timezone,
                "unit": rule.within,
                "since": since,
                "until": until,
                "more_than": rule.more_than,
                "recorded_since": recorded_since or since,
                "most": most,
            },
        )
        return [_finding(row, rule.per) for row in cursor.fetchall()]


def look_from(rule: FraudRule, now: datetime) -> datetime:
    """The beginning of the first window that a look at this moment takes in whole."""
    zone = ZoneInfo(rule.programme.timezone)
    return window_start((now - REACH[rule.within]).astimezone(zone), rule.within)


def lock_live_rules(ids: Iterable[int] | None = None) -> list[FraudRule]:
    """The rules that are live, locked until commit; those that somebody else looks by are left out."""
    rows = FraudRule.objects.filter(live_from__isnull=False, ended_at=None)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    locked = rows.order_by("pk").select_for_update(of=("self",), skip_locked=True)
    return list(locked.select_related("programme"))


def _facts(what: str, per: str) -> str:
    """The rows that are counted: subject, member_id, at, recorded_at, ref, amount."""
    plain = {
        "enrolments": _ENROLMENTS,
        "corrections": _CORRECTIONS.format(colleagues=""),
        "own_corrections": _CORRECTIONS.format(colleagues=_OF_COLLEAGUES),
        "device": _DEVICES,
        "mailbox": _MAILBOXES,
    }
    if what in plain:
        return plain[what]
    if what in ("points_earned", "points_spent"):
        kinds = "'earn', 'bonus'" if what == "points_earned" else "'spend'"
        place = (
            "JOIN omnichannel_order o ON o.ref = e.order_ref AND o.member_id = e.member_id"
            if per == "place"
            else ""
        )
        subject = _SUBJECTS[per].format(row="o" if per == "place" else "e")
        return _POINTS.format(subject=subject, kinds=kinds, place=place)
    rows = {"purchases": (_ORDERS, "o"), "same_till": (_ORDERS, "o"), "returns": (_RETURNS, "r")}
    statement, row = rows.get(what, (_SLIPS, "s"))
    return statement.format(subject=_SUBJECTS[per].format(row=row), known=_KNOWN[per].format(row=row))


def _finding(row: tuple[str, datetime, datetime, int, int, list[str], list[int] | None], per: str) -> Finding:
    subject, since, until, measured, count, refs, member_ids = row
    about = member_ids[0] if member_ids and per in WITH_A_MEMBER else None
    return Finding(
        subject=subject,
        member_id=about,
        since=since,
        until=until,
        measured=int(measured),
        count=count,
        refs=refs,
        member_ids=member_ids or [],
    )


def lock_flag(flag_id: int) -> FraudFlag:
    """The flag, locked until commit.

    :raises NotFound: there is none with this id.
    """
    flag = FraudFlag.objects.select_for_update(of=("self",)).filter(pk=flag_id).first()
    if flag is None:
        raise NotFound("There is no such flag.")
    return flag
