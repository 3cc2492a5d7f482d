"""Trying a rule on a basket before it is published: an example that can be edited, or somebody's last purchase."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.forms.formsets import BaseFormSet
from django.http import HttpRequest
from django.urls import reverse
from msgspec import UNSET
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.ground.amounts import money
from config.ground.refusals import Refusal
from config.staff.fields import AmountField, MomentField, NameField, WholeField
from loyalty.queries.people import find_member_ids
from loyalty.queries.previews import RealBasket, find_last_basket
from loyalty.queries.vocabulary import (
    Home,
    find_place_kind,
    list_label_words,
    list_place_words,
    list_tier_words,
)
from loyalty.queries.wallets import get_wallet
from loyalty.rules.basket import Basket, Line, Shopper
from loyalty.rules.definition import ForAct
from loyalty.rules.drafts import Draft
from loyalty.rules.settle import Settlement
from loyalty.services.previews import Preview, preview_rule

ROWS = 4
"""So many rows a basket has at least, some of them empty."""

MOST_ROWS = 60

LINE_KINDS = [("goods", "Goods"), ("shipping", "Shipping"), ("gift_card", "Gift card")]


class TryForm(forms.Form):
    """Who buys where and when."""

    whose = forms.CharField(
        label="Last purchase of",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Phone, card, e-mail, ref or name"}),
    )
    tier = forms.ChoiceField(label="A member on", required=False, widget=UnfoldAdminSelectWidget)
    place = forms.ChoiceField(label="buys in", required=False, widget=UnfoldAdminSelectWidget)
    at = MomentField(label="at", required=False)
    paid_by = forms.CharField(
        label="and pays by",
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "card, cash ..."}),
    )
    labels = forms.MultipleChoiceField(
        label="A member in", required=False, widget=UnfoldAdminSelect2MultipleWidget
    )
    is_new = forms.BooleanField(
        label="It is the first purchase", required=False, widget=UnfoldBooleanSwitchWidget
    )
    is_birthday = forms.BooleanField(
        label="It is the member's birthday", required=False, widget=UnfoldBooleanSwitchWidget
    )

    def shopper(self, placed_at: datetime, zone: ZoneInfo) -> Shopper:
        """The member who is supposed to buy. Only asked of a form without errors, or one that nobody filled in."""
        answers = self.cleaned_data if self.is_bound else {}
        day = placed_at.astimezone(zone)
        return Shopper(
            tier_code=self["tier"].value() or "",
            is_new=answers.get("is_new", False),
            birthday=(day.month, day.day) if answers.get("is_birthday") else None,
            labels=answers.get("labels", []),
        )


class LineForm(forms.Form):
    """One line of the basket. What the catalogue knows of a product goes before what is typed, as at the till."""

    sku = NameField(label="Product")
    category = NameField(label="Category")
    quantity = WholeField(label="Quantity", required=False, min_value=1, max_value=100_000)
    unit_price = AmountField(label="Price each", required=False)
    kind = forms.ChoiceField(label="Kind", required=False, choices=LINE_KINDS, widget=UnfoldAdminSelectWidget)
    name = forms.CharField(required=False, widget=forms.HiddenInput)
    department = forms.CharField(required=False, widget=forms.HiddenInput)
    brand = forms.CharField(required=False, widget=forms.HiddenInput)
    discount_minor = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, home: Home, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["unit_price"].in_currency(home.currency)  # type: ignore[attr-defined]  # it is our AmountField
        sku, product = self["sku"].value() or "", self["name"].value()
        self._suggest(home, "sku", sku, called=f"{product} ({sku})" if product else "")
        self._suggest(home, "category", self["category"].value() or "")

    def _suggest(self, home: Home, field: str, chosen: str, *, called: str = "") -> None:
        url = reverse("admin:loyalty_rule_suggest", args=[home.id, field])
        self.fields[field].suggest_from(url, chosen, called=called)  # type: ignore[attr-defined]  # our NameField

    def line(self, position: int) -> Line | None:
        """The line, if there is a price; a product that was left open is any product."""
        cleaned = self.cleaned_data
        if cleaned.get("unit_price") is None:
            return None
        return Line(
            sku=cleaned.get("sku") or f"example-{position + 1}",
            name=cleaned["name"],
            category=cleaned["category"],
            department=cleaned["department"],
            brand=cleaned["brand"],
            quantity=cleaned.get("quantity") or 1,
            unit_price_minor=cleaned["unit_price"],
            discount_minor=cleaned.get("discount_minor") or 0,
            kind=cleaned.get("kind") or UNSET,
        )


class TryOut:
    """The part of the rule's page that tries it. `form` and `lines` are shown; `preview` after a button was pressed."""

    def __init__(self, request: HttpRequest, home: Home, *, now: datetime) -> None:
        self.home = home
        self.now = now
        self.problem = ""
        self.preview: Preview | None = None
        data = request.POST if request.method == "POST" else None
        whose = data.get("try-whose", "") if data else ""
        basket = None
        if data is None:
            basket = find_last_basket(home.id)
        elif "_last" in data:
            basket = self._last_basket(whose)
        if data is None or basket is not None:
            self.form = self._form(initial=self._circumstances(basket, whose=whose))
            self.lines = self._lines(initial=_rows(basket))
        else:
            self.form = self._form(data)
            self.lines = self._lines(data)

    def settle(self, draft: Draft) -> None:
        """Settle the basket with and without the draft."""
        if isinstance(draft.definition.act, ForAct):
            self.problem = "This rule is about an act: no basket meets it. What it says stands above."
            return
        basket = self._basket(draft)
        if basket is None:
            self.problem = self.problem or "Put at least one line with a price into the basket."
            return
        shopper = self.form.shopper(basket.placed_at, ZoneInfo(self.home.timezone))
        try:
            self.preview = preview_rule(
                programme_id=self.home.id, draft=draft, basket=basket, shopper=shopper
            )
        except Refusal as refusal:
            self.problem = refusal.detail

    @property
    def awards(self) -> list[dict[str, Any]]:
        """A row for each rule that gives points with or without the draft."""
        if self.preview is None:
            return []
        before, after = _points(self.preview.before), _points(self.preview.after)
        words = {one.rule: one.because for one in [*self.preview.before.awards, *self.preview.after.awards]}
        return [
            {"rule": rule, "because": words[rule], "before": before.get(rule, 0), "after": after.get(rule, 0)}
            for rule in words
        ]

    @property
    def paid(self) -> str:
        """What the basket costs."""
        return money(self.preview.after.payable_minor, self.home.currency) if self.preview else ""

    @property
    def media(self) -> forms.Media:
        return self.form.media + self.lines.media

    def _last_basket(self, whose: str) -> RealBasket | None:
        if not whose.strip():
            self.problem = "Say whose: a phone, card, e-mail, ref or name."
            return None
        member = find_member_ids(whose).first()
        if member is None:
            self.problem = "Nobody goes by this."
            return None
        basket = find_last_basket(self.home.id, member["pk"])
        if basket is None:
            self.problem = "This member has bought nothing yet."
        return basket

    def _circumstances(self, basket: RealBasket | None, *, whose: str) -> dict[str, Any]:
        if basket is None:
            return {}
        tier = get_wallet(basket.member_id, self.home.id, now=self.now).tier
        return {"whose": whose, "tier": tier.code if tier else "", "place": basket.place_code}

    def _form(self, data: Any = None, initial: dict[str, Any] | None = None) -> TryForm:
        form = TryForm(data, initial=initial, prefix="try")
        tiers = [(word.code, word.name) for word in list_tier_words(self.home.id)]
        places = [(word.code, word.name) for word in list_place_words(self.home.id)]
        form.fields["tier"].choices = tiers  # type: ignore[attr-defined]  # a ChoiceField
        form.fields["place"].choices = places  # type: ignore[attr-defined]  # so is this
        labels = [(word.code, word.name) for word in list_label_words(self.home.id)]
        form.fields["labels"].choices = labels  # type: ignore[attr-defined]  # and this
        return form

    def _lines(self, data: Any = None, initial: list[dict[str, Any]] | None = None) -> BaseFormSet:
        extra = max(ROWS - len(initial or []), 1)
        kind = forms.formset_factory(LineForm, extra=extra, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
        return kind(data, initial=initial, prefix="line", form_kwargs={"home": self.home})

    def _basket(self, draft: Draft) -> Basket | None:
        """The basket as it stands in the fields; None if something in them is wrong or nothing has a price."""
        if self.lines.is_bound:
            if not (self.lines.is_valid() and self.form.is_valid()):
                self.problem = "Something in the basket is not right; see the marked fields."
                return None
            lines = [line for at, one in enumerate(self.lines.forms) if (line := one.line(at))]
            at = self.form.cleaned_data["at"]
        else:
            lines = [_line(row) for row in self.lines.initial or []]
            at = None
        if not lines:
            return None
        place = self.form["place"].value() or ""
        return Basket(
            lines=lines,
            place_code=place,
            placed_at=at or max(self.now, draft.live_from),
            place_kind=find_place_kind(self.home.id, place),
            paid_by=[kind] if (kind := self.form["paid_by"].value()) else [],
        )


def _rows(basket: RealBasket | None) -> list[dict[str, Any]]:
    lines = basket.lines[: MOST_ROWS - 1] if basket else []
    return [
        {
            "sku": line.sku,
            "name": line.name,
            "category": line.category,
            "department": line.department,
            "brand": line.brand,
            "quantity": line.quantity,
            "unit_price": line.unit_price_minor,
            "discount_minor": line.discount_minor,
        }
        for line in lines
    ]


def _line(row: Mapping[str, Any]) -> Line:
    return Line(
        unit_price_minor=row["unit_price"], **{name: row[name] for name in row if name != "unit_price"}
    )


def _points(settlement: Settlement) -> dict[str, int]:
    return {award.rule: award.points for award in settlement.awards}
