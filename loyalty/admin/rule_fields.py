"""The fields of the rule's form: what it gives, on what it counts, and a row for each kind of condition."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.staff.fields import AmountField, MomentField, NamesField, TimesField, WholeField
from loyalty.admin.rule_recurrence import PATTERNS, PLACES
from loyalty.admin.when_fields import HourField, WeekdaysField
from loyalty.rules.condition_words import DAYS

SCOPE = {"categories": "category", "departments": "department", "brands": "brand", "skus": "sku"}
"""Field -> what is suggested for it."""

SCOPES = ("", "except_", "spends_", "buys_")
"""What precedes the names of the fields of a scope."""

NAMES = {f"{scope}{name}": kind for scope in SCOPES for name, kind in SCOPE.items()}
"""Each field that takes names of the catalogue -> what is suggested for it."""

EFFECTS = [
    ("multiplier", "Multiply the basic points (double, triple ...)"),
    ("fixed", "Give a fixed number of points"),
    ("per_item", "Give points for each piece"),
    ("per_step", "Give basic points for each full amount paid"),
    ("proportional", "Give basic points in proportion to what is paid"),
]
ROUNDINGS = [("down", "down"), ("half_up", "to the nearest"), ("up", "up")]
BASIS = [
    ("before_discounts", "Prices before discounts"),
    ("without_tax", "Amounts without tax"),
    ("with_shipping", "Shipping too"),
    ("with_gift_cards", "Gift cards too"),
    ("with_points", "What points pay too"),
]
CHANNELS = [("", "any"), ("store", "A store"), ("web_shop", "The web shop")]

MEETS = [
    ("", "They add up"),
    ("best_of", "Of a group only the best counts"),
    ("first_of", "Of a group only the first counts, by priority"),
]
CAPS = {
    "caps_member": ("member", "points"),
    "caps_member_month": ("member_month", "points"),
    "caps_member_day": ("member_day", "points"),
    "caps_times": ("member", "times"),
    "caps_times_month": ("member_month", "times"),
    "caps_times_day": ("member_day", "times"),
    "caps_day": ("day", "points"),
    "caps_total": ("total", "points"),
    "caps_budget": ("total", "minor"),
}
"""Field -> what is capped, and in what."""

ROWS = {
    "meets": "Beside other rules",
    "caps": "Caps and budget",
    "basis": "Other amounts",
    "except": "Exceptions",
    "tiers": "The member's tier",
    "labels": "The member's segment",
    "first_purchase": "First purchase",
    "birthday": "Birthday",
    "places": "Store or web shop",
    "channel": "Stores or web",
    "paid_by": "How it is paid",
    "spends": "So much spent",
    "buys": "So many pieces",
    "weekdays": "Weekdays",
    "hours": "Hours of the day",
    "bought": "A period",
    "recurs": "Days that recur",
}
"""Rows that are shown when they are added: the beginning of their fields' names -> what the row is called."""


def row_of(field: str) -> str | None:
    """The row that a field stands in."""
    if field in ROWS:
        return field
    return next((row for row in ROWS if field.startswith(f"{row}_")), None)


def _choices(label: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=choices, widget=UnfoldAdminSelectWidget)


class GivesFields(forms.Form):
    """What the rule gives, by which amounts, and for which lines."""

    effect = forms.ChoiceField(
        label="What it does", choices=EFFECTS, initial="multiplier", widget=UnfoldAdminSelectWidget
    )
    points = WholeField(label="Points", required=False, min_value=1, max_value=1_000_000)
    step = AmountField(label="For each full", required=False, help_text="The rest of a step earns nothing.")
    per = AmountField(
        label="For each", required=False, help_text="A part of it earns its part of the points."
    )
    rounding = _choices("Rounded", ROUNDINGS)
    times = TimesField(
        label="Times",
        required=False,
        max_value=Decimal(100),
        help_text="3 is triple points, 1.5 is half as many again. What comes on top of the basic points is awarded.",
    )
    minimum = AmountField(
        label="From this much paid", required=False, help_text="For what it counts on. Empty: from the first."
    )
    basis = forms.MultipleChoiceField(
        label="Count",
        required=False,
        choices=BASIS,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None: the money paid for goods, after discounts, with tax.",
    )
    categories = NamesField(label="Categories", help_text="Empty: all. Several fields: all of them must fit.")
    departments = NamesField(label="Departments")
    brands = NamesField(label="Brands")
    skus = NamesField(label="Products", help_text="Type a name or a SKU.")
    except_categories = NamesField(label="But not categories")
    except_departments = NamesField(label="But not departments")
    except_brands = NamesField(label="But not brands")
    except_skus = NamesField(label="But not products")


class MostFields(forms.Form):
    """How much at most, and beside which other rules."""

    caps_member = WholeField(label="Points for each member", required=False, min_value=1)
    caps_member_month = WholeField(label="Points for each member a month", required=False, min_value=1)
    caps_member_day = WholeField(label="Points for each member a day", required=False, min_value=1)
    caps_times = WholeField(
        label="Times for each member",
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text="For rules that give a fixed number of points.",
    )
    caps_times_month = WholeField(
        label="Times for each member a month", required=False, min_value=1, max_value=1_000_000
    )
    caps_times_day = WholeField(
        label="Times for each member a day", required=False, min_value=1, max_value=1_000_000
    )
    caps_day = WholeField(label="Points a day", required=False, min_value=1)
    caps_total = WholeField(label="Points in all", required=False, min_value=1)
    caps_budget = AmountField(
        label="Budget in all", required=False, help_text="Points are counted by what they pay."
    )
    caps_short = _choices("Where less is left", [("part", "Give what is left"), ("none", "Give nothing")])
    meets = _choices("With other rules", MEETS)
    meets_group = forms.CharField(
        label="Group",
        required=False,
        max_length=60,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "weekend"}),
        help_text="Rules that name the same group meet: basic ones among themselves, bonuses among themselves.",
    )
    meets_priority = WholeField(
        label="Priority", required=False, min_value=0, max_value=1_000, help_text="The highest goes first."
    )


class WhoFields(forms.Form):
    """Conditions on the member and on the purchase; all rows that are filled must hold."""

    tiers = forms.MultipleChoiceField(
        label="Only members on", required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    labels = forms.MultipleChoiceField(
        label="Only members in",
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text="Segments of which their page says that rules may ask for them.",
    )
    first_purchase = forms.BooleanField(
        label="Only the first purchase", required=False, widget=UnfoldBooleanSwitchWidget
    )
    birthday = forms.BooleanField(
        label="Only around the birthday", required=False, widget=UnfoldBooleanSwitchWidget
    )
    birthday_before = WholeField(label="Days before it", required=False, min_value=0, max_value=180)
    birthday_after = WholeField(label="Days after it", required=False, min_value=0, max_value=180)
    places = forms.MultipleChoiceField(
        label="Only in", required=False, widget=UnfoldAdminSelect2MultipleWidget
    )
    channel = _choices("Only in", CHANNELS)
    paid_by = NamesField(
        label="Only if paid by", help_text="As the till calls it: card, cash ... Type and press Enter."
    )
    spends_minimum = AmountField(label="At least this much", required=False)
    spends_categories = NamesField(label="spent on categories", help_text="All empty: on anything.")
    spends_departments = NamesField(label="on departments")
    spends_brands = NamesField(label="on brands")
    spends_skus = NamesField(label="on products")
    buys_pieces = WholeField(label="At least so many pieces", required=False, min_value=1, max_value=100_000)
    buys_categories = NamesField(label="of categories", help_text="All empty: of anything.")
    buys_departments = NamesField(label="of departments")
    buys_brands = NamesField(label="of brands")
    buys_skus = NamesField(label="of products")


class WhenFields(forms.Form):
    """Conditions on the moment, in the programme's time."""

    weekdays = WeekdaysField(label="Only on")
    hours_from = HourField(label="Only from")
    hours_until = HourField(label="until", help_text="Empty: midnight. May cross it: 22:00 until 02:00.")
    bought_from = MomentField(label="Bought from", required=False)
    bought_until = MomentField(
        label="Bought until", required=False, help_text="This moment no longer counts."
    )
    recurs_pattern = _choices("Only on days that recur", PATTERNS)
    recurs_place = _choices("The", PLACES)
    recurs_weekday = _choices("on", [(str(at), day) for at, day in enumerate(DAYS)])
    recurs_number = WholeField(label="Number", required=False, min_value=1, max_value=366)
    recurs_rrule = forms.CharField(
        label="Recurrence", required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )
    recurs_first_on = forms.DateField(
        label="counted from", required=False, widget=UnfoldAdminSingleDateWidget
    )
    recurs_from = HourField(label="from")
    recurs_until = HourField(label="until", help_text="Both empty: the whole day.")


def mark_rows(fields: dict[str, forms.Field]) -> None:
    """Tell the page which fields stand in which row."""
    for name, field in fields.items():
        if row := row_of(name):
            field.widget.attrs |= {"data-row": row, "data-row-name": ROWS[row]}


def in_currency(fields: dict[str, Any], currency: str) -> None:
    """Take the amounts of a form in this currency."""
    for field in fields.values():
        if isinstance(field, AmountField):
            field.in_currency(currency)
