"""Doors to segments (scope `campaigns`)."""

from typing import Any, ClassVar

from rest_framework.request import Request

from campaigns.api import access
from campaigns.api.bodies import (
    ChangedSegment,
    CountAsked,
    CountBody,
    MoveBody,
    NewSegment,
    SegmentBody,
    SegmentMemberBody,
    WhyBody,
    WhyParams,
    reason_body,
    segment_bodies,
    segment_member_bodies,
)
from campaigns.models import Segment
from campaigns.queries import segments
from campaigns.rules.segments import condition_schema, sentence
from campaigns.services.segments import make_segment, redefine_segment
from config.ground import clock
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf, PageParams, page_by


class Segments(Door):
    """The segments of the key's programme, the newest first; a new one is defined, filled and answered."""

    scope = "campaigns"
    takes: ClassVar = {"post": NewSegment}
    params: ClassVar = {"get": PageParams}
    answers: ClassVar = {"get": {200: PageOf[SegmentBody]}, "post": {201: SegmentBody}}

    def get(self, request: Request) -> Answer:
        programme_id = caller_of(request).programme_id
        rows = segments.segments_within(programme_id)
        listing = f"segments:{programme_id}"
        return Answer(page_by("-pk", rows, self.query(request), listing=listing, bodies=segment_bodies))

    def post(self, request: Request) -> Answer:
        new: NewSegment = self.body(request)
        caller = caller_of(request)
        segment = make_segment(
            programme_id=access.programme_for(caller, new.programme).id,
            code=new.code,
            name=new.name,
            tree=new.tree,
            by=caller.name,
            now=clock.now(),
        )
        return Answer(_body_of(segment), status=201)


class OneSegment(Door):
    """A segment; a changed definition is a new version, and members who still fit stay."""

    scope = "campaigns"
    takes: ClassVar = {"put": ChangedSegment}
    answers: ClassVar = {"get": {200: SegmentBody}, "put": {200: SegmentBody}}

    def get(self, request: Request, ref: str) -> Answer:
        return Answer(_body_of(_segment(request, ref)))

    def put(self, request: Request, ref: str) -> Answer:
        changed: ChangedSegment = self.body(request)
        segment = _segment(request, ref)
        ensure_unchanged(request._request, _body_of(segment))
        segment = redefine_segment(
            segment.pk,
            name=changed.name,
            tree=changed.tree,
            seen_version=segment.current_version,
            by=caller_of(request).name,
            now=clock.now(),
        )
        return Answer(_body_of(segment))


def _segment(request: Request, ref: str) -> Segment:
    """One of another programme is not found, as if it were not there."""
    return segments.get_segment(ref, within=caller_of(request).programme_id)


def _body_of(segment: Segment) -> SegmentBody:
    return segment_bodies([segment])[0]


class CountSegment(Door):
    """How many members a definition means, exactly, before it is saved. Writes nothing."""

    scope = "campaigns"
    idempotency = "none"
    takes: ClassVar = {"post": CountAsked}
    answers: ClassVar = {"post": {200: CountBody}}

    def post(self, request: Request) -> Answer:
        asked: CountAsked = self.body(request)
        programme = access.programme_for(caller_of(request), asked.programme)
        count = segments.count_members(asked.tree, programme, now=clock.now())
        return Answer(CountBody(count=count, sentence=sentence(asked.tree, programme.currency)))


class SegmentSchema(Door):
    """The JSON Schema of a definition, for form builders."""

    scope = "campaigns"
    answers: ClassVar = {"get": {200: dict[str, Any]}}

    def get(self, request: Request) -> Answer:
        return Answer(condition_schema())


class SegmentMembers(Door):
    """Who is in a segment, as of its last refresh, in the order of joining the house."""

    scope = "campaigns"
    params: ClassVar = {"get": PageParams}
    answers: ClassVar = {"get": {200: PageOf[SegmentMemberBody]}}

    def get(self, request: Request, ref: str) -> Answer:
        segment = _segment(request, ref)
        rows = segments.members_of(segment)
        listing = f"segment-members:{segment.pk}"
        asked: PageParams = self.query(request)
        return Answer(page_by("member_id", rows, asked, listing=listing, bodies=segment_member_bodies))


class WhyInSegment(Door):
    """Why a member is in a segment or not: every condition answered, and when they entered and left."""

    scope = "campaigns"
    params: ClassVar = {"get": WhyParams}
    answers: ClassVar = {"get": {200: WhyBody}}

    def get(self, request: Request, ref: str) -> Answer:
        asked: WhyParams = self.query(request)
        segment = _segment(request, ref)
        why = segments.get_why(segment, asked.member, now=clock.now())
        return Answer(
            WhyBody(
                member=asked.member,
                fits_now=why.judgement.is_true,
                is_in=why.is_in,
                because=reason_body(why.judgement),
                moves=[MoveBody(kind=m.kind, version=m.version, moved_at=m.moved_at) for m in why.moves],
            )
        )
