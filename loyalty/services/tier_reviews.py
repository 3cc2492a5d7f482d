"""The review of tiers: who reached more is lifted, what is still reached goes on, and ends are announced.

Nobody's tier depends on it for its end: a standing is over when its time is, whether or not this ran. It lifts whom
another ladder lifts, lets go on what its term would end though what counts still reaches it, and grants the benefits of
another year.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection, transaction
from django.db.models import F

from config.ground.jobs import Progress, run_job
from config.outbox.registry import subscribers_of
from loyalty.events import TierFalling, TierLeft, TierReached
from loyalty.models import TierReview, Wallet
from loyalty.queries.household_tiers import list_programmes_that_share
from loyalty.queries.ladders import list_live_ladders
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.tier_reviews import Climber, find_piece_end, list_candidates, lock_climbers
from loyalty.rules.compile import Programme
from loyalty.rules.reviews import Reviewed, review
from loyalty.rules.tiers import Enrolled
from loyalty.services.hands import Hands, open_hands
from loyalty.services.household_tiers import level_all, level_before
from loyalty.services.standings import Change, write_changes
from loyalty.services.yearly_benefits import grant_anew

WALLETS_PER_PIECE = 10_000
SOON = timedelta(days=2)
"""What ends within the time until the next review, and some more for one that is late."""

NOTICES_PER_STEP = 5_000
WARNINGS = ((30, 7), (7, 0))
"""Days before the end, and the days before it that belong to the next warning."""

LEFT_WITHIN = timedelta(days=30)
"""An end that is longer ago is no news."""

Tally = tuple[int, int, int]


def review_tiers(*, now: datetime, hands: int = 1) -> int:
    """Review all members of each programme once a day, and again when another ladder begins; in pieces that commit for
    themselves. Households are levelled then, and when terms let them share the tier or no longer. Safe to repeat, any
    number at once, and to be killed: it goes on where it stood.

    :param hands: so many work at once, each on other wallets, over connections of their own.
    :return: how many members were lifted.
    """
    lifted = 0
    for ladder in list_live_ladders(now=now):
        today = now.astimezone(ZoneInfo(ladder.programme.timezone)).date()
        done, _ = TierReview.objects.get_or_create(
            programme=ladder.programme, ladder=ladder, reviewed_on=today, defaults={"started_at": now}
        )
        if done.finished_at is None:
            with run_job("loyalty.review_tiers", now) as progress, open_hands(hands) as several:
                lifted += _review(done, several, progress, now)
        elif done.shared_tier != (ladder.programme_id in list_programmes_that_share()):
            with run_job("loyalty.level_households", now) as progress:
                progress.note(f"{_level(done, now):,} changed")
    return lifted


def _level(one: TierReview, now: datetime) -> int:
    """Let households give what the terms of the moment say."""
    shared_tier = one.programme_id in list_programmes_that_share()
    changed = level_all(one.programme_id, now=now)
    TierReview.objects.filter(pk=one.pk).update(shared_tier=shared_tier)
    return changed


def _review(one: TierReview, several: Hands, progress: Progress, now: datetime) -> int:
    left = Wallet.objects.filter(programme_id=one.programme_id, pk__gt=one.last_wallet_id)
    progress.expect(left.count())
    programme = get_current_programme(one.programme_id)
    is_first = not TierReview.objects.filter(ladder_id=one.ladder_id, pk__lt=one.pk).exists()
    lowers = is_first and one.ladder.definition["when_live"] == "review" and one.ladder.version > 1
    while (end := find_piece_end(one.last_wallet_id, wallets=WALLETS_PER_PIECE)) is not None:
        after = one.last_wallet_id

        def piece(part: int, parts: int, span: tuple[int, int] = (after, end)) -> Tally:
            return _review_piece(one, programme, span, (part, parts), lowers=lowers, now=now)

        tallies = several.each(piece)
        moved = [sum(column) for column in zip(*tallies, strict=True)]
        one.last_wallet_id = end
        TierReview.objects.filter(pk=one.pk).update(
            last_wallet_id=end,
            lifted=F("lifted") + moved[0],
            prolonged=F("prolonged") + moved[1],
            lowered=F("lowered") + moved[2],
        )
        progress.advance(left.filter(pk__gt=after, pk__lte=end).count())
    _level(one, now)
    TierReview.objects.filter(pk=one.pk).update(finished_at=now)
    one.refresh_from_db()
    progress.note(f"{one.lifted:,} lifted, {one.prolonged:,} prolonged, {one.lowered:,} lowered")
    return one.lifted


def _review_piece(
    one: TierReview,
    programme: Programme,
    span: tuple[int, int],
    part: tuple[int, int],
    *,
    lowers: bool,
    now: datetime,
) -> Tally:
    """A part of a piece, in one transaction; doing it again changes nothing."""
    ladder, zone = programme.ladder_at(now), programme.terms.zone
    since = (now - timedelta(days=programme.longest_window_days + 1)).date()
    first, last = (span[0] + (span[1] - span[0]) * (part[0] + more) // part[1] for more in (0, 1))
    with transaction.atomic():
        chosen = list_candidates(
            one.ladder,
            (first, last),
            today=now.astimezone(zone).date(),
            now=now,
            soon=now + SOON,
            lowers=lowers,
        )
        found: list[tuple[Climber, Reviewed]] = []
        for climber in lock_climbers(chosen, since=since, now=now):
            member = Enrolled(zone, climber.enrolled_at.astimezone(zone).date())
            reviewed = review(
                ladder,
                climber.standings,
                climber.days,
                member=member,
                now=now,
                soon=now + SOON,
                lowers=lowers,
            )
            if reviewed.changed or reviewed.ended:
                found.append((climber, reviewed))
        write_changes([_change(climber, reviewed) for climber, reviewed in found], zone=zone)
        grant_anew(programme, (first, last), now=now, soon=now + SOON)
        _announce_lifts(found, programme, now)
        return _tally(found)


def _change(climber: Climber, reviewed: Reviewed) -> Change:
    return Change(
        wallet_id=climber.wallet_id,
        member_id=climber.member_id,
        changed=reviewed.changed,
        ended=reviewed.ended,
        reached=reviewed.reached,
    )


def _tally(found: Iterable[tuple[Climber, Reviewed]]) -> Tally:
    lifted = prolonged = lowered = 0
    for _, reviewed in found:
        lifted += bool(reviewed.reached)
        lowered += bool(reviewed.ended)
        prolonged += not reviewed.reached and not reviewed.ended
    return lifted, prolonged, lowered


def _announce_lifts(found: Iterable[tuple[Climber, Reviewed]], programme: Programme, now: datetime) -> None:
    news = [
        {
            "member_id": climber.member_id,
            "payload": TierReached(
                programme_code=programme.terms.programme_code,
                tier_code=reviewed.reached[-1].code,
                previous_code=reviewed.before,
            ),
        }
        for climber, reviewed in found
        if reviewed.reached
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(outbox_publish(%s, x.member_id, x.payload, %s, %s, %s::text[]))"
            " FROM jsonb_to_recordset(%s::jsonb) AS x(member_id bigint, payload jsonb)",
            [TierReached.name, now, now, subscribers_of(TierReached), msgspec.json.encode(news).decode()],
        )


def tell_of_ends(*, now: datetime) -> int:
    """Announce tiers that end within 30 and within 7 days, and those that have ended: once each, and only where the
    member goes down by it. Safe to repeat, any number at once. What comes by a household is made to last as long as the
    tier it comes from before that, so that nobody is warned of what was prolonged, or goes down in between.

    :return: how many were announced.
    """
    level_before([now, *(now + timedelta(days=days) for days, _ in WARNINGS)], now=now)
    spans = [(now + timedelta(days=beyond), now + timedelta(days=days), days) for days, beyond in WARNINGS]
    announced = 0
    for after, until, days in [*spans, (now - LEFT_WITHIN, now, 0)]:
        while step := _tell(after, until, days, now):
            announced += step
    return announced


def _tell(after: datetime, until: datetime, days: int, now: datetime) -> int:
    listeners = subscribers_of(TierFalling if days else TierLeft)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_tell_ends(%s, %s, %s, %s::text[], %s, %s)",
            [after, until, days, listeners, now, NOTICES_PER_STEP],
        )
        return int(cursor.fetchone()[0])
