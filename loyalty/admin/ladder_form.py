"""The form by which a marketer writes a ladder: how tiers are reached and kept, and what each asks for."""

from calendar import month_name
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from config.staff.fields import AmountField, MomentField, WholeField
from loyalty.models import Tier
from loyalty.queries.vocabulary import Home
from loyalty.rules.definition import Basis
from loyalty.rules.ladders import (
    ALL_PAID,
    Anniversary,
    CalendarQuarter,
    CalendarYear,
    Demand,
    ForDays,
    ForPeriods,
    LadderDefinition,
    RollingDays,
    RollingMonths,
    Window,
    fault_in,
)

WINDOWS = [
    ("days", "the last so many days"),
    ("months", "the last so many months"),
    ("year", "the year"),
    ("quarter", "the quarter"),
    ("anniversary", "the member's own year, from the day of enrolment"),
]
BASES = {
    "before_discounts": "the price before discounts",
    "without_tax": "less the tax in it",
    "with_shipping": "shipping too",
    "with_gift_cards": "gift cards too",
    "with_points": "what points pay too",
}


def _chosen(label: str, choices: Sequence[tuple[str, str]], **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=UnfoldAdminSelectWidget, **more)


def _number(label: str, most: int, least: int = 1, **more: Any) -> WholeField:
    return WholeField(label=label, min_value=least, max_value=most, required=False, **more)


class LadderForm(forms.Form):
    """After `is_valid`: `definition` and `live_from` (None: at once)."""

    window = _chosen("What counts is what was done in", WINDOWS)
    length = _number("So many days or months", 3_650, help_text="Of a rolling window alone.")
    starts_month = _chosen(
        "It begins with the first of",
        [(str(number), month_name[number]) for number in range(1, 13)],
        help_text="Of a year or a quarter alone.",
    )
    visits = _chosen("A visit is", [("days", "each day with a purchase"), ("purchases", "each purchase")])
    spend = forms.MultipleChoiceField(
        label="Spend is the money paid for goods, and",
        choices=list(BASES.items()),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Holds for purchases from then on; what was counted before stays as it is.",
    )
    lasts = _chosen(
        "A tier is held",
        [("days", "for so many days"), ("periods", "for the rest of the period and so many more")],
    )
    lasts_for = _number("So many days or periods", 3_650, least=0)
    grace_days = _number("Days of grace", 366, least=0)
    falls = _chosen(
        "Who does not reach it again",
        [("to_what_is_reached", "goes down to what they reached"), ("one_step", "goes down by one step")],
    )
    never_down = forms.BooleanField(
        label="Nobody ever goes down", required=False, widget=UnfoldBooleanSwitchWidget
    )
    on_return = _chosen(
        "When goods come back",
        [("keep", "a step that was reached stays"), ("take", "the step goes, if nothing else reaches it")],
    )
    when_live = _chosen(
        "Whoever holds more than this gives",
        [("keep", "keeps it until its end"), ("review", "goes down when this begins")],
    )
    live_from = MomentField(label="Holds from", required=False, help_text="Empty: as soon as it is approved.")

    def __init__(
        self,
        *args: Any,
        home: Home,
        tiers: Sequence[Tier],
        today: LadderDefinition | None,
        now: datetime,
        **more: Any,
    ) -> None:
        self.home, self.tiers, self.now = home, tiers, now
        super().__init__(*args, **{"initial": _initial(today), **more})
        asked = {step.tier: step for step in today.steps} if today else {}
        for tier in tiers[1:]:
            step = asked.get(tier.code)
            amount = AmountField(label="Spend", required=False, initial=step and step.threshold_minor)
            amount.in_currency(home.currency)
            self.fields[f"{tier.code}-threshold_minor"] = amount
            points = _number("Points earned", 10**12, initial=step and step.points)
            self.fields[f"{tier.code}-points"] = points
            self.fields[f"{tier.code}-visits"] = _number("Visits", 10**6, initial=step and step.visits)
            needs = _chosen(
                "Needs",
                [("any", "any of these"), ("all", "all of these")],
                initial=step.needs if step else "any",
            )
            self.fields[f"{tier.code}-needs"] = needs

    def plain_fields(self) -> list[forms.BoundField]:
        """What is said of the whole ladder."""
        return [self[name] for name in self.base_fields]

    def step_rows(self) -> list[tuple[Tier, list[forms.BoundField]]]:
        """What each tier asks for, the highest first."""
        parts = ("threshold_minor", "points", "visits", "needs")
        return [(tier, [self[f"{tier.code}-{part}"] for part in parts]) for tier in reversed(self.tiers[1:])]

    def clean_live_from(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["live_from"]
        if at is not None and at < self.now:
            raise forms.ValidationError("What was reached stays reached: choose a moment from now on.")
        return at

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if not self.errors:
            self.definition = self._definition(told)
            if fault := fault_in(self.definition):
                raise forms.ValidationError(fault)
        return told

    def _definition(self, told: dict[str, Any]) -> LadderDefinition:
        lasts = told["lasts_for"]
        if told["lasts"] == "periods":
            held: ForDays | ForPeriods = ForPeriods(following=min(1 if lasts is None else lasts, 5))
        else:
            held = ForDays(days=lasts or 365)
        return LadderDefinition(
            window=_window(told),
            lasts=held,
            spend=Basis(**{part: part in told["spend"] for part in BASES}),
            visits=told["visits"],
            grace_days=told["grace_days"] or 0,
            falls=told["falls"],
            never_down=told["never_down"],
            on_return=told["on_return"],
            when_live=told["when_live"],
            steps=self._steps(told),
        )

    def _steps(self, told: dict[str, Any]) -> list[Demand]:
        """The lowest first; the others by what they ask for. A tier that asks for nothing is left out."""
        steps = [
            Demand(
                tier=tier.code,
                threshold_minor=told[f"{tier.code}-threshold_minor"] or None,
                points=told[f"{tier.code}-points"],
                visits=told[f"{tier.code}-visits"],
                needs=told[f"{tier.code}-needs"],
            )
            for tier in self.tiers[1:]
        ]
        rising = sorted(
            (step for step in steps if any(step.asked)), key=lambda step: [each or 0 for each in step.asked]
        )
        return [Demand(tier=self.tiers[0].code), *rising]


def _window(told: dict[str, Any]) -> Window:
    month = int(told["starts_month"])
    match told["window"]:
        case "days":
            return RollingDays(days=told["length"] or 365)
        case "months":
            return RollingMonths(months=min(told["length"] or 12, 60))
        case "year":
            return CalendarYear(starts_month=month)
        case "quarter":
            return CalendarQuarter(starts_month=month)
    return Anniversary()


def _initial(today: LadderDefinition | None) -> dict[str, Any]:
    if today is None:
        spend = [part for part in BASES if getattr(ALL_PAID, part)]
        return {"length": 365, "lasts_for": 365, "grace_days": 0, "spend": spend, "starts_month": "1"}
    window = today.window.__struct_config__.tag
    held = today.lasts.days if isinstance(today.lasts, ForDays) else today.lasts.following
    return {
        "window": window,
        "length": getattr(today.window, "days", getattr(today.window, "months", None)),
        "starts_month": str(getattr(today.window, "starts_month", 1)),
        "visits": today.visits,
        "spend": [part for part in BASES if getattr(today.spend, part)],
        "lasts": today.lasts.__struct_config__.tag,
        "lasts_for": held,
        "grace_days": today.grace_days,
        "falls": today.falls,
        "never_down": today.never_down,
        "on_return": today.on_return,
        "when_live": "keep",
    }
