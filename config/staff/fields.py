"""Form fields for what rules, terms and campaigns are made of: amounts, factors, moments, names from the catalogue."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminAutocompleteWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminMultipleAutocompleteWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from config.ground.amounts import decimals, major_of, minor_of
from config.ground.api.bodies import FIRST_YEAR, LAST_YEAR

MOST_MINOR = 10**12


class AmountField(forms.DecimalField):
    """An amount typed in major units (12.50) that cleans to minor units (1250). `in_currency` says which."""

    def __init__(self, **options: Any) -> None:
        self.currency = "USD"
        widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})
        super().__init__(min_value=Decimal(0), localize=False, widget=widget, **options)

    def in_currency(self, currency: str) -> None:
        """Take amounts of this currency, and show it beside the box."""
        self.currency = currency
        self.widget.attrs |= {"suffix": currency, "placeholder": str(major_of(0, currency))}

    def prepare_value(self, value: Any) -> Any:
        """What stands in the box: a stored number of minor units as people type it."""
        return major_of(value, self.currency) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        amount = super().clean(value)
        if amount is None:
            return None
        try:
            minor = minor_of(amount, self.currency)
        except ValueError as fault:
            digits = decimals(self.currency)
            words = f"at most {digits} digits behind the point" if digits else "no digits behind the point"
            raise ValidationError(f"An amount in {self.currency} has {words}.") from fault
        if minor > MOST_MINOR:
            raise ValidationError("That is more than this can keep.")
        return minor

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class WholeField(forms.IntegerField):
    """A whole number of points or days."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=UnfoldAdminIntegerFieldWidget(), **options)


class TimesField(forms.DecimalField):
    """How many times the basic points, such as 3 or 1.5; cleans to percent (300, 150)."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminDecimalFieldWidget()
        super().__init__(min_value=Decimal("1.01"), decimal_places=2, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        """What stands in the box: a stored percentage as people type it."""
        return Decimal(value) / 100 if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        times = super().clean(value)
        return None if times is None else int(times * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class _Moment(UnfoldAdminSplitDateTimeWidget):
    """A day and a time of day to the minute; seconds are shown where a stored moment has some, so none are lost."""

    def decompress(self, value: datetime | None) -> list[Any]:
        on, at = super().decompress(value)
        return [on, at.isoformat() if at and at.second else at]


class MomentField(forms.SplitDateTimeField):
    """A moment in the time of the page."""

    widget = _Moment

    def compress(self, data_list: Any) -> Any:
        on = data_list[0] if data_list else None
        if on is not None and not FIRST_YEAR <= on.year <= LAST_YEAR:
            raise ValidationError(f"Days are between the years {FIRST_YEAR} and {LAST_YEAR}.")
        return super().compress(data_list)


class _OfNames(forms.Select):
    """What both widgets do otherwise than the theme's, whose options are rows of a model and never typed."""

    option_template_name = "django/forms/widgets/select_option.html"

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Without the theme's binding: it would take back a name as soon as it was suggested and chosen."""
        attrs: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)
        attrs.pop("x-model.fill", None)
        return attrs


class _ManyNames(_OfNames, UnfoldAdminMultipleAutocompleteWidget):
    """Several names."""


class _OneName(_OfNames, UnfoldAdminAutocompleteWidget):
    """One name."""


class NamesField(forms.MultipleChoiceField):
    """Names from the catalogue: suggested while typing, and any other name may be typed too."""

    def __init__(self, **options: Any) -> None:
        widget = _ManyNames(attrs={"data-tags": "true", "data-token-separators": '[","]'})
        super().__init__(required=False, widget=widget, **options)

    def suggest_from(self, url: str, chosen: Iterable[str]) -> None:
        """Ask this address for suggestions; show what is chosen already."""
        self.widget.attrs["data-ajax--url"] = url
        self.choices = [(name, name) for name in dict.fromkeys(chosen)]

    def valid_value(self, value: str) -> bool:
        return 0 < len(value.strip()) <= 100

    def to_python(self, value: Sequence[str] | None) -> list[str]:
        return list(dict.fromkeys(name.strip() for name in value or [] if name.strip()))


class NameField(forms.ChoiceField):
    """One name from the catalogue, suggested while typing; any other may be typed too."""

    def __init__(self, **options: Any) -> None:
        widget = _OneName(attrs={"data-tags": "true"})
        super().__init__(required=False, widget=widget, **options)

    def suggest_from(self, url: str, chosen: str, *, called: str = "") -> None:
        """Ask this address for suggestions; show what is chosen already, by the name it is called."""
        self.widget.attrs["data-ajax--url"] = url
        self.choices = [("", ""), *([(chosen, called or chosen)] if chosen else [])]

    def valid_value(self, value: str) -> bool:
        return len(value) <= 100
