"""Consent at the doors: what members allow, why it is asked, their word for it, and the proof of how it came to be."""

from datetime import datetime

import msgspec
from django.utils import translation
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.refusals import NotFound
from members.api.bodies import ConsentChoiceBody, ConsentStateBody, consent_state_body
from members.api.languages import supported
from members.api.preference_words import WHY
from members.queries.consents import find_consent, get_consent, list_consents, list_evidence
from members.queries.members import MemberFacts, get_member, get_member_by_id
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.identities import MemberKey
from members.services.consents import take_word


class AskedBody(Body, frozen=True, kw_only=True):
    """Whether the member allows it, and why it is asked. `changed_at` is null where they never spoke of it: a no."""

    channel: Channel
    purpose: Purpose
    is_given: bool
    changed_at: datetime | None
    why: str


class AskedListBody(Body, frozen=True, kw_only=True):
    results: list[AskedBody]


class EvidenceBody(Body, frozen=True, kw_only=True):
    """One word of the member: how and where it was said, to which text, and who wrote it down (a kind, such as member,
    staff, key)."""

    is_given: bool
    source: str
    place_code: str
    text_version: str
    written_by: str
    happened_at: datetime
    recorded_at: datetime


class ProofBody(AskedBody, frozen=True, kw_only=True):
    """How one consent came to be: every word since the first, the newest last. Evidence is never changed."""

    member: str
    made_at: datetime
    evidence: list[EvidenceBody]


class MyConsents(Door):
    """Everything the member can allow, by channel and purpose, and why, in their language."""

    scope = "member"
    answers = {"get": {200: AskedListBody}}

    def get(self, request: Request) -> Answer:
        member = get_member_by_id(member_of(request))
        said = {(one.channel, one.purpose): one for one in list_consents(member.id)}
        results = []
        for purpose in Purpose:
            why = why_of(purpose, member.language)
            for channel in Channel:
                held = said.get((channel, purpose))
                results.append(
                    AskedBody(
                        channel=channel,
                        purpose=purpose,
                        is_given=held is not None and held.is_given,
                        changed_at=held.changed_at if held else None,
                        why=why,
                    )
                )
        return Answer(AskedListBody(results=results))


class MyConsent(Door):
    """Say yes or no for one channel and purpose. It holds at once. GET tells how it came to be."""

    scope = "member"
    takes = {"put": ConsentChoiceBody}
    answers = {"get": {200: ProofBody}, "put": {200: ConsentStateBody}}

    def get(self, request: Request, channel: str, purpose: str) -> Answer:
        member = get_member_by_id(member_of(request))
        return Answer(
            proof_of(
                member, channel_of(channel), purpose_of(purpose), language=member.language, now=clock.now()
            )
        )

    def put(self, request: Request, channel: str, purpose: str) -> Answer:
        body: ConsentChoiceBody = self.body(request)
        member_id, now = member_of(request), clock.now()
        word = ConsentWord(
            channel=channel_of(channel),
            purpose=purpose_of(purpose),
            is_given=body.is_given,
            text_version=body.text_version,
        )
        take_word(member_id, word, source="app", actor=caller_of(request).name, happened_at=now, now=now)
        return Answer(consent_state_body(get_consent(member_id, channel, purpose)))


class MemberConsent(Door):
    """The proof of one consent of a member, for integrations."""

    scope = "members"
    answers = {"get": {200: ProofBody}}

    def get(self, request: Request, ref: str, channel: str, purpose: str) -> Answer:
        now = clock.now()
        member = get_member(MemberKey(ref=ref), region="", now=now)
        return Answer(proof_of(member, channel_of(channel), purpose_of(purpose), now=now))


def proof_of(
    member: MemberFacts, channel: Channel, purpose: Purpose, *, language: str = "en", now: datetime
) -> ProofBody:
    """Two statements."""
    held = find_consent(member.id, channel, purpose)
    words = list_evidence(member.id, channel, purpose)
    return ProofBody(
        member=member.ref,
        channel=channel,
        purpose=purpose,
        is_given=held is not None and held.is_given,
        changed_at=held.changed_at if held else None,
        why=why_of(purpose, language),
        made_at=now,
        evidence=[EvidenceBody(**msgspec.structs.asdict(word)) for word in words],
    )


def why_of(purpose: Purpose, language: str) -> str:
    with translation.override(supported(language) or "en"):
        return str(WHY[purpose])


def channel_of(text: str) -> Channel:
    try:
        return Channel(text)
    except ValueError:
        raise NotFound(f"There is no such channel; there are {', '.join(Channel)}.") from None


def purpose_of(text: str) -> Purpose:
    try:
        return Purpose(text)
    except ValueError:
        raise NotFound(f"There is no such purpose; there are {', '.join(Purpose)}.") from None
