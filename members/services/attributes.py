"""Writing down what members say under the attributes that the house declared."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import transaction

from config.outbox.services import publish
from members.errors import AttributeChangedMeanwhile, AttributeNotKnown, AttributeNotValid, AttributeNotYours
from members.events import MemberChanged, ProfileCompleted
from members.models import Attribute as Row, AttributeValue, AttributeWords
from members.queries.attributes import get_attributes, list_attributes
from members.rules.attributes import (
    COLUMNS,
    Attribute,
    Eyes,
    Value,
    column_value,
    find_fault,
    is_complete,
    is_same,
    may_see,
    may_write,
)
from members.services.profiles import lock_active


class Translation(msgspec.Struct, frozen=True):
    """An attribute in another language; the choices in the order in which they are declared."""

    label: str
    why: str
    choices: tuple[str, ...] = ()


@transaction.atomic
def declare_attribute(declared: Attribute, *, words: Mapping[str, Translation]) -> bool:
    """Ask something of members from now on. What is declared by this code already stays as it is.

    :param words: language -> how it is said there.
    :return: whether it is new.
    """
    row, is_new = Row.objects.get_or_create(
        code=declared.code,
        defaults={
            "label": declared.label,
            "purpose": declared.why,
            "kind": declared.kind,
            "allowed": declared.allowed,
            "seen_by": declared.seen_by,
            "is_edited_by_member": declared.is_edited_by_member,
            "is_asked_for": declared.is_asked_for,
        },
    )
    for language, told in words.items() if is_new else ():
        AttributeWords.objects.create(
            attribute=row, language=language, label=told.label, purpose=told.why, allowed=list(told.choices)
        )
    return is_new


@transaction.atomic
def set_attributes(
    member_id: int,
    values: Mapping[str, Value | None],
    *,
    eyes: Eyes,
    source: str,
    seen: Mapping[str, Value] | None = None,
    now: datetime,
) -> None:
    """Write some attributes of a member and leave the others; None takes one away. All of it or nothing.

    :param values: by code.
    :param eyes: who writes; nobody writes what they may not see.
    :param source: `app`, `page`, `web`, `admin` or `import`.
    :param seen: what stood there when who writes looked; None where nobody did.
    :raises AttributeChangedMeanwhile: something else stands there by now.
    :raises MemberNotFound: if there is no such member.
    :raises MemberNotActive: if the member was merged or erased.
    :raises AttributeNotKnown: there is none by this code for these eyes.
    :raises AttributeNotYours: members do not change it themselves.
    :raises AttributeNotValid: the value is not what it takes.
    """
    if not values:
        return
    member = lock_active(member_id)
    declared = list_attributes(eyes=Eyes.MEMBER)
    before = get_attributes(member_id, eyes=Eyes.MEMBER)
    known = {one.code: one for one in declared}
    for code in values if seen is not None else ():
        if not is_same(before.get(code), (seen or {}).get(code)):
            raise AttributeChangedMeanwhile(pointer=f"/attributes/{code}")
    changed = {
        code: value
        for code, value in values.items()
        if _writable(known, code, eyes) and before.get(code) != value
    }
    for code, value in changed.items():
        _write(known[code], member_id, value, held=before.get(code), source=source, now=now)
    if not changed:
        return
    told = MemberChanged(member_ref=member.ref, is_of_wishes=True)
    publish(told, member_id=member_id, happened_at=now, now=now)
    filled = {code for code, value in (before | changed).items() if value is not None}
    if is_complete(declared, filled) and not is_complete(declared, set(before)):
        publish(ProfileCompleted(member_ref=member.ref), member_id=member_id, happened_at=now, now=now)


def _writable(known: Mapping[str, Attribute], code: str, eyes: Eyes) -> bool:
    """True, or a refusal."""
    pointer = f"/attributes/{code}"
    if code not in known or not may_see(known[code], eyes):
        raise AttributeNotKnown(f"There is no attribute {code!r}.", pointer=pointer)
    if not may_write(known[code], eyes):
        raise AttributeNotYours(f"{known[code].label} is changed by the house alone.", pointer=pointer)
    return True


def _write(
    attribute: Attribute,
    member_id: int,
    value: Value | None,
    *,
    held: Value | None,
    source: str,
    now: datetime,
) -> None:
    rows = AttributeValue.objects.filter(member_id=member_id, attribute_id=attribute.id)
    if value is None:
        rows.delete()
        return
    if fault := find_fault(attribute, value, held=held):
        raise AttributeNotValid(fault, pointer=f"/attributes/{attribute.code}")
    said = {COLUMNS[attribute.kind]: column_value(attribute, value), "source": source, "changed_at": now}
    if held is None:
        AttributeValue.objects.create(member_id=member_id, attribute_id=attribute.id, **said)
    else:
        rows.update(**said)
