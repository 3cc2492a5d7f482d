"""A decision as the floors below take it: a grant for the till, messages for the channels."""

from datetime import datetime

from campaigns.models import CampaignRun
from campaigns.rules.content import with_asking, with_way_out
from campaigns.rules.decisions import Decision
from campaigns.rules.offers import Offer
from loyalty.rules.definition import FixedPoints, Multiplier, Scope
from loyalty.services.grants import GrantDraft
from members.rules.consents import Channel, Purpose
from members.services.preference_links import preferences_url
from members.services.unsubscribing import Subscription, unsubscribe_url
from omnichannel.rules.messages import Draft, MessageClass
from omnichannel.rules.surveys import Asking

LONGEST_TITLE, LONGEST_MENTION, LONGEST_SUBJECT = 160, 300, 200

_CLASSES: dict[str, MessageClass] = {"service": "service", "points": "points_critical"}
"""How urgent a purpose is; what is not here is marketing."""


def effect_of(offer: Offer) -> FixedPoints | Multiplier:
    """What the till does for an offer."""
    if offer.percent:
        return Multiplier(percent=offer.percent, scope=Scope(categories=[offer.category]))
    return FixedPoints(points=offer.points, minimum_minor=offer.minimum_minor)


def grant_draft(run: CampaignRun, decision: Decision) -> GrantDraft:
    """The grant of a decision that is sent. Its cause is the run, so that it exists once for each member."""
    if decision.offer is None or run.frozen_at is None or run.valid_until is None or run.version is None:
        raise ValueError("only a decision that is sent has a grant")
    return GrantDraft(
        member_id=decision.member_id,
        programme_id=run.campaign.programme_id,
        cause=run.cause,
        title=decision.title[:LONGEST_TITLE],
        mention=f"{decision.title}, until {decision.ends_on}."[:LONGEST_MENTION],
        effect=effect_of(decision.offer),
        valid_from=run.frozen_at,
        valid_until=run.valid_until,
        max_uses=run.version.plan["max_uses"],
    )


def message_drafts(
    run: CampaignRun, decision: Decision, asking: Asking | None, *, now: datetime
) -> list[Draft]:
    """One message for each channel that is open, never sent after the offer has ended."""
    return [_draft(run, decision, asking, channel, now) for channel in decision.verdict.channels_to_send()]


def _draft(run: CampaignRun, decision: Decision, asking: Asking | None, channel: str, now: datetime) -> Draft:
    if decision.letter is None or run.version is None:
        raise ValueError("only a decision that is sent has messages")
    purpose = run.version.plan["purpose"]
    letter, facts = decision.letter, {"campaign": run.campaign.ref, "title": decision.title}
    if asking is not None:
        letter, facts["survey_url"] = with_asking(letter, asking), asking.url
    facts["preferences_url"] = choose_at = preferences_url(decision.member_ref, now=now)
    if channel == "email":
        url = unsubscribe_url(Subscription(decision.member_ref, Channel.EMAIL, Purpose(purpose)))
        name = run.campaign.programme.name
        letter = with_way_out(letter, programme_name=name, url=url, choose_at=choose_at)
        facts["unsubscribe_url"] = url
    return Draft(
        member_id=decision.member_id,
        channel="email" if channel == "email" else "inbox",
        message_class=_CLASSES.get(purpose, "marketing"),
        purpose=purpose,
        dedupe_key=f"{run.cause}:{channel}",
        subject=letter.subject[:LONGEST_SUBJECT],
        body_text=letter.body_text,
        body_html=letter.body_html,
        facts=facts,
        expires_at=run.valid_until,
    )
