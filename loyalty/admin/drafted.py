"""Pages of what changes by a draft where the programme asks for a second person."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin

from config.staff.actors import actor_of
from loyalty.models import DraftState, ProgrammeDraft
from loyalty.queries.drafts import needs_approval
from loyalty.queries.programme_drafts import find_open_programme_draft


def ensure_own(programme_id: int, kind: str, actor: str) -> None:
    """
    :raises forms.ValidationError: somebody else has a draft of it open.
    """
    draft = find_open_programme_draft(programme_id, kind)
    if draft is not None and draft.made_by != actor:
        raise forms.ValidationError(
            "Somebody else has a draft of this open: see Drafts and approvals. It is decided or discarded first."
        )


class SavesDrafts(ModelAdmin):
    """Saving writes a draft, and leads to its page; where nobody else is asked it changes the row."""

    def draft_of(self, form: Any, actor: str) -> ProgrammeDraft:
        """Write down what the form says."""
        raise NotImplementedError

    def is_drafted(self, obj: Any) -> bool:
        return needs_approval(obj.programme_id)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **more: Any) -> Any:
        """The form knows who is the `actor`."""
        form = super().get_form(request, obj, change, **more)
        form.actor = actor_of(request)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not self.is_drafted(obj):
            super().save_model(request, obj, form, change)
            return
        vars(obj)["draft"] = self.draft_of(form, actor_of(request))

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        if "draft" in vars(form.instance):
            return "Wrote a draft: its page tells what becomes of it."
        return super().construct_change_message(request, form, formsets, add)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self._to_draft(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._to_draft(request, obj) or super().response_change(request, obj)

    def _to_draft(self, request: HttpRequest, obj: Any) -> HttpResponse | None:
        draft = vars(obj).get("draft")
        if draft is None:
            return None
        if draft.state == DraftState.DRAFT:
            messages.info(request, "This is a draft: submit it, and another person approves it.")
        return HttpResponseRedirect(reverse("admin:loyalty_programmedraft_change", args=[draft.pk]))
