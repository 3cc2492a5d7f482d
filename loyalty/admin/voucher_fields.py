"""The fields of the form of a series of vouchers: what it gives, how long, how often, beside which others."""

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from config.staff.fields import AmountField, MomentField, NamesField, WholeField
from loyalty.admin.when_fields import HourField, WeekdaysField

KINDS = [
    ("amount", "An amount off"),
    ("percent", "A percentage off"),
    ("product", "A product for nothing, or at a price"),
    ("shipping", "Free shipping"),
    ("gift_card", "A gift card"),
]
NEEDED = {
    "amount": {"minor": "Say how much."},
    "percent": {"percent": "Say how many percent."},
    "gift_card": {"minor": "Say how much is in it."},
}
FLAGS = [
    ("is_alone", "No other voucher beside it"),
    ("of_price", "Percentages count on the price, not on what others left"),
    ("not_on_discounted", "Not off what the till has discounted"),
    ("earns_nothing", "What it is taken off earns no points"),
    ("not_with_points", "No points pay in the same purchase"),
]
SHOWN_FOR = {
    "minor": "gives == 'amount' || gives == 'gift_card'",
    "percent": "gives == 'percent'",
    "most": "gives == 'percent' || gives == 'shipping'",
    "pieces": "gives == 'product'",
    "price": "gives == 'product'",
    **dict.fromkeys(
        ("categories", "departments", "brands", "skus"), "gives != 'shipping' && gives != 'gift_card'"
    ),
}
"""Field -> for which kinds it is shown."""


class VoucherGives(forms.Form):
    """What the voucher gives, and off what."""

    gives = forms.ChoiceField(label="It gives", choices=KINDS, widget=UnfoldAdminSelectWidget)
    minor = AmountField(label="Amount", required=False)
    percent = WholeField(label="Percent", required=False, min_value=1, max_value=100)
    most = AmountField(label="At most", required=False)
    pieces = WholeField(label="Pieces", required=False, min_value=1, max_value=1_000, initial=1)
    price = AmountField(label="For each", required=False, help_text="Empty: for nothing.")
    categories = NamesField(label="Categories", help_text="Empty: all. Several fields: all of them must fit.")
    departments = NamesField(label="Departments")
    brands = NamesField(label="Brands")
    skus = NamesField(label="Products", help_text="Type a name or a SKU.")


class VoucherDays(forms.Form):
    """On which days and hours it can be used."""

    weekdays = WeekdaysField(label="Only on")
    hours_from = HourField(label="Only from")
    hours_until = HourField(label="until", help_text="May cross midnight: 22:00 until 02:00.")


class VoucherLasts(forms.Form):
    """How long it is good, and how often."""

    starts_at = MomentField(label="Good from", required=False)
    ends_at = MomentField(label="Good until", required=False, help_text="This moment no longer counts.")
    valid_days = WholeField(
        label="Days it is good for",
        required=False,
        min_value=0,
        max_value=36_500,
        help_text="After the day each was issued on. Empty: for ever.",
    )
    uses = WholeField(
        label="Uses of each", required=False, min_value=1, initial=1, help_text="Empty: no limit."
    )
    uses_per_member = WholeField(label="Uses by one member", required=False, min_value=1)
    uses_in_all = WholeField(label="Uses by all together", required=False, min_value=1)
    budget = AmountField(label="Budget in all", required=False)
    is_kept_on_return = forms.BooleanField(
        label="Stays used when the whole purchase comes back", required=False
    )


class VoucherStacks(forms.Form):
    """How it meets other vouchers, discounts and points."""

    order = WholeField(
        label="Order",
        required=False,
        min_value=0,
        max_value=1_000,
        help_text="The lowest is taken off first.",
    )
    group = forms.CharField(
        label="Group",
        required=False,
        max_length=60,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Of a group only one is used.",
    )
    together_minor = AmountField(label="All together at most", required=False)
    together_percent = WholeField(
        label="All together at most, percent", required=False, min_value=1, max_value=100
    )
    flags = forms.MultipleChoiceField(
        label="Also", required=False, choices=FLAGS, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
