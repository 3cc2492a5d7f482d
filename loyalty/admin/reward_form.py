"""The form by which a reward is said: what it is, what it costs, who may have it, how many there are."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminURLInputWidget

from config.staff.fields import AmountField, MomentField, WholeField
from loyalty.models import Reward, RewardKind, RewardStock, RewardWords, Tier, VoucherSeries
from loyalty.queries.vocabulary import Home, list_label_words
from loyalty.services.rewards import set_stock
from omnichannel.models import Place

MOST_POINTS = 1_000_000_000
MOST = 10_000_000


class RewardForm(forms.ModelForm):
    """`home` is set by the page. What does not belong to the kind is emptied."""

    home: Home

    points = WholeField(label="Points", min_value=1, max_value=MOST_POINTS)
    cash_minor = AmountField(
        label="And money",
        required=False,
        initial=0,
        help_text="Taken at a till or in the web shop; the redemption names the receipt of that sale.",
    )
    label = forms.ChoiceField(
        label="Segment", required=False, widget=UnfoldAdminSelectWidget, help_text="Empty: for all."
    )
    picture_url = forms.URLField(
        label="Picture",
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
        help_text="Where apps find it (https).",
    )
    most_per_member = WholeField(
        label="Times for one member",
        required=False,
        min_value=1,
        max_value=MOST,
        help_text="Empty: no limit.",
    )
    most_per_period = WholeField(label="Times in a period", required=False, min_value=1, max_value=MOST)
    starts_at = MomentField(label="From", required=False, help_text="Empty: at once.")
    ends_at = MomentField(label="Until", required=False, help_text="Empty: until somebody ends it.")
    happens_at = MomentField(label="It begins", required=False)
    cancel_hours = WholeField(
        label="Hours to give it back",
        min_value=0,
        max_value=8_760,
        initial=24,
        help_text=Reward._meta.get_field("cancel_hours").help_text,
    )

    class Meta:
        model = Reward
        fields = (
            "title",
            "code",
            "description",
            "picture_url",
            "kind",
            "series",
            "happens_at",
            "points",
            "cash_minor",
            "tier",
            "label",
            "most_per_member",
            "most_per_period",
            "period",
            "starts_at",
            "ends_at",
            "cancel_hours",
            "is_shown",
        )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if not self.instance.pk:
            self.instance.programme_id = self.home.id
        if "points" not in self.fields:
            return
        self.fields["cash_minor"].in_currency(self.home.currency)  # type: ignore[attr-defined]  # ours
        own = {"programme_id": self.home.id}
        self.fields["tier"].queryset = Tier.objects.filter(**own).order_by("rank")  # type: ignore[attr-defined]
        if "series" in self.fields:
            of_programme = VoucherSeries.objects.filter(**own).order_by("name")
            self.fields["series"].queryset = of_programme  # type: ignore[attr-defined]  # a field of choices
        words = list_label_words(self.home.id)
        known = [(word.code, word.name) for word in words]
        if self.instance.label and self.instance.label not in dict(known):
            known.append((self.instance.label, self.instance.label))
        self.fields["label"].choices = [("", "all members"), *known]  # type: ignore[attr-defined]  # as above

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        others = Reward.objects.filter(programme_id=self.home.id, code=code).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError("Another reward has this code.")
        return code

    def clean_picture_url(self) -> str:
        address: str = self.cleaned_data["picture_url"]
        if address and not address.startswith("https://"):
            raise ValidationError("Name an https address: apps load no other pictures.")
        return address

    def clean_cash_minor(self) -> int:
        return self.cleaned_data["cash_minor"] or 0

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        kind = told.get("kind") or self.instance.kind
        if kind != RewardKind.VOUCHER:
            told["series"] = None
        elif not told.get("series"):
            self.add_error("series", "Say of which series the member gets a voucher.")
        if kind == RewardKind.VOUCHER:
            told["cash_minor"] = 0
        if kind != RewardKind.EXPERIENCE:
            told["happens_at"] = None
        elif not told.get("happens_at"):
            self.add_error("happens_at", "Say when it begins.")
        if not told.get("most_per_period"):
            told["period"] = ""
        elif not told.get("period"):
            self.add_error("period", "Say in which period.")
        starts_at, ends_at = told.get("starts_at"), told.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "It must end after it starts.")
        return told


class StockForm(forms.ModelForm):
    """So many in all, or in a store; what is taken already is never fewer."""

    place = forms.ModelChoiceField(
        Place.objects.none(), required=False, empty_label="in all", widget=UnfoldAdminSelectWidget
    )
    stock = WholeField(label="Pieces or seats", required=False, min_value=0, max_value=MOST)

    class Meta:
        model = RewardStock
        fields = ("place", "stock")

    def clean_stock(self) -> int | None:
        stock: int | None = self.cleaned_data["stock"]
        if stock is not None and stock < self.instance.taken:
            raise ValidationError(f"{self.instance.taken} are taken already.")
        return stock


class StockFormSet(BaseInlineFormSet):
    """One line in all, and one for each store that keeps some of its own."""

    def clean(self) -> None:
        super().clean()
        places = [
            form.cleaned_data.get("place") for form in self.forms if form.has_changed() or form.instance.pk
        ]
        if len(places) != len(set(places)):
            raise ValidationError("Say the stock of a store once.")

    def save(self, commit: bool = True) -> list[RewardStock]:
        """Only how many there are is written: what is taken changes while the page is open."""
        for form in self.forms:
            if form.has_changed():
                place = form.cleaned_data["place"]
                set_stock(self.instance.pk, place.pk if place else None, form.cleaned_data["stock"])
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []


class StockInline(TabularInline):
    """How many there are and how many are taken."""

    model = RewardStock
    form = StockForm
    formset = StockFormSet
    fields = ("place", "stock", "taken")
    readonly_fields = ("taken",)
    verbose_name_plural = "Stock: empty for no limit; a store named here has to be chosen when it is redeemed"

    def get_extra(self, request: HttpRequest, obj: Reward | None = None, **more: Any) -> int:
        return 0 if obj else 1

    def get_formset(self, request: HttpRequest, obj: Reward | None = None, **more: Any) -> Any:
        formset = super().get_formset(request, obj, **more)
        home = self.home_of(request, obj)
        if "place" in formset.form.base_fields:
            places = Place.objects.filter(programme_id=home.id).order_by("name")
            formset.form.base_fields["place"].queryset = places
        return formset

    def home_of(self, request: HttpRequest, obj: Reward | None) -> Home:
        """The programme of the page."""
        home: Home = self.admin_site._registry[Reward].home_of(request, obj)
        return home

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was taken of it is counted for ever."""
        return False


class WordsInline(StackedInline):
    """The reward in other languages."""

    model = RewardWords
    extra = 0
    fields = (("language", "title"), "description")
    verbose_name_plural = "In other languages"
