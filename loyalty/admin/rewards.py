"""Rewards: the catalogue of what points can become, each said in a sentence."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from config.ground import clock
from config.ground.amounts import money
from config.staff.admin.changes import TellsChanges, Words
from config.staff.site import site
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.admin.reward_form import RewardForm, StockInline, WordsInline
from loyalty.models import Reward, RewardStock
from loyalty.queries.rewards import declared
from loyalty.rules.condition_words import Manner
from loyalty.rules.reward_words import sentence_of
from loyalty.services.rewards import set_stock
from omnichannel.admin.own_stores import of_own_programmes

STATES = {"live": "success", "planned": "info", "sold out": "warning", "hidden": "default", "over": "default"}


@admin.register(Reward, site=site)
class RewardAdmin(TellsChanges, OfOneProgramme):
    """What is changed counts from now on; what was redeemed stays redeemed."""

    form = RewardForm
    inlines = (StockInline, WordsInline)
    list_display = ("called", "says", "state", "programme")
    list_display_links = ("called",)
    list_filter = ("kind", "is_shown", "programme")
    list_select_related = ("programme", "tier", "series")
    search_fields = ("title", "code")
    ordering = ("programme", "points", "title")
    compressed_fields = True
    # Of a stored reward the kind is no field any more, and what it does not have is left out.
    conditional_fields = {
        "series": "typeof kind === 'undefined' || kind == 'voucher'",
        "happens_at": "typeof kind === 'undefined' || kind == 'experience'",
    }
    change_form_outer_before_template = "loyalty/admin/reward_says.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reward]:
        rewards: QuerySet[Reward] = super().get_queryset(request)
        stocks = Prefetch("stocks", RewardStock.objects.select_related("place").order_by("id"))
        return of_own_programmes(request, rewards).prefetch_related(stocks)

    def get_fieldsets(
        self, request: HttpRequest, obj: Reward | None = None
    ) -> list[tuple[str, dict[str, Any]]]:
        zone = self.home_of(request, obj).timezone
        of_kind: tuple[str, ...] = ("series", "happens_at")
        if obj is not None:
            of_kind = tuple(name for name in of_kind if getattr(obj, name) is not None)
        return [
            ("Reward", {"fields": (("title", "code"), "description", "picture_url")}),
            ("What it is", {"fields": ("kind", *of_kind)}),
            ("What it costs", {"fields": (("points", "cash_minor"),)}),
            ("For whom", {"fields": (("tier", "label"), "most_per_member", ("most_per_period", "period"))}),
            (
                "When",
                {
                    "fields": ("starts_at", "ends_at", ("cancel_hours", "is_shown")),
                    "description": f"Moments are those of {zone}.",
                },
            ),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Reward | None = None) -> tuple[str, ...]:
        """What somebody may have redeemed keeps its code and kind."""
        return ("code", "kind") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Reward | None = None) -> dict[str, Any]:
        return {} if obj else {"code": ("title",)}

    def has_delete_permission(self, request: HttpRequest, obj: Reward | None = None) -> bool:
        """A reward is ended, not deleted: who redeemed it names it for ever."""
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not RewardStock.objects.filter(reward=form.instance, place=None).exists():
            set_stock(form.instance.pk, None, None)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        reward: Reward | None = more.get("obj")
        if reward is not None:
            stored = self.get_queryset(request).get(pk=reward.pk)
            redemptions = f"{reverse('admin:loyalty_redemption_changelist')}?reward__id__exact={reward.pk}"
            state = self.state(stored)
            context |= {
                "says": self.says(stored),
                "state": state,
                "colour": STATES[state],
                "picture_url": stored.picture_url,
                "redemptions_url": redemptions,
                "check_in_url": f"{redemptions}&state__exact=booked" if stored.happens_at else "",
            }
        answer: HttpResponse = super().render_change_form(request, context, *args, **more)
        return answer

    def rows_told(self, row: Reward) -> Iterable[tuple[Model, str]]:
        stocks = [(stock, f"{stock.place or 'in all'}, ") for stock in row.stocks.select_related("place")]
        return [(row, ""), *stocks, *((one, f"{one.language}, ") for one in row.words.all())]

    def words_of(self, row: Reward) -> Words:
        return {"cash_minor": ("and money", lambda minor: money(minor, row.programme.currency))}

    @display(description="reward", header=True)
    def called(self, reward: Reward) -> tuple[str, str]:
        return reward.title, reward.code

    @display(description="says")
    def says(self, reward: Reward) -> str:
        zone = ZoneInfo(reward.programme.timezone)
        return sentence_of(declared(reward), Manner(reward.programme.currency, zone))

    @display(description="state", label=STATES)
    def state(self, reward: Reward) -> str:
        now = clock.now()
        ends = [end for end in (reward.ends_at, reward.happens_at) if end]
        if ends and min(ends) <= now:
            return "over"
        if reward.starts_at and reward.starts_at > now:
            return "planned"
        if any(stock.left == 0 and not stock.place for stock in declared(reward).stocks):
            return "sold out"
        return "live" if reward.is_shown else "hidden"
