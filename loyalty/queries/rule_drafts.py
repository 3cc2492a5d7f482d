"""Drafts of rules: the open one of a rule, and what waits for whom."""

from django.db.models import Case, QuerySet, Value, When

from loyalty.errors import RuleDraftNotFound
from loyalty.models import ProgrammeTerms, RuleDraft, RuleDraftState

OPEN = (RuleDraftState.DRAFT, RuleDraftState.SUBMITTED)


def find_open_draft(rule_id: int) -> RuleDraft | None:
    """What somebody is writing, or what waits for approval."""
    return RuleDraft.objects.filter(rule_id=rule_id, state__in=OPEN).first()


def find_draft_of(programme_id: int, code: str) -> RuleDraft | None:
    """As `find_open_draft`, by the rule's code."""
    drafts = RuleDraft.objects.filter(rule__programme_id=programme_id, rule__code=code, state__in=OPEN)
    return drafts.first()


def lock_draft(draft_id: int) -> RuleDraft:
    """The draft with its rule, locked until commit.

    :raises RuleDraftNotFound: there is none with this id.
    """
    rows = RuleDraft.objects.select_related("rule").select_for_update(of=("self",))
    draft = rows.filter(pk=draft_id).first()
    if draft is None:
        raise RuleDraftNotFound
    return draft


def waiting_first(drafts: QuerySet[RuleDraft]) -> QuerySet[RuleDraft]:
    """Those that wait for approval before those that are written, then what was decided; the newest first."""
    rank = Case(
        When(state=RuleDraftState.SUBMITTED, then=Value(0)),
        When(state=RuleDraftState.DRAFT, then=Value(1)),
        default=Value(2),
    )
    return drafts.order_by(rank, "-pk")


def waiting_for(actor: str, drafts: QuerySet[RuleDraft] | None = None) -> QuerySet[RuleDraft]:
    """Those that this person could approve: submitted, and written by somebody else."""
    rows = RuleDraft.objects.all() if drafts is None else drafts
    submitted = rows.filter(state=RuleDraftState.SUBMITTED)
    return submitted.exclude(made_by=actor).exclude(submitted_by=actor)


def list_waiting_rules(programme_code: str) -> list[str]:
    """The names of a programme's rules that wait for approval."""
    waiting = RuleDraft.objects.filter(rule__programme__code=programme_code, state=RuleDraftState.SUBMITTED)
    return list(waiting.order_by("name").values_list("name", flat=True))


def needs_approval(programme_id: int) -> bool:
    """Whether the programme's terms ask for a second person; without terms they do."""
    asked = ProgrammeTerms.objects.filter(programme_id=programme_id).values_list(
        "rules_need_approval", flat=True
    )
    return asked.first() is not False
