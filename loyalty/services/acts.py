"""Giving points for acts: a batch of them is settled one after the other and booked in a handful of statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction

from loyalty.errors import ProgrammeWithoutTerms
from loyalty.models import ActSettlement, ProgrammeTerms
from loyalty.queries.acts import find_counted, find_people, find_settled
from loyalty.queries.batches import find_wallet_facts, lock_wallets_of
from loyalty.queries.checkout import MemberNow
from loyalty.queries.programmes import get_programme
from loyalty.rules.act_answers import answer_of
from loyalty.rules.acts import (
    Act,
    ActSettlement as Settled,
    nothing_for_strangers,
    rules_of,
    secret_of,
    settle_act,
)
from loyalty.rules.compile import Programme
from loyalty.rules.definition import HasLabel
from loyalty.rules.purchase import lot_born
from loyalty.rules.settle import UNKNOWN_SHOPPER
from loyalty.services.act_climbs import Climbs
from loyalty.services.batch_accounts import Account
from loyalty.services.batch_caps import CapsSoFar
from loyalty.services.booking_rows import uses_of

ACTOR = "loyalty.acts"

_COUNT = """
    INSERT INTO loyalty_actcounted (rule_id, member_id, key, act_ref)
    SELECT r.id, x.member_id, x.key, x.act_ref
      FROM jsonb_to_recordset(%s::jsonb) AS x(rule text, member_id bigint, key text, act_ref text)
      JOIN loyalty_rule r ON r.programme_id = %s AND r.code = x.rule
"""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """An act, who did it, and in which programme (code)."""

    member_id: int
    programme_code: str
    act: Act


def award_acts(done: Sequence[Done], *, now: datetime) -> None:
    """Give what the rules of their moments give for these acts, in the order in which they happened.

    Safe to repeat: an act that was settled is left alone. Who is not an active member gets nothing, and it is said.

    :raises ProgrammeWithoutTerms: somebody has to declare them first; nothing is given till then.
    """
    by_programme: dict[str, list[Done]] = defaultdict(list)
    for one in done:
        by_programme[one.programme_code].append(one)
    terms = ProgrammeTerms.objects.filter(programme__code__in=by_programme).order_by("programme_id")
    stamps = {code: stamp for code, *stamp in terms.values_list("programme__code", "programme_id", "stamp")}
    if missing := sorted(by_programme.keys() - stamps):
        raise ProgrammeWithoutTerms(f"Acts wait for the terms of {', '.join(missing)}.")
    batches = [
        _Batch(get_programme(id_, stamp=stamp), by_programme[code], now)
        for code, (id_, stamp) in stamps.items()
    ]
    member_ids = {one.member_id for one in done}
    with transaction.atomic():
        active = {id_ for id_, person in find_people(member_ids).items() if person.is_active}
        owners = {owner for batch in batches for owner in batch.earning(active)}
        wallets = lock_wallets_of(owners, now=now) if owners else {}
        people = find_people(member_ids)
        for batch in batches:
            batch.carry_out(people, wallets)


class _Batch:
    """Acts of one programme: facts are read once under the locks of wallets, then act after act."""

    def __init__(self, programme: Programme, done: Sequence[Done], now: datetime) -> None:
        self.programme, self.now = programme, now
        self.done = sorted(done, key=lambda one: one.act.happened_at)
        self.rules = {one.act.ref: rules_of(one.act.type, one.act.happened_at, programme) for one in done}
        self.credits: list[dict[str, Any]] = []
        self.lots: list[dict[str, Any]] = []
        self.uses: list[dict[str, Any]] = []
        self.new_counts: list[dict[str, Any]] = []
        self.climbs = Climbs(programme, now)
        self.settled: list[ActSettlement] = []

    def earning(self, active: Set[int]) -> set[tuple[int, int]]:
        """Whose wallets are needed, of these members: (member id, programme id)."""
        asked = {one.member_id for one in self.done if self.rules[one.act.ref]}
        return {(member_id, self._programme_id) for member_id in asked & active}

    def carry_out(self, people: Mapping[int, MemberNow], locked: Mapping[tuple[int, int], int]) -> None:
        self.wallets = {
            member_id: wallet_id
            for (member_id, programme_id), wallet_id in locked.items()
            if programme_id == self._programme_id
        }
        self.positions = {member_id: n for n, member_id in enumerate(self.wallets, start=1)}
        known = find_settled([one.act.ref for one in self.done])
        waiting = [one for one in self.done if one.act.ref not in known]
        active = [one for one in waiting if people[one.member_id].is_active]
        if any(self.rules[one.act.ref] for one in active):
            self._read(active, people)
        for one in waiting:
            if people[one.member_id].is_active:
                self._settle(one)
            else:
                self._keep(one, nothing_for_strangers(one.act))
        self._book()

    @property
    def _programme_id(self) -> int:
        return self.programme.terms.programme_id

    def _read(self, waiting: Sequence[Done], people: Mapping[int, MemberNow]) -> None:
        """What the rules in question want to know of the members whose wallets are locked."""
        capped = [
            (one.act.happened_at, [rule for rule in self.rules[one.act.ref] if rule.definition.caps])
            for one in waiting
        ]
        self.caps = CapsSoFar(self.programme.terms, capped, self.wallets)
        in_question = [rule for one in waiting for rule in self.rules[one.act.ref]]
        self.counted: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for member_id, rule, key in find_counted(
            self._programme_id, self.wallets, {rule.code for rule in in_question}
        ):
            self.counted[member_id].add((rule, key))
        asks_labels = any(
            isinstance(one, HasLabel) for rule in in_question for one in rule.definition.conditions
        )
        earliest = min(one.act.happened_at for one in waiting).date()
        facts = find_wallet_facts(
            self.wallets,
            self._programme_id,
            since=earliest - timedelta(days=self.programme.longest_window_days + 1),
            asks_labels=asks_labels,
        )
        self.accounts = {
            member_id: Account(
                member=people[member_id], days=each.days, standings=each.standings, labels=each.labels
            )
            for member_id, each in facts.items()
        }
        self.kept_until = {member_id: each.kept_alive_until for member_id, each in facts.items()}

    def _settle(self, one: Done) -> None:
        act, shopper = one.act, UNKNOWN_SHOPPER
        counted: set[tuple[str, str]] = set()
        if self.rules[act.ref]:
            used = self.caps.used(one.member_id, act.happened_at)
            shopper = self.accounts[one.member_id].shopper(self.programme, act.happened_at, 0, used)
            counted = self.counted[one.member_id]
        settled = settle_act(
            act, shopper, counted, self.programme, secret=secret_of(settings.SECRET_KEY, one.member_id)
        )
        if settled.awards:
            self._add(one, settled)
            self.caps.take_note(one.member_id, settled.awards)
            self.climbs.add(
                self.wallets[one.member_id],
                self.accounts[one.member_id],
                points=settled.points_earned,
                at=one.act.happened_at,
            )
            counted.update(settled.counts_once)
        self._keep(one, settled)

    def _keep(self, one: Done, settled: Settled) -> None:
        """What an act was worth, and why."""
        act = one.act
        self.settled.append(
            ActSettlement(
                act_ref=act.ref,
                member_id=one.member_id,
                programme_id=self._programme_id,
                type_code=act.type,
                title=act.title,
                points_earned=settled.points_earned,
                answer=msgspec.json.encode(answer_of(settled)).decode(),
                happened_at=act.happened_at,
                recorded_at=self.now,
            )
        )

    def _add(self, one: Done, settled: Settled) -> None:
        """The rows of an act that earns: a lot, a credit for each rule, and what they count."""
        life = lot_born(self.programme, one.act.happened_at, kept_until=self.kept_until[one.member_id])
        owner = {
            "w": self.positions[one.member_id],
            "member_id": one.member_id,
            "programme_id": self._programme_id,
            "order_ref": "",
        }
        self.lots.append(
            owner
            | {
                "available_from": life.available_from,
                "expires_at": life.expires_at,
                "credited": settled.points_earned,
                "entries": len(settled.awards),
            }
        )
        for award in settled.awards:
            self.credits.append(
                owner
                | {
                    "lot": len(self.lots),
                    "kind": award.kind,
                    "points": award.points,
                    "cause": f"act:{one.act.ref}:{award.rule}",
                    "rule_version_id": award.rule_version_id,
                    "actor": ACTOR,
                    "reason": award.because[:300],
                    "happened_at": one.act.happened_at,
                }
            )
            self.uses.extend(uses_of(award, one.member_id))
        self.new_counts.extend(
            {"rule": rule, "member_id": one.member_id, "key": key, "act_ref": one.act.ref}
            for rule, key in settled.counts_once
        )

    def _book(self) -> None:
        ActSettlement.objects.bulk_create(self.settled)
        if not self.credits:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT loyalty_credit(%s::bigint[], %s::jsonb, %s::jsonb, %s)",
                [list(self.wallets.values()), _json(self.credits), _json(self.lots), self.now],
            )
            if self.new_counts:
                cursor.execute(_COUNT, [_json(self.new_counts), self._programme_id])
            if self.uses:
                cursor.execute("SELECT loyalty_count_uses(%s::jsonb)", [_json(self.uses)])
        self.climbs.write()


def _json(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
