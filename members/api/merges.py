"""Doors for integrations: what a merge would come to, merging, and undoing it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from members.member_data import Fact
from members.models import Merge
from members.queries.merges import get_member_id, get_merge_by_ref
from members.services.merging import merge_members, preview_merge, undo_merge


class MergeIntoBody(Body, frozen=True, kw_only=True):
    """Who stays."""

    into: Annotated[str, Meta(max_length=40, description="Ref of the member who stays.")]


class FigureBody(Body, frozen=True, kw_only=True):
    """Something that a member holds, as a colleague reads it."""

    name: str
    value: str


class PreviewBody(Body, frozen=True, kw_only=True):
    """The same figures of the one who goes, of the one who stays, and of the one who stays afterwards."""

    going: list[FigureBody]
    staying: list[FigureBody]
    after: list[FigureBody]


class MergeBody(Body, frozen=True, kw_only=True):
    """A merge. `state`: moving, merged, parting or undone; `undone_at` is null while it holds."""

    ref: str
    member_ref: str
    into_ref: str
    state: str
    merged_at: datetime
    undone_at: datetime | None


class PreviewMerge(Door):
    """What a merge of this member into another would come to, in the programme of the key. Nothing is written."""

    scope = "members"
    takes = {"post": MergeIntoBody}
    answers = {"post": {200: PreviewBody}}

    def post(self, request: Request, ref: str) -> Answer:
        body: MergeIntoBody = self.body(request)
        caller = caller_of(request)
        shown = preview_merge(
            going_id=get_member_id(ref),
            staying_id=get_member_id(body.into),
            programme_id=caller.programme_id,
            actor=caller.name,
            now=clock.now(),
        )
        return Answer(
            PreviewBody(
                going=_figures(shown.going), staying=_figures(shown.staying), after=_figures(shown.after)
            )
        )


class MergeMember(Door):
    """Let this member go by another from now on. Told again, it answers with the same merge."""

    scope = "members"
    takes = {"post": MergeIntoBody}
    answers = {"post": {200: MergeBody}}

    def post(self, request: Request, ref: str) -> Answer:
        body: MergeIntoBody = self.body(request)
        merged = merge_members(
            going_id=get_member_id(ref),
            staying_id=get_member_id(body.into),
            actor=caller_of(request).name,
            now=clock.now(),
        )
        return Answer(_body(merged))


class UndoMerge(Door):
    """Let the one who went be a member of their own again; what is left of theirs goes back."""

    scope = "members"
    answers = {"post": {200: MergeBody}}

    def post(self, request: Request, ref: str) -> Answer:
        merge = get_merge_by_ref(ref)
        return Answer(_body(undo_merge(merge.pk, actor=caller_of(request).name, now=clock.now())))


def _figures(facts: Sequence[Fact]) -> list[FigureBody]:
    return [
        FigureBody(name=fact.name, value=fact.value if isinstance(fact.value, str) else fact.value.text)
        for fact in facts
    ]


def _body(merge: Merge) -> MergeBody:
    return MergeBody(
        ref=merge.ref,
        member_ref=merge.member.ref,
        into_ref=merge.into.ref,
        state=merge.state,
        merged_at=merge.merged_at,
        undone_at=merge.undone_at,
    )
