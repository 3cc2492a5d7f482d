"""Drafts of rules, and beside them all that is drafted: what is being written, and what waits for approval."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from config.ground import clock
from config.ground.refusals import InvalidInput
from config.ground.typed import load
from config.staff.site import site
from loyalty.admin.back_test_form import DaysForm
from loyalty.admin.back_tests import ask_from_page
from loyalty.admin.draft_page import Act, DraftPage
from loyalty.admin.open_drafts import tell_others
from loyalty.admin.rule_versions import version_shown
from loyalty.models import RuleDraft
from loyalty.queries.vocabulary import Home, list_names
from loyalty.rules.back_tests import Changes, TriedRule
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.stored_rules import changes, says
from loyalty.services.rule_drafts import RULE_DRAFTS


@admin.register(RuleDraft, site=site)
class RuleDraftAdmin(DraftPage):
    """A draft is written on the page of its rule."""

    road = RULE_DRAFTS
    template = "loyalty/admin/rule_draft.html"
    of_what = "rules"
    list_display = ("name", "state_label", "waits_for_me", "made", "submitted_at", "programme")
    list_display_links = ("name",)
    list_select_related = ("rule__programme",)
    list_before_template = "loyalty/admin/open_drafts.html"

    def rights_to_write(self, _draft: RuleDraft) -> Sequence[str]:
        return ("loyalty.change_rule",)

    def outcome(self, draft: RuleDraft) -> str:
        assert draft.version is not None  # noqa: S101 - a constraint of the table
        return f"version {draft.version.version} of {draft.name} is published"

    def acts(self, draft: RuleDraft) -> dict[str, tuple[Sequence[str], Act]]:
        return super().acts(draft) | {"_back_test": (("loyalty.add_backtest",), self._back_test)}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Together with what else waits, as far as the person may see it."""
        return super().changelist_view(request, {**(extra_context or {}), **tell_others(request)})

    def tell(self, request: HttpRequest, draft: RuleDraft, home: Home) -> dict[str, Any]:
        zone, names = ZoneInfo(home.timezone), list_names([home.id])[home.id]
        current = version_shown(draft.rule, clock.now())
        if current is not None and current.pk == draft.version_id:
            current = None
        definition = names.said_stored(draft.definition)
        before = names.said_stored(current.definition) if current else None
        return {
            "title": draft.name,
            "says": [f"{draft.name}: {says(definition, home.currency, zone=zone)}"],
            "current": current,
            "changes": changes(before, definition, home.currency, zone=zone) if before else [],
            "write_url": reverse("admin:loyalty_rule_change", args=[draft.rule_id]),
            "days": DaysForm(home=home, now=clock.now())
            if request.user.has_perm("loyalty.add_backtest")
            else None,
        }

    def _back_test(self, request: HttpRequest, draft: RuleDraft) -> HttpResponse:
        home = self.home_of(request, draft)
        days = DaysForm(request.POST, home=home, now=clock.now())
        if not days.is_valid():
            raise InvalidInput("Choose a first day and a last day that does not lie before it.")
        tried = TriedRule(
            code=draft.rule.code, name=draft.name, definition=load(RuleDefinition, draft.definition)
        )
        return ask_from_page(request, home, Changes(rules=[tried]), days)
