"""What a back-test came to, as it is told: points in money, members by masked names."""

from collections.abc import Mapping
from datetime import date

import msgspec

from config.ground.typed import load
from loyalty.models import BackTest
from loyalty.queries.programmes import get_current_programme
from loyalty.rules.back_tests import Changes, Pair, Tally, cost_minor, terms_tried
from loyalty.rules.compile import Programme
from members.models import Member
from members.rules.masking import masked_name
from members.rules.people import called


class BeforeAfter(msgspec.Struct, frozen=True, kw_only=True):
    """By the rules of the moment, and with the changes."""

    before: int
    after: int


class WeekResult(BeforeAfter, frozen=True, kw_only=True):
    """Points of a week, which starts on a Monday of the programme's calendar."""

    starts_on: date


class PartResult(BeforeAfter, frozen=True, kw_only=True):
    """Points of members who stood on a tier, or by a rule; personal offers count as the rule `offer`."""

    code: str


class WinnerResult(BeforeAfter, frozen=True, kw_only=True):
    """Points of one of the ten members who would gain most."""

    member_ref: str
    name: str


class TierMove(msgspec.Struct, frozen=True, kw_only=True):
    """So many members who stood on the tier `before` at the end would stand on `after`."""

    before: str
    after: str
    members: int


class BackTestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the purchases come to. Points as earned by what was kept of purchases; amounts in minor units.

    Members move by another ladder, and by other points where a ladder asks for points.

    :ivar points_booked: what was booked at the time and kept; `points.before` is the same settled once more.
    :ivar cost_minor: what the points pay, by the terms of today, and by those that are tried.
    """

    currency: str
    orders: int
    orders_touched: int
    members: int
    members_touched: int
    points_booked: int
    points: BeforeAfter
    cost_minor: BeforeAfter
    weeks: list[WeekResult]
    tiers: list[PartResult]
    tier_moves: list[TierMove]
    rules: list[PartResult]
    winners: list[WinnerResult]


def get_result(back_test: BackTest) -> BackTestResult:
    """What it comes to, as far as it has come."""
    tally: Tally = msgspec.convert(back_test.tally, Tally)
    programme = get_current_programme(back_test.programme_id)
    terms, changes = programme.terms, load(Changes, back_test.changes)
    names = _names(tally)
    return BackTestResult(
        currency=programme.terms.currency,
        orders=tally.orders,
        orders_touched=tally.orders_touched,
        members=tally.members,
        members_touched=tally.members_touched,
        points_booked=tally.booked,
        points=BeforeAfter(before=tally.points.before, after=tally.points.after),
        cost_minor=BeforeAfter(
            before=cost_minor(tally.points.before, terms),
            after=cost_minor(tally.points.after, terms_tried(terms, changes)),
        ),
        weeks=[
            WeekResult(starts_on=date.fromisoformat(monday), before=sums.before, after=sums.after)
            for monday, sums in sorted(tally.weeks.items())
        ],
        tiers=_parts({code: tally.tiers.get(code, Pair()) for code in _steps(programme)} | tally.tiers),
        tier_moves=[
            TierMove(before=move.partition(">")[0], after=move.partition(">")[2], members=members)
            for move, members in sorted(tally.moves.items(), key=lambda move: (-move[1], move[0]))
        ],
        rules=_parts(dict(sorted(tally.rules.items(), key=lambda rule: -max(rule[1].before, rule[1].after)))),
        winners=[
            WinnerResult(
                member_ref=one.member, name=names.get(one.member, ""), before=one.before, after=one.after
            )
            for one in tally.winners
        ],
    )


def _steps(programme: Programme) -> list[str]:
    return [step.code for step in programme.ladders[-1].steps] if programme.ladders else []


def _parts(sums: Mapping[str, Pair]) -> list[PartResult]:
    return [PartResult(code=code, before=pair.before, after=pair.after) for code, pair in sums.items()]


def _names(tally: Tally) -> dict[str, str]:
    refs = [one.member for one in tally.winners]
    rows = Member.objects.filter(ref__in=refs).values_list("ref", "given_name", "family_name", "display_name")
    return {ref: masked_name(called(*names)) for ref, *names in rows}
