"""Undoing an import: who became a member by it and was never touched since goes away, and what it changed of others
goes back where it still says so. Whatever somebody touched since, or a later import says too, stays, and is listed with
what it was.

Who goes away is erased as by an erasure: nothing but the ref is left. They did nothing, so nothing is in the books.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from config.ground.personal import Held, erase_rows_of_many, lift_guards, list_touched, model_of, set_guards
from config.outbox.services import Announcement, publish_many
from members.events import MemberErased
from members.member_data import list_floors
from members.models import ImportedMember, ImportState, Member, MemberImport, UndoneHow
from members.models.members import MemberState
from members.models.personal import HOUSE
from members.queries.consents import list_words_without, lock_consents
from members.queries.imports import claim_import, list_done, list_later_rows
from members.queries.privacy import is_under_way
from members.rules.attributes import is_same
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.identities import IdentityClaim
from members.rules.import_fields import FIELDS
from members.rules.import_rows import ToldRow
from members.rules.people import Person
from members.services.import_applying import SOURCE, Did
from members.services.mass_answers import Given, unanswer_many
from members.services.mass_changes import Change, announce_answers, change_many
from members.services.mass_consents import Said, Turned, record_consents_of_many

MEMBERS_PER_CHUNK = 1_000
_IMPORTS_OWN = {
    "members.Member",
    "members.Identity",
    "members.Consent",
    "members.ConsentEvent",
    "members.AttributeValue",
}
"""What an import writes; whether it was touched since is looked at more closely."""
_STAY = {"members.ImportRow", "members.ImportedMember"}
_BIRTHDAY = ("birth_date", "birth_month", "birth_day")


def undo_on(import_id: int, *, now: datetime, may_go_on: Callable[[], bool]) -> None:
    """Undo chunk after chunk, the last row first, until all is done or time is up. Safe to repeat, and to be killed
    anywhere. While news of somebody is on its way, it waits."""
    while _undo_chunk(import_id, now=now) and may_go_on():
        pass


@transaction.atomic
def _undo_chunk(import_id: int, *, now: datetime) -> bool:
    """Whether there may be more to do now."""
    batch = claim_import(import_id, ImportState.UNDOING)
    if batch is None:
        return False
    done = list_done(batch.pk, below=batch.last_undone, limit=MEMBERS_PER_CHUNK)
    if not done:
        batch.state = ImportState.UNDONE
        batch.save(update_fields=["state"])
        return False
    members = _lock({one.member_id for one in done})
    new = [one for one in done if one.is_new]
    if is_under_way([one.member_id for one in new]):
        return False
    _let_go(new, members, now=now)
    _give_back([one for one in done if not one.is_new], members, batch, now=now)
    ImportedMember.objects.bulk_update(done, ["undone", "stays"], batch_size=500)
    counts = Counter(batch.undone_counts)
    counts.update(one.undone for one in done)
    batch.undone_counts, batch.last_undone = dict(counts), done[-1].pk
    batch.save(update_fields=["undone_counts", "last_undone"])
    return True


def _lock(member_ids: set[int]) -> dict[int, Member]:
    """Until commit, so that not even a row that points to them is written: a purchase comes before, or after."""
    locked = Member.objects.filter(pk__in=member_ids).order_by("pk").select_for_update(of=("self",))
    return {member.pk: member for member in locked}


def _let_go(new: Sequence[ImportedMember], members: Mapping[int, Member], *, now: datetime) -> None:
    touched = _touched(new, members)
    for one in new:
        said = touched.get(one.member_id, [])
        one.undone = UndoneHow.STAYS if said else UndoneHow.GONE
        one.stays = ", ".join(said)[:500]
    going = [members[one.member_id] for one in new if one.undone == UndoneHow.GONE]
    if not going:
        return
    ids = [member.pk for member in going]
    everything = [held for held in _everything() if held.table not in _STAY]
    lift_guards(held.table for held in everything)
    for held in everything:
        if held.is_derived or held.table in _IMPORTS_OWN:
            erase_rows_of_many(held, ids)
    set_guards()
    erased: list[Any] = [
        Announcement(event=MemberErased(member_ref=member.ref), member_id=member.pk, happened_at=now)
        for member in going
    ]
    publish_many(erased, now=now)


def _everything() -> list[Held]:
    return [*HOUSE, *(held for data in list_floors().values() for held in data.holds())]


def _touched(new: Sequence[ImportedMember], members: Mapping[int, Member]) -> dict[int, list[str]]:
    """Member -> what there is of them that the import did not write, in words."""
    found: dict[int, list[str]] = {}
    if not new:
        return found
    ids = [one.member_id for one in new]
    for member_id in ids:
        if members[member_id].state != MemberState.ACTIVE:
            found.setdefault(member_id, []).append(f"is {members[member_id].state} by now")
    for held in _everything():
        if not held.is_derived and held.table not in _IMPORTS_OWN | _STAY:
            for member_id in list_touched(held, ids):
                found.setdefault(member_id, []).append(str(model_of(held)._meta.verbose_name_plural))
    with connection.cursor() as cursor:
        rows = [(one.member_id, one.recorded_at, one.pk) for one in new]
        cursor.execute(_OWN_TOUCHED, [msgspec.json.encode(rows).decode()])
        for member_id, what in cursor.fetchall():
            found.setdefault(member_id, []).append(what)
    return found


_OWN_TOUCHED = """
WITH done AS (
    SELECT (d->>0)::bigint AS id, (d->>1)::timestamptz AS at, (d->>2)::bigint AS pk
    FROM json_array_elements(%s::json) AS a(d)
)
SELECT DISTINCT d.id, 'identities' FROM done d JOIN members_identity i ON i.member_id = d.id
WHERE i.recorded_at <> d.at OR (i.verified_at IS NOT NULL AND i.source <> 'house')
UNION ALL SELECT DISTINCT d.id, 'consents' FROM done d JOIN members_consentevent e ON e.member_id = d.id
WHERE e.recorded_at <> d.at
UNION ALL SELECT DISTINCT d.id, 'answers' FROM done d JOIN members_attributevalue v ON v.member_id = d.id
WHERE v.source <> 'import' OR v.changed_at <> d.at
UNION ALL SELECT DISTINCT d.id, 'another import' FROM done d
JOIN members_importedmember o ON o.member_id = d.id AND o.id <> d.pk
JOIN members_memberimport b ON b.id = o.batch_id
WHERE NOT (b.state = 'undone' AND o.undone IN ('', 'back'))
"""


def _give_back(
    known: Sequence[ImportedMember], members: Mapping[int, Member], batch: MemberImport, *, now: datetime
) -> None:
    changes: list[Change] = []
    words: list[Said] = []
    held = lock_consents([one.member_id for one in known])
    before_it = list_words_without([one.member_id for one in known], f"{batch.ref} ")
    again = _said_again(known)
    quiet: dict[int, str] = {}
    dropped = _drop_identities(known, again)
    answers = _take_answers_back(known, members, again)
    for one in known:
        member, did, stays = members[one.member_id], msgspec.convert(one.did, Did), list[str]()
        if member.state != MemberState.ACTIVE:
            one.undone, one.stays = UndoneHow.STAYS, f"is {member.state} by now"
            continue
        before, kept = _fields_before(member, did, again.get(one.pk, ()))
        stays += [FIELDS.get(name, "Birth date") for name in kept]
        gone = dropped.get(one.member_id, set())
        stays += [FIELDS[kind] for kind, value in did.identities if (kind, value) not in gone]
        for turned in did.consents:
            what = (one.member_id, turned.channel, turned.purpose)
            if held.get(what) == (turned.after, turned.at):
                words.append(_unsaid(one.member_id, turned, before_it.get(what, False), batch))
            else:
                stays.append(f"{turned.purpose} by {turned.channel}")
        stays += answers.get(one.member_id, [])
        if before is not None or gone:
            person = before or _person(member)
            changes.append(Change(member_id=member.pk, ref=member.ref, person=person))
        elif len(did.answers) > len(answers.get(one.member_id, [])):
            quiet[member.pk] = member.ref
        parts = len(did.fields) + len(did.identities) + len(did.consents) + len(did.answers)
        one.undone = (
            UndoneHow.BACK if not stays else UndoneHow.STAYS if len(stays) >= parts else UndoneHow.PARTLY
        )
        one.stays = ", ".join(dict.fromkeys(stays))[:500]
    change_many(changes, source=SOURCE, now=now)
    announce_answers(quiet, now=now)
    record_consents_of_many(words, source=SOURCE, actor=batch.undone_by, now=now)


def _person(member: Member) -> Person:
    return Person(**{name: getattr(member, name) for name in Person.__struct_fields__})


def _fields_before(member: Member, did: Did, again: Sequence[ToldRow]) -> tuple[Person | None, list[str]]:
    """The person with everything back that still says what the import wrote, and no later one says too, None if that
    is nothing; and what stays. A birthday goes back as a whole."""
    now_: dict[str, Any] = msgspec.to_builtins(_person(member))
    said: list[dict[str, Any]] = [msgspec.to_builtins(told.person) for told in again]
    kept = [
        name
        for name, (_, after) in did.fields.items()
        if now_.get(name) != after or any(told[name] == after for told in said)
    ]
    if set(kept) & set(_BIRTHDAY):
        kept = [*(name for name in kept if name not in _BIRTHDAY), "birth_date"]
    back = {
        name: before
        for name, (before, _) in did.fields.items()
        if name not in kept and not (name in _BIRTHDAY and "birth_date" in kept)
    }
    return (msgspec.convert({**now_, **back}, Person) if back else None), kept


def _unsaid(member_id: int, turned: Turned, is_given: bool, batch: MemberImport) -> Said:
    """What would hold had the import said nothing, as of the moment for which it spoke: any word of the member that is
    later than that goes before."""
    word = ConsentWord(channel=Channel(turned.channel), purpose=Purpose(turned.purpose), is_given=is_given)
    return Said(member_id=member_id, word=word, happened_at=turned.at, evidence=f"{batch.ref} undone")


def _said_again(known: Sequence[ImportedMember]) -> dict[int, list[ToldRow]]:
    """What later imports that still hold say of the same people, by the change that is to be undone."""
    said = list_later_rows([one.pk for one in known])
    return {pk: [msgspec.convert(told, ToldRow, strict=False) for told in rows] for pk, rows in said.items()}


def _take_answers_back(
    known: Sequence[ImportedMember],
    members: Mapping[int, Member],
    again: Mapping[int, Sequence[ToldRow]],
) -> dict[int, list[str]]:
    """Give back what they answered before; member -> what is asked where the answer stays."""
    given: list[Given] = []
    kept: set[tuple[int, str]] = set()
    for one in known:
        did = msgspec.convert(one.did, Did)
        if members[one.member_id].state != MemberState.ACTIVE:
            continue
        for code, replaced in did.answers.items():
            given.append(Given(member_id=one.member_id, code=code, replaced=replaced, at=one.recorded_at))
            if any(is_same(told.answers.get(code), replaced.after) for told in again.get(one.pk, ())):
                kept.add((one.member_id, code))
    return unanswer_many(given, kept=kept)


def _drop_identities(
    known: Sequence[ImportedMember], again: Mapping[int, Sequence[ToldRow]]
) -> dict[int, set[tuple[str, str]]]:
    """Take away what the import added, and nobody proved or moved or said again since; answers what went, by member."""
    rows = [
        (one.member_id, kind, value, one.recorded_at)
        for one in known
        for kind, value in one.did.get("identities", [])
        if not any(IdentityClaim(kind, value) in told.claims for told in again.get(one.pk, ()))
    ]
    gone: dict[int, set[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_DROP, [msgspec.json.encode(rows).decode(), SOURCE])
        for member_id, kind, value in cursor.fetchall():
            gone.setdefault(member_id, set()).add((kind, value))
    return gone


_DROP = """
DELETE FROM members_identity i USING json_array_elements(%s::json) AS a(d)
WHERE i.member_id = (d->>0)::bigint AND i.kind = d->>1 AND i.value = d->>2 AND i.recorded_at = (d->>3)::timestamptz
    AND i.verified_at IS NULL AND i.source = %s
RETURNING i.member_id, i.kind, i.value
"""
