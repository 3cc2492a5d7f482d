"""Tiers and their benefits: the ladder of a programme, and who stands where."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import StackedInline
from unfold.decorators import display

from config.ground import clock
from config.staff.admin.changes import TellsChanges
from config.staff.site import site
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.models import Benefit, Tier
from loyalty.queries.figures import count_wallets_by_tier
from loyalty.queries.ladders import list_demands
from loyalty.queries.vocabulary import Home


class TierForm(forms.ModelForm):
    """`home` is set by the page. A new tier stands on top, and is reached once a ladder names it."""

    home: Home

    class Meta:
        model = Tier
        fields = ("name", "code")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if not self.instance.pk:
            above = Tier.objects.filter(programme_id=self.home.id).order_by("-rank").first()
            self.instance.programme_id = self.home.id
            self.instance.rank = above.rank + 1 if above else 0

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        others = Tier.objects.filter(programme_id=self.home.id, code=code).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError("Another tier has this code.")
        return code


class BenefitInline(StackedInline):
    """What the tier brings beside points."""

    model = Benefit
    extra = 0
    fields = (
        ("title", "code"),
        ("kind", "valid_days"),
        ("uses", "is_each_year"),
        ("days_before", "days_after"),
        "description",
        "is_active",
    )
    prepopulated_fields = {"code": ("title",)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A benefit that was granted keeps its name; one that is over is made inactive."""
        return False


@admin.register(Tier, site=site)
class TierAdmin(TellsChanges, OfOneProgramme):
    """The ladder, lowest first, with who stands on each step now."""

    form = TierForm
    inlines = (BenefitInline,)
    list_display = ("called", "brings", "programme")
    list_display_links = ("called",)
    list_select_related = ("programme",)
    list_filter = ("programme",)
    ordering = ("programme", "rank")
    compressed_fields = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tier]:
        tiers: QuerySet[Tier] = super().get_queryset(request)
        return tiers.prefetch_related("benefits")

    def changelist_view(self, request: HttpRequest, *args: Any, **more: Any) -> Any:
        now = clock.now()
        request.standing = count_wallets_by_tier(now=now)  # type: ignore[attr-defined]  # for this page
        request.asked = list_demands(now=now)  # type: ignore[attr-defined]  # for this page
        return super().changelist_view(request, *args, **more)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The columns of who stands where, and by what, are read once for the page."""
        counted: dict[int, int] = getattr(request, "standing", {})
        asked: dict[int, str] = getattr(request, "asked", {})

        @display(description="members now")
        def standing(tier: Tier) -> str:
            return f"{counted.get(tier.pk, 0):,}"

        @display(description="reached by")
        def asks(tier: Tier) -> str:
            return asked.get(tier.pk, "no ladder names it yet")

        return ["called", asks, standing, "brings", "programme"]

    def get_readonly_fields(self, request: HttpRequest, obj: Tier | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Tier | None = None) -> dict[str, Any]:
        return {} if obj else {"code": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Tier | None = None) -> bool:
        """Members hold tiers; their standings name it for ever."""
        return False

    def rows_told(self, row: Tier) -> list[tuple[Model, str]]:
        """The tier's own changes, and those of its benefits."""
        return [(row, ""), *((benefit, f"{benefit.title}, ") for benefit in row.benefits.all())]

    @display(description="tier", header=True)
    def called(self, tier: Tier) -> tuple[str, str]:
        return tier.name, tier.code

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
