"""What is watched for fraud: rules, tried on what was before they go live."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from config.ground import clock
from config.ground.refusals import NotAllowed, Refusal
from config.staff.actors import actor_of
from config.staff.admin.changes import TellsChanges
from config.staff.confirm import confirmed
from config.staff.dashboard import Table
from config.staff.fields import WholeField
from config.staff.site import site
from loyalty.admin.cells import moment
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.models import FraudRule
from loyalty.queries.fraud_evidence import name_subjects
from loyalty.rules.fraud import WATCHES, WITH_A_MEMBER, is_counted_per, sentence_of_watch
from loyalty.services.fraud import end_rule, go_live, try_rule
from omnichannel.admin.own_stores import of_own_programmes

TRIED_DAYS = 30
MOST_DAYS = 400


class FraudRuleForm(forms.ModelForm):
    """`home` is set by the page."""

    more_than = WholeField(label="More than", min_value=0, max_value=1_000_000_000)

    class Meta:
        model = FraudRule
        fields = ("name", "what", "per", "within", "more_than", "is_holding")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if not self.instance.pk:
            self.instance.programme_id = self.home.id  # type: ignore[attr-defined]  # set by the page

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        what, per = told.get("what"), told.get("per")
        if what and per and not is_counted_per(what, per):
            names = dict(FraudRule._meta.get_field("per").flatchoices)
            fits = " or ".join(str(names[each]) for each in WATCHES[what].per)
            self.add_error("per", f"This is counted of {fits}.")
        elif per and told.get("is_holding") and per not in WITH_A_MEMBER:
            self.add_error("is_holding", "Points are held of one member: count of one member.")
        return told


class DaysForm(forms.Form):
    days = forms.IntegerField(
        label="Days up to now",
        min_value=1,
        max_value=MOST_DAYS,
        initial=TRIED_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


@admin.register(FraudRule, site=site)
class FraudRuleAdmin(TellsChanges, OfOneProgramme):
    """A rule is written, tried, and let look; from then on it stays as it is until it is ended."""

    form = FraudRuleForm
    list_display = ("name", "says", "state_label", "is_holding", "programme")
    list_filter = ("programme",)
    list_select_related = ("programme",)
    ordering = ("ended_at", "name")
    fields = ("name", ("what", "per"), ("more_than", "within"), "is_holding")
    compressed_fields = True
    actions_detail = ("tried", "live", "ended")

    def get_queryset(self, request: HttpRequest) -> Any:
        return of_own_programmes(request, super().get_queryset(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.live_from is None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.live_from is None)

    def save_model(self, request: HttpRequest, obj: FraudRule, form: Any, change: bool) -> None:
        """Whoever wrote it last is not who approves it."""
        obj.written_by = actor_of(request)
        super().save_model(request, obj, form, change)

    @action(description="Try it on the past", icon="history_toggle_off")
    def tried(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What the rule would have flagged in the last days."""
        rule = self._row(request, object_id)
        form = DaysForm(request.GET if "days" in request.GET else {"days": TRIED_DAYS})
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{rule.name}: tried on the past",
            "says": self.says(rule),
            "form": form,
            "back": reverse("admin:loyalty_fraudrule_change", args=[rule.pk]),
        }
        if form.is_valid():
            now = clock.now()
            run = try_rule(rule, since=now - timedelta(days=form.cleaned_data["days"]), until=now)
            names = name_subjects(one.subject for one in run.examples)
            rows = [
                [names[one.subject], moment(one.since), f"{one.measured:,}", ", ".join(one.refs[:3])]
                for one in run.examples
            ]
            page |= {"run": run, "examples": Table(["Who", "Window from", "How much", "For example"], rows)}
        return render(request, "loyalty/admin/fraud_tried.html", page)

    @action(description="Let it look", icon="play_arrow")
    @confirmed("Shall this rule look at what happens from now on? It cannot be changed then, only ended.")
    def live(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Go live, by somebody else than who wrote it where the terms ask for that."""
        by = actor_of(request)
        return self._act(request, object_id, lambda rule: go_live(rule.pk, by=by, now=clock.now()))

    @action(description="End it", icon="stop")
    @confirmed("Shall this rule look no more? Its flags stay.")
    def ended(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """End the rule."""
        return self._act(request, object_id, lambda rule: end_rule(rule.pk, now=clock.now()))

    def _act(
        self, request: HttpRequest, object_id: int, do: Callable[[FraudRule], FraudRule]
    ) -> HttpResponse:
        rule = self._row(request, object_id)
        try:
            if not request.user.has_perm("loyalty.change_fraudrule"):
                raise NotAllowed("Your role does not allow this step.")
            rule = do(rule)
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            said = f"{rule.name} is {_state(rule)}."
            self.log_change(request, rule, said)
            messages.success(request, said)
        return HttpResponseRedirect(reverse("admin:loyalty_fraudrule_change", args=[rule.pk]))

    def _row(self, request: HttpRequest, object_id: int) -> FraudRule:
        row = self.get_object(request, str(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        rule: FraudRule = row
        return rule

    @display(description="flags")
    def says(self, rule: FraudRule) -> str:
        return sentence_of_watch(rule.what, rule.per, rule.within, rule.more_than)

    @display(description="state", label={"draft": "default", "live": "success", "ended": "info"})
    def state_label(self, rule: FraudRule) -> str:
        return _state(rule)


def _state(rule: FraudRule) -> str:
    if rule.live_from is None:
        return "draft"
    return "ended" if rule.ended_at else "live"
