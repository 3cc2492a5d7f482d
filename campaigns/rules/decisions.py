"""One candidate, decided: his offer, the verdict, and the letter as he will read it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.rules.content import ContentNotUsable, Letter, letter_for, line_for, names_for
from campaigns.rules.offers import CategoryPoints, Offer, offer_for
from campaigns.rules.plans import Plan
from campaigns.rules.verdicts import FAILED, SENT, Candidate, Verdict, verdict_for


@dataclass(frozen=True, slots=True)
class Desk:
    """What is the same for all candidates of a run. `ends_on` is the offer's last day as people read it, `is_over` says
    that it has passed: a pause or a long outage came between.
    """

    plan: Plan
    programme_name: str
    currency: str
    ends_on: str
    category_names: Mapping[str, str]
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one candidate; `offer` and `letter` are there when it is `sent`."""

    member_id: int
    verdict: Verdict
    title: str = ""
    offer: Offer | None = None
    letter: Letter | None = None
    ends_on: str = ""
    member_ref: str = ""

    @property
    def is_sent(self) -> bool:
        return self.verdict.verdict == SENT

    @property
    def said(self) -> dict[str, Any]:
        """The offer as it is kept with the recipient."""
        if self.offer is None or not self.is_sent:
            return {}
        return {"title": self.title, "words": self.offer.words, "category": self.offer.category}

    @property
    def is_worth(self) -> bool:
        """Whether it is sent, and a till gives anything for it."""
        return self.is_sent and self.offer is not None and self.offer.is_worth


def decide(desk: Desk, candidate: Candidate, liked: Sequence[str]) -> Decision:
    """Decide about one candidate. Pure: the same facts give the same decision.

    :param liked: the candidate's category codes, the most liked first.
    """
    offer = offer_for(desk.plan.offer, liked, desk.category_names, desk.currency)
    verdict = verdict_for(candidate, desk.plan.channels, has_offer=offer is not None, is_over=desk.is_over)
    if offer is None or verdict.verdict != SENT:
        return Decision(candidate.member_id, verdict)
    names = names_for(
        member_name=candidate.name,
        programme_name=desk.programme_name,
        offer=offer,
        ends_on=desk.ends_on,
    )
    try:
        title = line_for(desk.plan.title, names)
        letter = letter_for(desk.plan.content, names)
    except ContentNotUsable:
        return Decision(candidate.member_id, Verdict(FAILED, "content_broken"))
    return Decision(candidate.member_id, verdict, _capital(title), offer, letter, desk.ends_on, candidate.ref)


def codes_in(plan: Plan, liked: Iterable[Sequence[str]]) -> set[str]:
    """The category codes a plan may have to name."""
    if isinstance(plan.offer, CategoryPoints):
        return {plan.offer.category}
    return {code for codes in liked for code in codes}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
