"""Applying an import: newcomers are enrolled, who is a member already is left, filled in or overwritten.

A chunk is one transaction with its mark and with what it did to whom: a kill loses a chunk at most, nobody is taken
twice, and everything can be undone.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import DataError, IntegrityError, connection, transaction

from config.ground.refusals import Refusal
from members.models import ImportRow, ImportState, MemberImport, RowState
from members.models.members import MemberState
from members.queries.attributes import list_attributes
from members.queries.consents import list_decided
from members.queries.imports import claim_import, list_rows_to_apply
from members.queries.members import find_owners, lock_members
from members.rules.attributes import Attribute, Eyes
from members.rules.import_fields import Mapping, field_of
from members.rules.import_rows import Problem, ToldRow
from members.rules.people import Person
from members.services.enrolment import Enrolled
from members.services.imports import mapping_of
from members.services.mass_answers import Replaced, answer_many, find_misfit
from members.services.mass_changes import Change, announce_answers, change_many
from members.services.mass_consents import Said, Turned, record_consents_of_many
from members.services.mass_enrolment import Newcomer, enrol_many

ROWS_PER_CHUNK = 5_000
_SMALLER = 20
SOURCE = "import"
_NOBODYS = Problem("", "Who goes by this was merged or erased meanwhile. Take the row out.")
_NOT_TAKEN = Problem(
    "",
    "The database does not take this row as it stands. Look at what is unusual in it, and upload it again.",
)


class Did(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What an import did to somebody who was a member before, as it is kept; nothing where it only named them.

    :ivar fields: name -> before and after, as JSON has them.
    :ivar answers: by the code of the attribute.
    """

    fields: dict[str, tuple[Any, Any]] = {}
    identities: list[tuple[str, str]] = []
    consents: list[Turned] = []
    answers: dict[str, Replaced] = {}


class _Taken(msgspec.Struct):
    """A row that is being applied."""

    row: ImportRow
    told: ToldRow
    evidence: str
    state: RowState = RowState.UNCHANGED
    problem: Problem | None = None
    member_id: int = 0
    did: Did | None = None


def apply_on(import_id: int, *, now: datetime, may_go_on: Callable[[], bool]) -> None:
    """Apply chunk after chunk, until all is done or time is up. Safe to repeat, any number at once.

    A chunk that the database does not take is taken in ever smaller pieces, down to the row that is to blame.
    """
    size = ROWS_PER_CHUNK
    while True:
        try:
            with connection.wrap_database_errors:
                may_be_more = _apply_chunk(import_id, size, now=now)
        except (DataError, IntegrityError):
            if size > 1:
                size = max(1, size // _SMALLER)
                continue
            may_be_more = _refuse_next(import_id)
        size = min(size * _SMALLER, ROWS_PER_CHUNK)
        if not may_be_more or not may_go_on():
            return


@transaction.atomic
def _apply_chunk(import_id: int, size: int, *, now: datetime) -> bool:
    """Whether there may be more to do."""
    batch = claim_import(import_id, ImportState.APPLYING)
    if batch is None:
        return False
    rows = list_rows_to_apply(import_id, after=batch.last_row_applied, limit=size)
    if not rows:
        batch.state, batch.finished_at = ImportState.APPLIED, now
        batch.save(update_fields=["state", "finished_at"])
        return False
    _move_on(batch, rows, _apply(batch, rows, now=now))
    return True


@transaction.atomic
def _refuse_next(import_id: int) -> bool:
    """Leave out the row that the database does not take."""
    batch = claim_import(import_id, ImportState.APPLYING)
    if batch is None:
        return False
    rows = list_rows_to_apply(import_id, after=batch.last_row_applied, limit=1)
    _write_states([(row, RowState.REFUSED, _NOT_TAKEN) for row in rows])
    _move_on(batch, rows, Counter({RowState.REFUSED.value: len(rows)}))
    return True


def _move_on(batch: MemberImport, rows: Sequence[ImportRow], counted: Counter[str]) -> None:
    batch.counts = dict(Counter(batch.counts) + counted)
    batch.last_row_applied = rows[-1].row
    batch.save(update_fields=["counts", "last_row_applied"])


def _apply(batch: MemberImport, rows: Sequence[ImportRow], *, now: datetime) -> Counter[str]:
    mapping = mapping_of(batch)
    refused = sum(row.state == RowState.REFUSED for row in rows)
    left_out = [row for row in rows if row.state == RowState.LIKELY and mapping.likely == "leave_out"]
    taken = [
        _Taken(row, msgspec.convert(row.told, ToldRow, strict=False), f"{batch.ref} row {row.row}")
        for row in rows
        if row.state in (RowState.NEW, RowState.KNOWN, RowState.LIKELY) and row not in left_out
    ]
    asked = _asked(taken)
    _enrol(batch, [one for one in taken if one.state != RowState.REFUSED], mapping, now)
    _answer([one for one in taken if one.state == RowState.ENROLLED], asked, batch, mapping, now)
    known = [one for one in taken if one.member_id and one.state != RowState.ENROLLED]
    _change_known(known, asked, batch, mapping, now)
    _write_states([(row, RowState.LEFT_OUT, None) for row in left_out])
    _write_states([(one.row, one.state, one.problem) for one in taken])
    _keep_what_was_done(batch, taken, now)
    counted = Counter(one.state.value for one in taken)
    return counted + Counter({RowState.REFUSED.value: refused, RowState.LEFT_OUT.value: len(left_out)})


def _asked(taken: Sequence[_Taken]) -> dict[str, Attribute]:
    """What is asked now, by code; rows whose answers it takes no more are refused. Nothing where no row answers."""
    answering = [one for one in taken if one.told.answers]
    asked = {one.code: one for one in list_attributes(eyes=Eyes.TRUSTED)} if answering else {}
    for one in answering:
        if misfit := find_misfit(one.told.answers, asked):
            code, says = misfit
            one.state, one.problem = RowState.REFUSED, Problem(field_of(code), says)
    return asked


def _answer(
    taken: Sequence[_Taken],
    asked: dict[str, Attribute],
    batch: MemberImport,
    mapping: Mapping,
    now: datetime,
) -> dict[int, dict[str, Replaced]]:
    """An answer of a file completes no profile: rules give points for an act of the member's own."""
    return answer_many(
        {one.member_id: one.told.answers for one in taken if one.told.answers},
        asked,
        is_overwriting=mapping.known == "overwrite",
        known_at=batch.uploaded_at,
        now=now,
    )


def _enrol(batch: MemberImport, taken: Sequence[_Taken], mapping: Mapping, now: datetime) -> None:
    newcomers = [_newcomer(one) for one in taken]
    outcomes = enrol_many(newcomers, via="import", region=mapping.region, actor=batch.applied_by, now=now)
    seen: set[int] = set()
    for one, outcome in zip(taken, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            one.state, one.problem = RowState.REFUSED, Problem("", outcome.detail)
        elif outcome.member_id in seen:
            says = "Another row of the file is the same person. Join the two rows there."
            one.state, one.problem = RowState.REFUSED, Problem("", says)
        else:
            _take(one, outcome)
            seen.add(outcome.member_id)


def _take(one: _Taken, outcome: Enrolled) -> None:
    one.member_id = outcome.member_id
    if outcome.is_new:
        one.state, one.did = RowState.ENROLLED, Did()


def _newcomer(one: _Taken) -> Newcomer:
    told = one.told
    return Newcomer(
        phone=told.phone,
        email=told.email,
        card=told.card,
        external=told.external,
        further=told.further,
        given_name=told.given_name,
        family_name=told.family_name,
        display_name=told.display_name,
        language=told.language,
        birth_date=told.birth_date,
        place_code=told.place_code,
        enrolled_at=told.enrolled_at,
        consents=told.consents,
        consent_at=told.consent_at,
        evidence=one.evidence,
    )


def _change_known(
    known: Sequence[_Taken],
    asked: dict[str, Attribute],
    batch: MemberImport,
    mapping: Mapping,
    now: datetime,
) -> None:
    if mapping.known == "leave" or not known:
        return
    members = lock_members({one.member_id for one in known})
    held = find_owners({claim for one in known for claim in one.told.claims})
    changes: dict[int, Change] = {}
    for one in known:
        member = members[one.member_id]
        if member.state != MemberState.ACTIVE:
            one.state, one.problem, one.member_id = RowState.REFUSED, _NOBODYS, 0
            continue
        before = Person(**{name: getattr(member, name) for name in Person.__struct_fields__})
        wanted = merged(before, one.told.person, is_overwriting=mapping.known == "overwrite")
        new = tuple(claim for claim in one.told.claims if claim not in held)
        one.did = Did(fields=_differences(before, wanted))
        if one.did.fields or new:
            changes[member.pk] = Change(member_id=member.pk, ref=member.ref, person=wanted, claims=new)
    added = change_many(list(changes.values()), source=SOURCE, now=now)
    active = [one for one in known if one.member_id]
    turned = _record_words(active, batch, now)
    answered = _answer(active, asked, batch, mapping, now)
    announce_answers({id_: members[id_].ref for id_ in answered.keys() - changes.keys()}, now=now)
    for one in known:
        if one.did is not None:
            one.did.identities = [(claim.kind, claim.value) for claim in added.get(one.member_id, [])]
            one.did.consents = turned.get(one.member_id, [])
            one.did.answers = answered.get(one.member_id, {})
            is_changed = one.did != Did()
            one.state, one.did = (RowState.CHANGED, one.did) if is_changed else (RowState.UNCHANGED, None)


def merged(before: Person, told: Person, *, is_overwriting: bool) -> Person:
    """What is known and what is told of a person, put together; an empty cell says nothing, and takes nothing away."""
    kept, new = msgspec.structs.asdict(before), msgspec.structs.asdict(told)
    birthday = ("birth_date", "birth_month", "birth_day")
    wanted = {
        name: new[name] if new[name] and (is_overwriting or not kept[name]) else kept[name]
        for name in kept
        if name not in birthday
    }
    is_told = told.birth_date is not None and (is_overwriting or before.birth_month is None)
    return Person(**wanted, **{name: (new if is_told else kept)[name] for name in birthday})


def _differences(before: Person, after: Person) -> dict[str, tuple[Any, Any]]:
    one, two = (msgspec.to_builtins(msgspec.structs.asdict(each)) for each in (before, after))
    return {name: (one[name], two[name]) for name in one if one[name] != two[name]}


def _record_words(known: Sequence[_Taken], batch: MemberImport, now: datetime) -> dict[int, list[Turned]]:
    """A yes without a day is no answer to what a member has decided: who knows which of the two came first?"""
    decided = list_decided({one.member_id for one in known})
    said = [
        Said(
            member_id=one.member_id,
            word=word,
            happened_at=one.told.consent_at or now,
            evidence=one.evidence,
        )
        for one in known
        for word in one.told.consents
        if one.told.consent_at
        or not word.is_given
        or (one.member_id, word.channel, word.purpose) not in decided
    ]
    return record_consents_of_many(said, source=SOURCE, actor=batch.applied_by, now=now)


def _write_states(became: Sequence[tuple[ImportRow, RowState, Problem | None]]) -> None:
    rows = [(row.pk, state.value, [problem] if problem else None) for row, state, problem in became]
    with connection.cursor() as cursor:
        cursor.execute(_SAY_WHAT_BECAME, [msgspec.json.encode(rows).decode()])


_SAY_WHAT_BECAME = """
UPDATE members_importrow r SET state = a.w->>1,
    problems = CASE WHEN jsonb_typeof(a.w->2) = 'array' THEN a.w->2 ELSE r.problems END
FROM jsonb_array_elements(%s::jsonb) AS a(w) WHERE r.id = (a.w->>0)::bigint
"""


def _keep_what_was_done(batch: MemberImport, taken: Sequence[_Taken], now: datetime) -> None:
    target = "members_importedmember (batch_id, member_id, row, is_new, did, undone, stays, recorded_at)"
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for one in taken:
            if one.member_id:
                is_new = one.state == RowState.ENROLLED
                did = msgspec.json.encode(one.did or Did()).decode()
                copy.write_row((batch.pk, one.member_id, one.row.row, is_new, did, "", "", now))
