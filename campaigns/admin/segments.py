"""Segments in the admin: conditions row by row, the sentence and the exact count before saving."""

from typing import Any

import msgspec
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone
from unfold.decorators import display

from campaigns.admin.conditions import ConditionsField
from campaigns.models import Segment, SegmentVersion
from campaigns.queries import programmes, segments
from campaigns.rules.segments import Condition, is_affordable, sentence
from campaigns.services.segments import make_segment, open_to_rules, redefine_segment
from config.ground import clock, typed
from config.ground.moments import moment
from config.ground.refusals import Refusal
from config.staff.actors import actor_of
from config.staff.admin.refusals import RefusalsInWords
from config.staff.site import site

START: dict[str, Any] = {"type": "all", "of": [{"type": "bought_within", "days": 30}]}


class SegmentForm(ModelForm):
    """A segment with its conditions. `seen_version` is what the person looked at when the form was opened."""

    conditions = ConditionsField(label="Who is meant")
    seen_version = forms.IntegerField(widget=forms.HiddenInput, initial=0)

    class Meta:
        model = Segment
        fields = ("programme", "name", "code", "conditions", "seen_version", "is_label")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        segment = self.instance
        self.initial["conditions"] = segments.get_version(segment).tree if segment.pk else START
        self.initial["seen_version"] = segment.current_version
        self.fields["conditions"].widget.attrs["data-programme"] = segment.programme_id or ""

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be afforded, what takes too long, and what somebody else changed meanwhile."""
        cleaned: dict[str, Any] = super().clean() or {}
        tree, programme = cleaned.get("conditions"), cleaned.get("programme") or self.instance.programme_id
        if self.instance.pk and cleaned.get("seen_version") != self.instance.current_version:
            raise forms.ValidationError("Somebody changed this segment meanwhile. Open it again.")
        if tree is not None and programme:
            self._ensure_countable(tree, getattr(programme, "pk", programme))
        return cleaned

    def _ensure_countable(self, tree: Condition, programme_id: int) -> None:
        if not is_affordable(tree):
            self.add_error("conditions", "That is too many conditions for one segment.")
            return
        try:
            segments.count_members(tree, programmes.get_programme_by_id(programme_id), now=clock.now())
        except Refusal as refused:
            self.add_error("conditions", refused.detail)


@admin.register(Segment, site=site)
class SegmentAdmin(RefusalsInWords):
    """Groups of members."""

    form = SegmentForm
    list_display = ("name", "in_words", "members", "programme", "refreshed_at")
    list_filter = ("programme",)
    list_select_related = ("programme",)
    search_fields = ("name", "code", "ref")
    warn_unsaved_form = True
    compressed_fields = True

    def get_fieldsets(self, request: HttpRequest, obj: Segment | None = None) -> Any:
        head = (None, {"fields": (("name", "code"), "programme")})
        who = ("Conditions", {"fields": ("conditions", "seen_version", "is_label")})
        if obj is None:
            return (head, who)
        return (head, who, ("Standing", {"fields": ("members", "refreshed_at", "versions")}))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Segment | None = None) -> Any:
        return {} if obj else {"code": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Segment | None = None) -> Any:
        return ("members", "refreshed_at", "versions", *(("programme", "code") if obj else ()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        rows: QuerySet[Segment] = super().get_queryset(request)
        return rows.order_by("-pk")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the sentences read for the whole page at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        versions = segments.versions_of(page.result_list)
        for segment in page.result_list:
            vars(segment).update(sentence=versions[segment.pk].sentence)
        return page

    @display(description="members")
    def members(self, segment: Segment) -> str:
        return f"{segment.size:,}"

    @display(description="who is meant")
    def in_words(self, segment: Segment) -> str:
        return str(vars(segment)["sentence"])

    @display(description="definitions")
    def versions(self, segment: Segment) -> SafeString:
        told = SegmentVersion.objects.filter(segment=segment).order_by("-number")[:10]
        rows = ((v.number, moment(v.made_at, get_current_timezone()), v.made_by, v.sentence) for v in told)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} · {} · {}<br>{}</li>", rows))

    def get_urls(self) -> list[URLPattern]:
        preview = path("preview/", self.admin_site.admin_view(self.preview), name="campaigns_segment_preview")
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """The sentence and the exact count of a definition that is being written."""
        if not self.has_view_permission(request):
            return JsonResponse({"problem": "Your role does not show segments."}, status=403)
        try:
            tree: Condition = typed.load(Condition, msgspec.json.decode(request.POST.get("tree", "")))
            programme = programmes.get_programme_by_id(int(request.POST.get("programme") or 0))
            count = segments.count_members(tree, programme, now=clock.now())
        except (Refusal, ValueError) as refused:
            return JsonResponse({"problem": _sentence_of(refused)})
        return JsonResponse({"sentence": sentence(tree, programme.currency), "count": f"{count:,}"})

    def save_model(self, request: HttpRequest, obj: Segment, form: SegmentForm, change: bool) -> None:
        """Through the service that the API uses, so that both write the same."""
        tree, by, now = form.cleaned_data["conditions"], actor_of(request), clock.now()
        if change:
            saved = redefine_segment(
                obj.pk,
                name=obj.name,
                tree=tree,
                seen_version=form.cleaned_data["seen_version"],
                by=by,
                now=now,
            )
        else:
            saved = make_segment(
                programme_id=obj.programme_id, code=obj.code, name=obj.name, tree=tree, by=by, now=now
            )
        obj.pk, obj.size = saved.pk, saved.size
        if "is_label" in form.changed_data:
            open_to_rules(saved.pk, is_open=form.cleaned_data["is_label"])
        messages.info(request, f"{saved.size:,} members are in this segment now.")

    def has_delete_permission(self, request: HttpRequest, obj: Segment | None = None) -> bool:
        return False


def _sentence_of(refused: Exception) -> str:
    """What is wrong, for the box under the rows."""
    if isinstance(refused, Refusal):
        problems = refused.facts.get("errors")
        return problems[0]["detail"] if problems else refused.detail
    return "Choose a programme and fill in the conditions."
