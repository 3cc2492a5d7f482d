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
    segment_body,
    segment_member_body,
)
from campaigns.models import Segment, SegmentMember
from campaigns.queries import segments
from campaigns.rules.segments import condition_schema, sentence
from campaigns.services.segments import make_segment, redefine_segment
from config.ground import clock
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf, PageParams, open_cursor, page_of


class Segments(Door):
    """The segments of the key's programme, the newest first; a new one is defined, filled and answered."""

    scope = "campaigns"
    takes: ClassVar = {"post": NewSegment}
    params: ClassVar = {"get": PageParams}
    answers: ClassVar = {"get": {200: PageOf[SegmentBody]}, "post": {201: SegmentBody}}

    def get(self, request: Request) -> Answer:
        asked: PageParams = self.query(request) or PageParams()
        caller = caller_of(request)
        listing = f"segments:{caller.programme_id}"
        rows = Segment.objects.select_related("programme").order_by("-pk")
        if caller.programme_id is not None:
            rows = rows.filter(programme_id=caller.programme_id)
        if after := open_cursor(listing, asked.cursor):
            rows = rows.filter(pk__lt=after[0])
        found = list(rows[: asked.limit + 1])
        versions = segments.versions_of(found)
        page = page_of(
            found,
            limit=asked.limit,
            listing=listing,
            key=lambda row: [row.pk],
            body=lambda row: segment_body(row, versions[row.pk]),
        )
        return Answer(page)

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
        return Answer(_body_of(access.segment_for(caller_of(request), ref)))

    def put(self, request: Request, ref: str) -> Answer:
        changed: ChangedSegment = self.body(request)
        caller = caller_of(request)
        segment = access.segment_for(caller, ref)
        ensure_unchanged(request._request, _body_of(segment))
        segment = redefine_segment(
            segment.pk,
            name=changed.name,
            tree=changed.tree,
            seen_version=segment.current_version,
            by=caller.name,
            now=clock.now(),
        )
        return Answer(_body_of(segment))


def _body_of(segment: Segment) -> SegmentBody:
    return segment_body(segment, segments.get_version(segment))


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
        asked: PageParams = self.query(request) or PageParams()
        segment = access.segment_for(caller_of(request), ref)
        listing = f"segment-members:{segment.pk}"
        rows = SegmentMember.objects.filter(segment=segment).select_related("member").order_by("member_id")
        if after := open_cursor(listing, asked.cursor):
            rows = rows.filter(member_id__gt=after[0])
        page = page_of(
            list(rows[: asked.limit + 1]),
            limit=asked.limit,
            listing=listing,
            key=lambda row: [row.member_id],
            body=segment_member_body,
        )
        return Answer(page)


class WhyInSegment(Door):
    """Why a member is in a segment or not: every condition answered, and when they entered and left."""

    scope = "campaigns"
    params: ClassVar = {"get": WhyParams}
    answers: ClassVar = {"get": {200: WhyBody}}

    def get(self, request: Request, ref: str) -> Answer:
        asked: WhyParams = self.query(request)
        segment = access.segment_for(caller_of(request), ref)
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
