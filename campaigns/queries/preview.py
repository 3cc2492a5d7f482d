"""What a plan would do for one real member, without doing it."""

from dataclasses import dataclass, replace
from datetime import datetime

from campaigns.models import Segment, SegmentMember
from campaigns.queries import campaigns, features
from campaigns.rules.content import with_asking
from campaigns.rules.decisions import Decision, Desk, codes_in, decide
from campaigns.rules.plans import Plan
from campaigns.rules.schedules import ends_after, last_day
from campaigns.rules.verdicts import REASONS, SENT, Candidate
from config.ground.words import day_words
from members.models import Identity, Member
from omnichannel.queries.surveys import definition_of, find_open_survey
from omnichannel.rules.surveys import Asking, spoken


@dataclass(frozen=True, slots=True)
class Preview:
    """A decision about a member with what is needed to show it; `is_in` says whether the segment holds him."""

    candidate: Candidate
    decision: Decision
    is_in: bool

    @property
    def because(self) -> str:
        return REASONS[self.decision.verdict.reason]

    @property
    def channels(self) -> dict[str, str]:
        """Each channel with what becomes of it, in words."""
        outcomes = self.decision.verdict.channels.items()
        return {name: "yes" if outcome == SENT else REASONS[outcome] for name, outcome in outcomes}


def find_preview(plan: Plan, segment: Segment, asked: str, *, now: datetime) -> Preview | None:
    """Decide about the member who is asked for (ref, e-mail, phone or card), or else the segment's first member.

    None when there is no such member, or nobody in the segment.
    """
    programme = segment.programme
    member_id = _member_id(asked.strip(), segment)
    if member_id is None:
        return None
    liked = features.list_liked_categories([member_id], programme.pk) if plan.is_personal else {}
    until = ends_after(plan.valid_days, start=now, zone=programme.timezone)
    desk = Desk(
        plan=plan,
        programme_name=programme.name,
        currency=programme.currency,
        ends_on=day_words(last_day(until, programme.timezone)),
        category_names=campaigns.list_category_names(programme.pk, codes_in(plan, liked.values())),
    )
    (candidate,) = campaigns.list_candidates([member_id], plan.purpose)
    decision = decide(desk, candidate, liked.get(member_id, ()))
    survey = find_open_survey(programme.pk, plan.survey) if plan.survey else None
    if survey and decision.letter:
        words = spoken(definition_of(survey).questions[0].words, [_language_of(member_id)])
        decision = replace(decision, letter=with_asking(decision.letter, Asking(words, "#")))
    return Preview(
        candidate=candidate,
        decision=decision,
        is_in=SegmentMember.objects.filter(segment=segment, member_id=member_id).exists(),
    )


def _language_of(member_id: int) -> str:
    return str(Member.objects.values_list("language", flat=True).get(pk=member_id))


def _member_id(asked: str, segment: Segment) -> int | None:
    if not asked:
        first = SegmentMember.objects.filter(segment=segment).order_by("member_id")
        return first.values_list("member_id", flat=True).first()
    if asked.startswith("mem_"):
        return Member.objects.filter(ref=asked).values_list("pk", flat=True).first()
    known = Identity.objects.filter(value__in=[asked, asked.lower()]).order_by("pk")
    return known.values_list("member_id", flat=True).first()
