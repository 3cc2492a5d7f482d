"""What becomes of a candidate of a campaign: sent, or withheld for one stored reason. Nobody is left without
one.

Order of the questions: is the person still there, is it still time, does the offer exist for him, may we write, can we.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SENT = "sent"
WITHHELD = "withheld"
FAILED = "failed"

REASONS: Mapping[str, str] = {
    "": "not decided yet",
    "sent": "offer granted and message queued",
    "member_merged": "this member was merged into another",
    "member_erased": "this member asked to be erased",
    "offer_over": "the offer or the survey had ended before the turn came to this member",
    "no_favourite_known": "no favourite category is known yet",
    "consent_missing": "did not agree to be written to through any of the channels",
    "address_missing": "agreed, but there is no address to write to",
    "content_broken": "the message could not be written for this member",
    "could_not_be_granted": "the offer could not be booked for this member",
}
"""Every reason a recipient can carry, in words."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What decides whether a member is written to, read at the moment of sending, not when it was planned.

    `consents` are the channels agreed to for this campaign's purpose; `addresses` the channels with a place
    to write to.
    """

    member_id: int
    ref: str
    name: str
    state: str
    consents: frozenset[str]
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`channels` says for each channel of the campaign `sent` or the reason why not."""

    verdict: str
    reason: str
    channels: Mapping[str, str] = field(default_factory=dict)

    def channels_to_send(self) -> list[str]:
        """The channels that carry a message."""
        return [channel for channel, outcome in self.channels.items() if outcome == SENT]


def verdict_for(
    candidate: Candidate, channels: Sequence[str], *, has_offer: bool, is_over: bool = False
) -> Verdict:
    """Decide about one candidate. He is sent the offer if at least one channel is open to him."""
    if candidate.state != "active":
        return Verdict(WITHHELD, f"member_{candidate.state}")
    if is_over:
        return Verdict(WITHHELD, "offer_over")
    if not has_offer:
        return Verdict(WITHHELD, "no_favourite_known")
    outcomes = {channel: _outcome(candidate, channel) for channel in channels}
    if SENT in outcomes.values():
        return Verdict(SENT, SENT, outcomes)
    reason = "address_missing" if "address_missing" in outcomes.values() else "consent_missing"
    return Verdict(WITHHELD, reason, outcomes)


def _outcome(candidate: Candidate, channel: str) -> str:
    if channel not in candidate.consents:
        return "consent_missing"
    return SENT if channel in candidate.addresses else "address_missing"
