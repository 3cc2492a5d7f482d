"""Tiers and their benefits: the ladder of a programme, and who stands where."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import StackedInline
from unfold.decorators import display

from config.ground import clock
from config.ground.amounts import money
from config.staff.admin.changes import TellsChanges, Words
from config.staff.fields import AmountField
from config.staff.site import site
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.models import Benefit, Tier
from loyalty.queries.figures import count_wallets_by_tier
from loyalty.queries.tiers import Movers, count_movers
from loyalty.queries.vocabulary import Home


class TierForm(forms.ModelForm):
    """`home` is set by the page. A new tier goes on top; thresholds rise from tier to tier."""

    home: Home

    threshold_minor = AmountField(
        label="Reached by spending", help_text="In a rolling year, in money. Exactly this much reaches it."
    )

    class Meta:
        model = Tier
        fields = ("name", "code", "threshold_minor")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if "threshold_minor" in self.fields:
            self.fields["threshold_minor"].in_currency(self.home.currency)  # type: ignore[attr-defined]  # ours
        if not self.instance.pk:
            above = Tier.objects.filter(programme_id=self.home.id).order_by("-rank").first()
            self.instance.programme_id = self.home.id
            self.instance.rank = above.rank + 1 if above else 0

    @property
    def is_preview(self) -> bool:
        return "_preview" in self.data

    def is_valid(self) -> bool:
        """A threshold that is only tried is never saved: the page shows it again."""
        return super().is_valid() and not self.is_preview

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        others = Tier.objects.filter(programme_id=self.home.id, code=code).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError("Another tier has this code.")
        return code

    def clean_threshold_minor(self) -> int:
        threshold: int = self.cleaned_data["threshold_minor"]
        rank, currency = self.instance.rank, self.home.currency
        if rank == 0:
            if threshold:
                raise forms.ValidationError("Everybody stands on the lowest tier: its threshold is 0.")
            return threshold
        ladder = Tier.objects.filter(programme_id=self.home.id)
        below = ladder.filter(rank__lt=rank).order_by("-rank").first()
        above = ladder.filter(rank__gt=rank).order_by("rank").first()
        if below and threshold <= below.threshold_minor:
            floor = money(below.threshold_minor, currency)
            raise forms.ValidationError(f"It must be more than {floor}, which reaches {below.name}.")
        if above and threshold >= above.threshold_minor:
            ceiling = money(above.threshold_minor, currency)
            raise forms.ValidationError(f"It must be less than {ceiling}, which reaches {above.name}.")
        return threshold


class BenefitInline(StackedInline):
    """What the tier brings beside points."""

    model = Benefit
    extra = 0
    fields = (("title", "code"), ("kind", "valid_days"), "description", "is_active")
    prepopulated_fields = {"code": ("title",)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A benefit that was granted keeps its name; one that is over is made inactive."""
        return False


@admin.register(Tier, site=site)
class TierAdmin(TellsChanges, OfOneProgramme):
    """The ladder, lowest first, with who stands on each step now."""

    form = TierForm
    inlines = (BenefitInline,)
    list_display = ("called", "threshold", "brings", "programme")
    list_display_links = ("called",)
    list_select_related = ("programme",)
    list_filter = ("programme",)
    ordering = ("programme", "rank")
    compressed_fields = True
    change_form_after_template = "loyalty/admin/tier_movers.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tier]:
        tiers: QuerySet[Tier] = super().get_queryset(request)
        return tiers.prefetch_related("benefits")

    def changelist_view(self, request: HttpRequest, *args: Any, **more: Any) -> Any:
        request.standing = count_wallets_by_tier(now=clock.now())  # type: ignore[attr-defined]  # for this page
        return super().changelist_view(request, *args, **more)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The column of who stands where is counted once for the page."""
        counted: dict[int, int] = getattr(request, "standing", {})

        @display(description="members now")
        def standing(tier: Tier) -> str:
            return f"{counted.get(tier.pk, 0):,}"

        columns = list(super().get_list_display(request))
        columns.insert(columns.index("brings"), standing)
        return columns

    def get_fields(self, request: HttpRequest, obj: Tier | None = None) -> tuple[str, ...]:
        if self.has_change_permission(request, obj):
            return ("name", "code", "threshold_minor")
        return ("name", "code", "threshold")

    def get_readonly_fields(self, request: HttpRequest, obj: Tier | None = None) -> tuple[str, ...]:
        readonly = ("code",) if obj else ()
        return readonly if self.has_change_permission(request, obj) else (*readonly, "threshold")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Tier | None = None) -> dict[str, Any]:
        return {} if obj else {"code": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Tier | None = None) -> bool:
        """Members hold tiers; their standings name it for ever."""
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        tier: Tier | None = more.get("obj")
        if tier is not None and self.has_change_permission(request, tier):
            context["may_try"] = tier.rank > 0
            form = context["adminform"].form
            if form.is_bound and form.is_preview and not form.errors:
                context["movers"] = self._movers(request, tier, form.cleaned_data["threshold_minor"])
        answer: HttpResponse = super().render_change_form(request, context, *args, **more)
        return answer

    def rows_told(self, row: Tier) -> list[tuple[Model, str]]:
        """The tier's own changes, and those of its benefits."""
        return [(row, ""), *((benefit, f"{benefit.title}, ") for benefit in row.benefits.all())]

    def words_of(self, row: Tier) -> Words:
        return {
            "threshold_minor": ("reached by spending", lambda minor: money(minor, row.programme.currency))
        }

    def _movers(self, request: HttpRequest, tier: Tier, threshold_minor: int) -> Movers:
        """The row's own threshold is read anew: validating the form has put the tried one into it."""
        stored = Tier.objects.get(pk=tier.pk)
        zone = self.home_of(request, tier).timezone
        return count_movers(stored, threshold_minor=threshold_minor, timezone=zone, now=clock.now())

    @display(description="tier", header=True)
    def called(self, tier: Tier) -> tuple[str, str]:
        return tier.name, tier.code

    @display(description="reached by spending")
    def threshold(self, tier: Tier) -> str:
        return money(tier.threshold_minor, tier.programme.currency) if tier.rank else "everybody"

    @display(description="brings")
    def brings(self, tier: Tier) -> str:
        return ", ".join(one.title for one in tier.benefits.all() if one.is_active)


@admin.register(Benefit, site=site)
class BenefitAdmin(TellsChanges):
    """All benefits; one that is over is made inactive, for members hold it still."""

    list_display = ("title", "tier", "kind", "valid_days", "is_active")
    list_filter = ("kind", "is_active")
    list_select_related = ("tier",)
    search_fields = ("title", "code")
    compressed_fields = True
    prepopulated_fields = {"code": ("title",)}

    def get_prepopulated_fields(self, request: HttpRequest, obj: Benefit | None = None) -> dict[str, Any]:
        return {} if obj else {"code": ("title",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Benefit | None = None) -> tuple[str, ...]:
        return ("tier", "code") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Benefit | None = None) -> bool:
        return False
