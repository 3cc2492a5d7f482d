"""What members itself shows on the member's page, and what it holds: by what they are known, wish and allow."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import get_current_timezone

from config.ground.moments import day, moment
from config.ground.personal import Held
from config.ground.retention import Period
from config.staff.actors import name_actors
from members.adapters.exports import forget_copies
from members.member_data import Act, Cell, Fact, Panel, Traces
from members.models import ConsentEvent, IdentityMove, Merge
from members.models.personal import HELD, RETENTION
from members.queries.attributes import get_attributes, list_attributes
from members.queries.consents import ConsentFacts, list_consents
from members.queries.households import find_place
from members.queries.imports import list_files_naming
from members.queries.members import KnownIdentity, get_member_by_id
from members.queries.merges import list_merges
from members.queries.preferences import PreferenceFacts, get_preferences
from members.queries.privacy import find_newest_copy, find_newest_erasure, lock_copies_of
from members.queries.timeline_own import SOURCES
from members.queries.timeline_sources import read_happenings
from members.rules.attributes import Attribute, Eyes, Value, words_of
from members.rules.people import name_of
from members.rules.timeline import Asked, Happening, Remark

EVENTS_SHOWN = 10
_ORDER = ("phone", "email", "card", "external")


def panels(member_id: int, *, now: datetime, viewer_id: int | None = None) -> list[Panel]:
    """Twelve statements.

    :raises MemberNotFound: if there is no such member.
    """
    return [
        _identities(member_id, get_member_by_id(member_id).identities),
        *_merges(member_id),
        *_moves(member_id),
        *_household(member_id),
        _preferences(get_preferences(member_id)),
        *_attributes(member_id),
        _consents(member_id, list_consents(member_id)),
        _consent_history(member_id),
        _privacy(member_id),
    ]


def holds() -> Sequence[Held]:
    return HELD


def retention() -> Sequence[Period]:
    return RETENTION


def kinds() -> dict[str, str]:
    return {source.kind: source.title for source in SOURCES}


def timeline(asked: Asked) -> list[Happening]:
    """How they came, what they allow, and who else they were; of no programme."""
    return read_happenings(SOURCES, asked)


def remarks(people: Sequence[int], told: Sequence[Happening]) -> dict[str, Remark]:
    return {}


def forget_files(member_id: int, traces: Traces) -> int:
    """The copies of their data that were made for them, and files of imports that name them."""
    return forget_copies([*lock_copies_of(member_id), *list_files_naming(member_id)])


def sums(member_id: int, *, programme_id: int | None = None, now: datetime) -> list[Fact]:
    """By what they are known, and what they allow. Two statements."""
    known = get_member_by_id(member_id).identities
    counted = [
        Fact(f"{name}", f"{sum(one.kind == kind for one in known):,}") for kind, name in KINDS_COUNTED.items()
    ]
    words = [
        Fact(f"{consent.purpose} by {consent.channel}".capitalize(), "yes" if consent.is_given else "no")
        for consent in list_consents(member_id)
    ]
    return counted + words


KINDS_COUNTED = {"phone": "Phones", "email": "E-mail addresses", "card": "Cards", "external": "Ids elsewhere"}


def _identities(member_id: int, identities: tuple[KnownIdentity, ...]) -> Panel:
    link = reverse("admin:members_member_take_over", args=[member_id])
    acts = (Act(name="Take over from another member", link=link, right="members.change_member"),)
    rows = tuple(
        (known.kind, Cell(known.value, kind="personal", of=known.kind), _proof(known), known.source)
        for known in sorted(identities, key=lambda known: _ORDER.index(known.kind))
    )
    return Panel(
        title="Known by", order=10, columns=("Kind", "Value", "Proven", "Told by"), rows=rows, acts=acts
    )


def _merges(member_id: int) -> list[Panel]:
    """Who else this person is or was, with the page on which it is undone; no panel where nobody ever was."""
    merges = list_merges(member_id, limit=EVENTS_SHOWN)
    if not merges:
        return []
    colleagues = name_actors(merge.merged_by for merge in merges)
    rows = tuple(
        (
            Cell(
                moment(merge.merged_at, get_current_timezone()),
                link=reverse("admin:members_merge_change", args=[merge.pk]),
            ),
            _other(merge, member_id),
            merge.get_state_display(),
            colleagues.get(merge.merged_by, merge.merged_by),
        )
        for merge in merges
    )
    return [Panel(title="Merged", order=11, columns=("When", "Who", "State", "By"), rows=rows)]


def _other(merge: Merge, member_id: int) -> Cell:
    has_gone = merge.member_id == member_id
    other = merge.into if has_gone else merge.member
    page = reverse("admin:members_member_change", args=[other.pk])
    return Cell(f"became {name_of(other)}" if has_gone else f"{name_of(other)} came", link=page)


def _moves(member_id: int) -> list[Panel]:
    """What was taken over from other members and given up to them; no panel where nothing ever was."""
    taken_or_given = Q(member_id=member_id) | Q(from_member_id=member_id)
    moves = IdentityMove.objects.filter(taken_or_given).select_related("member", "from_member")
    newest = list(moves.order_by("-pk")[:EVENTS_SHOWN])
    if not newest:
        return []
    colleagues = name_actors(move.actor for move in newest)
    rows = tuple((*_move(move, member_id), colleagues.get(move.actor, move.actor)) for move in newest)
    columns = ("When", "What", "Which way", "Evidence", "By")
    return [Panel(title="Moved between members", order=11, columns=columns, rows=rows)]


def _move(move: IdentityMove, member_id: int) -> tuple[Cell | str, ...]:
    is_taken = move.member_id == member_id
    other = move.from_member if is_taken else move.member
    page = reverse("admin:members_member_change", args=[other.pk])
    way = Cell(f"{'from' if is_taken else 'to'} {name_of(other)}", link=page)
    evidence = move.evidence.replace("_", " ")
    return moment(move.moved_at, get_current_timezone()), move.kind, way, evidence


def _proof(known: KnownIdentity) -> Cell:
    if known.verified_at is None:
        return Cell("not yet", kind="muted")
    return Cell(day(known.verified_at, get_current_timezone()), kind="good")


def _household(member_id: int) -> list[Panel]:
    place = find_place(member_id)
    if place is None:
        return []
    link = reverse("admin:members_household_change", args=[place.household_id])
    facts = (
        Fact("Household", Cell(place.household.name or place.household.ref, link=link)),
        Fact("As", "head" if place.household.head_id == member_id else place.get_role_display()),
    )
    return [Panel(title="Household", order=16, facts=facts)]


def _preferences(wishes: PreferenceFacts) -> Panel:
    quiet = f"{wishes.quiet_from:%H:%M} to {wishes.quiet_until:%H:%M}" if wishes.quiet_from else ""
    said = {
        "Likes": ", ".join(wishes.interests),
        "Best reached by": wishes.preferred_channel,
        "How often": "" if wishes.frequency == "any" else wishes.frequency,
        "Not between": quiet,
        "Packaging": wishes.packaging,
        "Invoice": wishes.invoice,
    }
    notes = {"Not between": wishes.timezone}
    facts = tuple(Fact(name, value, notes.get(name, "")) for name, value in said.items() if value)
    return Panel(title="Preferences", order=12, facts=facts, empty="Nothing said; anything goes.")


def _attributes(member_id: int) -> list[Panel]:
    """What the house asks and what they said; no panel where nothing is asked."""
    asked = list_attributes(eyes=Eyes.TRUSTED)
    if not asked:
        return []
    said = get_attributes(member_id, eyes=Eyes.TRUSTED)
    facts = tuple(
        Fact(one.label, _said(one, said[one.code]), note=one.why) for one in asked if one.code in said
    )
    link = reverse("admin:members_member_attributes", args=[member_id])
    acts = (Act(name="Change", link=link, right="members.change_member"),)
    return [Panel(title="What we asked", order=13, facts=facts, empty="Nothing said yet.", acts=acts)]


def _said(asked: Attribute, value: Value) -> Cell:
    words = words_of(asked, value)
    return Cell(words, kind="personal", of="words") if asked.seen_by == "personal" else Cell(words)


def _consents(member_id: int, consents: list[ConsentFacts]) -> Panel:
    zone = get_current_timezone()
    rows = tuple(
        (
            consent.purpose,
            consent.channel,
            Cell("yes", kind="good") if consent.is_given else Cell("no", kind="bad"),
            day(consent.changed_at, zone),
            Cell(
                "proof",
                link=reverse(
                    "admin:members_member_proof", args=[member_id, consent.channel, consent.purpose]
                ),
            ),
        )
        for consent in consents
    )
    columns = ("Purpose", "Channel", "Allowed", "Since", "")
    return Panel(
        title="Consent", order=76, columns=columns, rows=rows, empty="Never asked, so only what they order."
    )


def _consent_history(member_id: int) -> Panel:
    zone = get_current_timezone()
    newest = list(ConsentEvent.objects.filter(member_id=member_id).order_by("-pk")[:EVENTS_SHOWN])
    colleagues = name_actors(event.actor for event in newest)
    rows = tuple(
        (
            moment(event.happened_at, zone),
            f"{event.purpose} by {event.channel}",
            Cell("given", kind="good") if event.is_given else Cell("withdrawn", kind="bad"),
            event.source + (f", {event.place_code}" if event.place_code else ""),
            event.text_version or Cell("unknown", kind="muted"),
            colleagues.get(event.actor, event.actor.partition(":")[0]),
        )
        for event in newest
    )
    return Panel(
        title="How consent came to be",
        order=78,
        columns=("When", "What", "Said", "Where", "Text shown", "Written by"),
        rows=rows,
        is_wide=True,
    )


def _privacy(member_id: int) -> Panel:
    """What was asked to be done with the data, and where to ask for it."""
    zone, member = get_current_timezone(), f"?member={member_id}"
    copy, erasure = find_newest_copy(member_id), find_newest_erasure(member_id)
    asks = (
        ("Make a copy", "dataexport", "members.add_dataexport"),
        ("Erase", "erasurerequest", "members.add_erasurerequest"),
    )
    told = (("Copy of the data", "dataexport", copy), ("Erasure", "erasurerequest", erasure))
    return Panel(
        title="Privacy",
        order=79,
        facts=tuple(
            Fact(
                name,
                Cell(
                    asked.get_state_display(), link=reverse(f"admin:members_{model}_change", args=[asked.pk])
                ),
                note=f"asked for {day(asked.asked_at, zone)}",
            )
            for name, model, asked in told
            if asked
        ),
        empty="Never asked for a copy of their data, or to be forgotten.",
        acts=tuple(
            Act(name=name, link=reverse(f"admin:members_{model}_add") + member, right=right)
            for name, model, right in asks
        ),
    )
