"""What completing a challenge gives: once for each completion, and taken back when one falls back through a return."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from config.outbox.services import Announcement, publish_many
from loyalty.errors import VoucherNotFound
from loyalty.events import ChallengeCompleted, ChallengeFellBack
from loyalty.models import ChallengeReward, RewardState, Voucher, VoucherSeries
from loyalty.queries.challenges import Pair, Running, list_rewards_of
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.reward_lots import find_reward_points
from loyalty.rules.challenge_standing import Completion, Progress
from loyalty.rules.challenges import Gives, GivesPoints, GivesVoucher, Referral
from loyalty.rules.purchase import lot_born
from loyalty.rules.returns import Move, undo
from loyalty.services.vouchers import issue_vouchers, revoke_vouchers

ACTOR = "loyalty.challenges"
FRIEND = 0
"""The number of what a friend gets."""

_log = logging.getLogger("regulars.challenges")


class Due(msgspec.Struct, kw_only=True):
    """A reward to be given or taken back, and what comes of it.

    :ivar points: to credit, or that were taken; `missing` of them were not there any more.
    :ivar voucher: what became of one: none, issued, revoked or used.
    """

    running: Running
    reward: ChallengeReward
    points: int = 0
    missing: int = 0
    voucher: str = "none"

    @property
    def gives(self) -> Gives | None:
        goal = self.running.definition.goal
        if self.reward.number == FRIEND and isinstance(goal, Referral):
            return goal.friend_gives
        return self.running.definition.gives

    @property
    def owner(self) -> dict[str, int]:
        return {"member_id": self.reward.member_id, "programme_id": self.running.programme_id}


def bring_rewards_in_step(
    progress: Mapping[Pair, Progress], running: Mapping[int, Running], *, now: datetime
) -> None:
    """Give what completions warrant that was not given, and take back what they warrant no more.

    Vouchers first, then all wallets in the order of their ids. A badge is kept once it was earned.
    """
    known = list_rewards_of(list(progress))
    to_give, to_take = [], []
    for pair, one in progress.items():
        challenge, given = running[pair[0]], known[pair]
        for number, completion in enumerate(one.completions, start=1):
            reward = given.get(number)
            if reward is None or reward.state == RewardState.TAKEN_BACK:
                to_give.append(Due(running=challenge, reward=_again(reward, pair, number, completion, now)))
        if challenge.definition.gives is not None:
            fallen = [
                given[number] for number in sorted(given, reverse=True) if number > len(one.completions)
            ]
            to_take += [
                Due(running=challenge, reward=row) for row in fallen if row.state == RewardState.GIVEN
            ]
    give_and_take_back(to_give, to_take, now=now)


def give_and_take_back(to_give: Sequence[Due], to_take: Sequence[Due], *, now: datetime) -> None:
    """Carry both out, and announce them."""
    given = [due for due in to_give if _issue(due, now)]
    for due in to_take:
        _revoke(due, now)
    owners = {tuple(due.owner.values()): due.owner for due in [*given, *to_take]}
    if owners:
        with connection.cursor() as cursor:
            cursor.execute("SELECT loyalty_lock_wallets(%s::jsonb, %s)", [_json(owners.values()), now])
            ids = dict(zip(owners, cursor.fetchone()[0], strict=True))
        _credit(given, ids, now)
        for due in to_take:
            _take_points(due, now)
        _write(given, to_take, now)
    publish_many([_news(due, now) for due in given] + [_sad_news(due, now) for due in to_take], now=now)


def _again(
    reward: ChallengeReward | None, pair: Pair, number: int, completion: Completion, now: datetime
) -> ChallengeReward:
    """A new reward, or one that had been taken back."""
    row = reward or ChallengeReward(challenge_id=pair[0], member_id=pair[1], number=number, turn=0)
    row.turn += 1
    row.state, row.given_at = RewardState.GIVEN, now
    row.completed_by, row.completed_at = completion.cause, completion.completed_at
    return row


def _issue(due: Due, now: datetime) -> bool:
    """Issue the voucher that is due, and say how many points are; False where the series is not there any more."""
    gives, reward = due.gives, due.reward
    if isinstance(gives, GivesPoints):
        due.points = max(gives.points - reward.points, 0)
    if not isinstance(gives, GivesVoucher) or reward.has_voucher:
        return True
    series = VoucherSeries.objects.filter(programme_id=due.running.programme_id, code=gives.series).first()
    try:
        issue_vouchers(
            series.pk if series else 0, [reward.member_id], cause=reward.causes[-1], by=ACTOR, now=now
        )
    except VoucherNotFound:
        _log.error(
            "the challenge %s gives vouchers of %s, which there is no more", due.running.code, gives.series
        )
        return False
    due.voucher, reward.has_voucher = "issued", True
    return True


def _revoke(due: Due, now: datetime) -> None:
    """Take back a voucher that was not used; one that was used stays the member's."""
    reward = due.reward
    if not reward.has_voucher:
        return
    rows = Voucher.objects.select_for_update(of=("self",), no_key=True).filter(
        member_id=reward.member_id, cause__in=reward.causes, revoked_at=None
    )
    unused = [row.pk for row in rows.order_by("pk") if row.uses == 0]
    revoke_vouchers(unused, because="the challenge fell back", by=ACTOR, now=now)
    due.voucher, reward.has_voucher = ("revoked", False) if unused else ("used", True)


def _credit(given: Sequence[Due], ids: Mapping[tuple[int, ...], int], now: datetime) -> None:
    """Credit all points that are due, in one statement."""
    lots: list[dict[str, Any]] = []
    credits: list[dict[str, Any]] = []
    places = {owner: place for place, owner in enumerate(ids, start=1)}
    for due in given:
        if due.points == 0:
            continue
        life = lot_born(get_current_programme(due.running.programme_id), now)
        owner = {"w": places[tuple(due.owner.values())], "order_ref": ""} | due.owner
        born = {"available_from": life.available_from, "expires_at": life.expires_at}
        lots.append(owner | born | {"credited": due.points, "entries": 1})
        told = {
            "kind": "bonus",
            "points": due.points,
            "cause": due.reward.causes[-1],
            "rule_version_id": None,
        }
        reason = f"Challenge: {due.running.name}"[:300]
        credits.append(
            owner | told | {"lot": len(lots), "actor": ACTOR, "reason": reason, "happened_at": now}
        )
        due.reward.points += due.points
    if credits:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT loyalty_credit(%s::bigint[], %s::jsonb, %s::jsonb, %s)",
                [list(ids.values()), _json(credits), _json(lots), now],
            )


def _take_points(due: Due, now: datetime) -> None:
    """Take points back as a return takes what a purchase earned: by the programme's policy where they are spent."""
    reward = due.reward
    found = (
        find_reward_points(**due.owner, causes=reward.causes, points=reward.points, now=now)
        if reward.points
        else None
    )
    if found is None:
        return
    undoing = undo(found.bought, {0: 1}, owes=found.owes, as_of=now, now=now)
    due.points, due.missing = undoing.taken, undoing.missing
    reward.points -= undoing.taken
    if undoing.moves:
        _post_back(due, found.wallet_id, found.bought.earned[0].entry_id, undoing.moves, now)


def _post_back(due: Due, wallet_id: int, entry_id: int, moves: Sequence[Move], now: datetime) -> None:
    entry = {
        "kind": "reverse_earn",
        "points": sum(move.points for move in moves),
        "cause": due.reward.causes[-1].replace("challenge:", "challenge-back:", 1),
        "order_ref": "",
        "rule_version_id": None,
        "undoes_id": entry_id,
        "actor": ACTOR,
        "reason": f"Challenge: {due.running.name}, not complete after a return"[:300],
        "happened_at": now,
    }
    drawn = [{"e": 1, "lot_id": move.lot_id, "points": move.points} for move in moves]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_post(%s, %s::jsonb, %s::jsonb, %s)",
            [wallet_id, _json([entry]), _json(drawn), now],
        )


def _write(given: Sequence[Due], taken: Sequence[Due], now: datetime) -> None:
    for due in taken:
        due.reward.state, due.reward.taken_back_at = RewardState.TAKEN_BACK, now
    rewards = [due.reward for due in [*given, *taken]]
    ChallengeReward.objects.bulk_create([row for row in rewards if row.pk is None])
    fields = [
        "turn",
        "state",
        "points",
        "has_voucher",
        "completed_by",
        "completed_at",
        "given_at",
        "taken_back_at",
    ]
    ChallengeReward.objects.bulk_update([row for row in rewards if row.pk is not None], fields)


def _news(due: Due, now: datetime) -> Announcement:
    gives = due.gives
    event = ChallengeCompleted(
        programme_code=due.running.programme_code,
        challenge_code=due.running.code,
        title=due.running.name,
        number=due.reward.number,
        points=due.points,
        series_code=gives.series if isinstance(gives, GivesVoucher) and due.voucher == "issued" else "",
        badge=due.running.definition.badge if due.reward.number != FRIEND else "",
    )
    return Announcement(event, member_id=due.reward.member_id, happened_at=now)


def _sad_news(due: Due, now: datetime) -> Announcement:
    event = ChallengeFellBack(
        programme_code=due.running.programme_code,
        challenge_code=due.running.code,
        title=due.running.name,
        number=due.reward.number,
        points=due.points,
        points_missing=due.missing,
        voucher=due.voucher,
    )
    return Announcement(event, member_id=due.reward.member_id, happened_at=now)


def _json(rows: Iterable[Any]) -> str:
    return msgspec.json.encode(list(rows)).decode()
