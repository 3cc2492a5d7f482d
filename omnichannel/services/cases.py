"""Opening service cases and taking them on. Each change is a step with who and when; nobody overwrites another."""

from datetime import datetime
from typing import Any

from django.db import transaction

from config.outbox.services import publish
from members.services.profiles import lock_unforgotten
from omnichannel.errors import CaseChangedMeanwhile, CaseStateOutOfOrder
from omnichannel.events import CaseMoved, CaseOpened
from omnichannel.models import CaseKind, CasePriority, CaseStep, ServiceCase
from omnichannel.queries.cases import get_member_of_case, lock_case
from omnichannel.rules.cases import CaseChange, CaseFacts, changed, may_follow


@transaction.atomic
def open_case(
    member_id: int,
    *,
    programme_id: int,
    subject: str,
    kind: str = CaseKind.OTHER,
    priority: str = CasePriority.NORMAL,
    words: str = "",
    place_id: int | None = None,
    owner_id: int | None = None,
    due_at: datetime | None = None,
    cause: str = "",
    actor: str,
    now: datetime,
) -> ServiceCase:
    """Open a case; with a `cause` that opened one of this member before, that one is answered as it is.

    :raises MemberNotActive: the member was erased.
    """
    lock_unforgotten(member_id)
    facts = {
        "programme_id": programme_id,
        "place_id": place_id,
        "subject": subject,
        "kind": kind,
        "priority": priority,
        "owner_id": owner_id,
        "due_at": due_at,
        "opened_at": now,
        "opened_by": actor,
        "changed_at": now,
    }
    if cause:
        case, is_new = ServiceCase.objects.get_or_create(member_id=member_id, cause=cause, defaults=facts)
        if not is_new:
            return case
    else:
        case = ServiceCase.objects.create(member_id=member_id, **facts)
    _note(case, words=words, changes={}, actor=actor, now=now)
    opened = CaseOpened(case_ref=case.ref, kind=kind, priority=priority[2:], cause=cause)
    publish(opened, member_id=member_id, happened_at=now, now=now)
    return case


@transaction.atomic
def change_case(
    case_id: int, change: CaseChange, *, version: int, words: str = "", actor: str, now: datetime
) -> ServiceCase:
    """Take a case on, and write down what was said. Without change and words nothing is written.

    :param version: of the case as the person who changes it saw it.
    :raises CaseChangedMeanwhile: somebody else changed it since.
    :raises CaseStateOutOfOrder: the state does not follow the one it is in.
    :raises MemberNotActive: the member was erased.
    """
    lock_unforgotten(get_member_of_case(case_id))
    case = lock_case(case_id)
    if case.version != version:
        raise CaseChangedMeanwhile
    facts = CaseFacts(state=case.state, priority=case.priority, owner=case.owner_id, due_at=case.due_at)
    changes = changed(facts, change)
    state = str(changes.get("state", ("", case.state))[1])
    if not may_follow(case.state, state):
        raise CaseStateOutOfOrder(f"A case that is {case.state} does not become {state}.")
    if not changes and not words:
        return case
    for name, (_before, after) in changes.items():
        setattr(case, "owner_id" if name == "owner" else name, after)
    case.version, case.changed_at = case.version + 1, now
    case.save()
    _note(
        case, words=words, changes={name: list(pair) for name, pair in changes.items()}, actor=actor, now=now
    )
    if "state" in changes:
        moved = CaseMoved(case_ref=case.ref, state=state, was=str(changes["state"][0]))
        publish(moved, member_id=case.member_id, happened_at=now, now=now)
    return case


def _note(case: ServiceCase, *, words: str, changes: dict[str, Any], actor: str, now: datetime) -> None:
    plain = {
        name: [value.isoformat() if isinstance(value, datetime) else value for value in pair]
        for name, pair in changes.items()
    }
    CaseStep.objects.create(
        case=case,
        member_id=case.member_id,
        number=case.version,
        words=words,
        changes=plain,
        actor=actor,
        happened_at=now,
    )
