"""Rules: what earns points, said in words, tried on a basket, and changed by new versions alone."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from config.ground import clock
from config.ground.refusals import InvalidInput
from config.staff.actors import actor_of
from config.staff.site import site
from loyalty.admin.back_test_form import DaysForm
from loyalty.admin.back_tests import ask_from_page
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.admin.rule_acts import ActFields
from loyalty.admin.rule_end import EndForm
from loyalty.admin.rule_fields import SCOPE, MostFields, WhenFields, WhoFields
from loyalty.admin.rule_form import RuleForm
from loyalty.admin.rule_preview import TryOut
from loyalty.admin.rule_says import said_of, say_rule, suggest_names, warn_of_unknown_words
from loyalty.admin.rule_versions import (
    STATES,
    definition_said,
    rules_in_state,
    state_of_rule,
    version_shown,
    versions_told,
)
from loyalty.errors import RuleNotValid
from loyalty.models import Rule, RuleVersion
from loyalty.queries.drafts import needs_approval
from loyalty.queries.rule_drafts import find_open_draft
from loyalty.queries.vocabulary import (
    list_names,
)
from loyalty.rules.back_tests import changes_of
from loyalty.rules.stored_rules import says
from loyalty.services.rule_drafts import draft_roll_back, submit_draft, write_draft
from loyalty.services.rules import end_rule, withdraw_version


class StateFilter(DropdownFilter):
    """By what the label in the list says."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, state.capitalize()) for state in STATES]

    def queryset(self, request: HttpRequest, rules: QuerySet[Rule]) -> QuerySet[Rule]:
        state = self.value()
        return rules_in_state(rules, state, clock.now()) if state in STATES else rules


@admin.register(Rule, site=site)
class RuleAdmin(OfOneProgramme):
    """A rule keeps its code; saving the form writes a draft, which becomes a new version when it is approved."""

    form = RuleForm
    list_display = ("called", "says", "state", "version", "programme")
    list_display_links = ("called",)
    list_filter = (StateFilter, "programme")
    list_filter_submit = True
    list_select_related = ("programme",)
    search_fields = ("name", "code")
    ordering = ("programme", "name")
    compressed_fields = True
    warn_unsaved_form = False
    conditional_fields = {
        "act_once": "act_type != ''",
        "act_of": "act_type != '' && act_once == 'value'",
        "act_where": "act_type != ''",
        "act_values": "act_type != ''",
        "act_number": "act_type != ''",
        "act_from": "act_type != ''",
        **dict.fromkeys(("effect", *SCOPE), "act_type == ''"),
        "points": "act_type != '' || effect != 'multiplier'",
        "step": "act_type == '' && effect == 'per_step'",
        "per": "act_type == '' && effect == 'proportional'",
        "rounding": "act_type == '' && effect == 'proportional'",
        "times": "act_type == '' && effect == 'multiplier'",
        "minimum": "act_type == '' && effect == 'fixed'",
        "meets_group": "meets != ''",
        "meets_priority": "meets == 'first_of'",
        "recurs_place": "recurs_pattern == 'weekday'",
        "recurs_weekday": "recurs_pattern == 'weekday' || recurs_pattern == 'weeks'",
        "recurs_number": "recurs_pattern == 'day' || recurs_pattern == 'weeks'",
        "recurs_rrule": "recurs_pattern == 'rrule'",
    }
    change_form_outer_before_template = "loyalty/admin/rule_says.html"
    change_form_after_template = "loyalty/admin/rule_try.html"
    change_form_outer_after_template = "loyalty/admin/rule_history.html"

    class Media:
        css = {"all": ("loyalty/rules.css",)}
        js = ("loyalty/rules.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        rules: QuerySet[Rule] = super().get_queryset(request)
        return rules.prefetch_related(Prefetch("versions", RuleVersion.objects.order_by("-version")))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the names that its sentences need read for the whole page at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        names = list_names({rule.programme_id for rule in page.result_list})
        for rule in page.result_list:
            vars(rule).update(names=names[rule.programme_id])
        return page

    def get_fieldsets(
        self, request: HttpRequest, obj: Rule | None = None
    ) -> list[tuple[str, dict[str, Any]]]:
        if not self.has_change_permission(request, obj):
            return [("Rule", {"fields": ("name", "code")})]
        return [
            ("Rule", {"fields": ("name", "code")}),
            ("What it is for", {"fields": tuple(ActFields.base_fields)}),
            (
                "What it gives",
                {"fields": ("effect", "points", "step", "per", "rounding", "times", "minimum", "basis")},
            ),
            ("What it counts on", {"fields": (*SCOPE, *(f"except_{name}" for name in SCOPE))}),
            (
                "When it holds",
                {
                    "fields": (*WhoFields.base_fields, *WhenFields.base_fields),
                    "description": "Add the conditions that must all hold; without any it always holds. "
                    f"Moments and hours are those of {timezone.get_current_timezone()}.",
                },
            ),
            ("How much at most", {"fields": tuple(MostFields.base_fields)}),
            ("Publish", {"fields": ("live_from", "live_until")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Rule | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Rule | None = None) -> dict[str, Any]:
        return {} if obj else {"code": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Rule | None = None) -> bool:
        """A rule is ended, not deleted: what it gave names it for ever."""
        return False

    def get_urls(self) -> list[URLPattern]:
        doors = [
            path(
                "suggest/<int:programme_id>/<str:kind>/",
                self._door(suggest_names),
                name="loyalty_rule_suggest",
            ),
            path("says/<int:programme_id>/", self._door(say_rule), name="loyalty_rule_says"),
            path("<int:row_id>/end/", self._door(self.end), name="loyalty_rule_end"),
            path("<int:row_id>/back/<int:number>/", self._door(self.go_back), name="loyalty_rule_back"),
            path(
                "<int:row_id>/withdraw/<int:number>/", self._door(self.withdraw), name="loyalty_rule_withdraw"
            ),
        ]
        return [*doors, *super().get_urls()]

    def changeform_view(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        try:
            return super().changeform_view(request, *args, **more)
        except RuleNotValid as refusal:
            # Somebody else published a version while this form was open.
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(request.get_full_path())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        obj: Rule | None = more.get("obj")
        home = self.home_of(request, obj)
        now = clock.now()
        if obj is not None:
            context |= {
                "versions": versions_told(obj, home, now),
                "state": state_of_rule(obj, now),
                "open_draft": find_open_draft(obj.pk),
            }
        if self.has_change_permission(request, obj):
            form = context["adminform"].form
            days = DaysForm(request.POST if "_back_test" in request.POST else None, home=home, now=now)
            if days.is_valid() and not form.errors:
                return ask_from_page(request, home, changes_of(form.draft()), days)
            try_out = TryOut(request, home, now=now)
            if form.is_bound and form.is_preview and not form.errors and not try_out.problem:
                context["draft_says"] = said_of(form.draft().definition, home)
                try_out.settle(form.draft())
            media = context["media"] + try_out.media + days.media
            context |= {"try_out": try_out, "past_days": days, "media": media}
            context["says_url"] = reverse("admin:loyalty_rule_says", args=[home.id])
        answer: HttpResponse = super().render_change_form(request, context, *args, **more)
        return answer

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        if change and not form.has_changed():
            messages.info(request, "Nothing was changed, so no version was published.")
            return
        draft, by = form.draft(), actor_of(request)
        written = write_draft(
            programme_id=form.home.id,
            code=draft.code,
            name=draft.name,
            definition=draft.definition,
            live_from=form.cleaned_data["live_from"],
            live_until=draft.live_until,
            by=by,
            now=form.now,
        )
        if not needs_approval(form.home.id):
            submit_draft(written.pk, by=by, now=form.now)
        obj.pk, obj.programme_id = written.rule_id, form.home.id
        warn_of_unknown_words(request, form)

    def response_add(self, request: HttpRequest, obj: Rule, post_url_continue: Any = None) -> HttpResponse:
        return _to_draft(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Rule) -> HttpResponse:
        return _to_draft(request, obj) or super().response_change(request, obj)

    def end(self, request: HttpRequest, row_id: int) -> HttpResponse:
        """Ask when, then end whatever version would still be live."""
        rule = Rule.objects.filter(pk=row_id).first()
        if rule is None or not self.has_change_permission(request, rule):
            raise Http404
        now = clock.now()
        form = EndForm(request.POST if request.method == "POST" else None, now=now)
        if request.method == "POST" and form.is_valid():
            try:
                ended = end_rule(rule, at=form.moment())
                self.log_change(request, rule, "Ended.")
                messages.success(
                    request, f"{rule.name} ends." if ended else f"{rule.name} had ended already."
                )
                return HttpResponseRedirect(reverse("admin:loyalty_rule_change", args=[rule.pk]))
            except RuleNotValid as refusal:
                form.add_error("at", refusal.detail)
        page = {
            **self.admin_site.each_context(request),
            "title": f"End {rule.name}",
            "rule": rule,
            "form": form,
            "media": form.media,
        }
        return render(request, "loyalty/admin/rule_end.html", page)

    def go_back(self, request: HttpRequest, row_id: int, number: int) -> HttpResponse:
        """Draft what an older version said, and lead to the draft."""
        version = self._version_to_change(request, row_id, number)
        try:
            draft = draft_roll_back(version, by=actor_of(request), now=clock.now())
        except InvalidInput as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(reverse("admin:loyalty_rule_change", args=[row_id]))
        self.log_change(request, version.rule, f"Back to version {number}.")
        return HttpResponseRedirect(reverse("admin:loyalty_ruledraft_change", args=[draft.pk]))

    def withdraw(self, request: HttpRequest, row_id: int, number: int) -> HttpResponse:
        """Let a scheduled version never begin."""
        version = self._version_to_change(request, row_id, number)
        try:
            withdraw_version(version, now=clock.now())
            self.log_change(request, version.rule, f"Withdrew version {number}.")
            messages.success(request, f"Version {number} is withdrawn: what held before goes on.")
        except RuleNotValid as refusal:
            messages.error(request, refusal.detail)
        return HttpResponseRedirect(reverse("admin:loyalty_rule_change", args=[row_id]))

    def _version_to_change(self, request: HttpRequest, row_id: int, number: int) -> RuleVersion:
        version = RuleVersion.objects.select_related("rule").filter(rule=row_id, version=number).first()
        allowed = version is not None and self.has_change_permission(request, version.rule)
        if version is None or request.method != "POST" or not allowed:
            raise Http404
        return version

    @display(description="rule", header=True)
    def called(self, rule: Rule) -> tuple[str, str]:
        return rule.name, rule.code

    @display(description="says")
    def says(self, rule: Rule) -> str:
        version = version_shown(rule, clock.now())
        if version is None:
            return ""
        zone = ZoneInfo(rule.programme.timezone)
        return says(definition_said(version, vars(rule)["names"]), rule.programme.currency, zone=zone)

    @display(description="state", label=STATES)
    def state(self, rule: Rule) -> str:
        return state_of_rule(rule, clock.now())

    @display(description="version")
    def version(self, rule: Rule) -> str:
        version = version_shown(rule, clock.now())
        return str(version.version) if version else ""

    def _door(self, view: Any) -> Any:
        """A page of our own: for who may see rules, told in the programme's time."""

        def guarded(request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
            if not self.has_view_permission(request):
                raise Http404
            return self.in_its_time(view, request, *args, **more)

        return self.admin_site.admin_view(guarded)


def _to_draft(request: HttpRequest, rule: Rule) -> HttpResponse | None:
    """To the draft that was saved, if it is not a version already."""
    draft = find_open_draft(rule.pk)
    if draft is None:
        return None
    messages.info(request, "Saved as a draft. Submit it when it says what you mean.")
    return HttpResponseRedirect(reverse("admin:loyalty_ruledraft_change", args=[draft.pk]))
