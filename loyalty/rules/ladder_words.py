"""A ladder in words that a marketer would use, and how one differs from another."""

from calendar import month_name

from config.ground.amounts import money
from config.ground.words import counted, listed
from loyalty.rules.definition import Basis
from loyalty.rules.ladders import (
    ALL_PAID,
    CalendarQuarter,
    CalendarYear,
    Demand,
    ForDays,
    LadderDefinition,
    LadderTerms,
    RollingDays,
    RollingMonths,
    Window,
)


def words_of_window(window: Window) -> str:
    """What counts, e.g. `in the last 365 days`."""
    match window:
        case RollingDays(days=days):
            return f"in the last {counted(days, 'day')}"
        case RollingMonths(months=months):
            return f"in the last {counted(months, 'month')}"
        case CalendarYear(starts_month=month):
            return "in the calendar year" if month == 1 else f"in the year from 1 {month_name[month]}"
        case CalendarQuarter(starts_month=month):
            begins = "" if month % 3 == 1 else f" (the first from 1 {month_name[month]})"
            return f"in the quarter{begins}"
    return "in the year since the day of enrolment"


def words_of_demand(step: Demand, terms: LadderTerms, currency: str) -> str:
    """What a step asks for: `500.00 USD spent or 12 visits in the calendar year`; everybody stands on the lowest."""
    visit = "day with a purchase" if terms.visits == "days" else "purchase"
    days = f"{step.visits or 0:,} {'days with a purchase' if terms.visits == 'days' else 'purchases'}"
    asked = [
        *([f"{money(step.threshold_minor, currency)} {_spent(terms.spend)}"] if step.threshold_minor else []),
        *([f"{counted(step.points, 'point')} earned"] if step.points else []),
        *([f"1 {visit}" if step.visits == 1 else days] if step.visits else []),
    ]
    if not asked:
        return "everybody"
    joined = " or ".join(asked) if step.needs == "any" else listed(asked)
    return f"{joined} {words_of_window(terms.window)}"


def sentence_of_step(step: Demand, terms: LadderTerms, name: str, currency: str) -> str:
    """`Gold is reached by 1,500.00 USD paid in the calendar year.`"""
    asked = words_of_demand(step, terms, currency)
    return f"Everybody stands on {name}." if asked == "everybody" else f"{name} is reached by {asked}."


def sentence_of_keeping(terms: LadderTerms) -> str:
    """How long a tier is held, and what becomes of it then."""
    if terms.never_down:
        return "A tier once reached is held for ever."
    match terms.lasts:
        case ForDays(days=days):
            held = (
                f"for {counted(days, 'day')}, and as long again from each day on which what counts reaches it"
            )
        case periods:
            period = "quarter" if isinstance(terms.window, CalendarQuarter) else "year"
            held = f"for the rest of the {period}"
            if periods.following:
                held += f" and {counted(periods.following, f'{period} more', f'{period}s more')}"
    grace = f", with {counted(terms.grace_days, 'day')} of grace" if terms.grace_days else ""
    falls = (
        "Who does not reach it again goes down by one step, for as long again."
        if terms.falls == "one_step"
        else "Who does not reach it again goes down to what they reached."
    )
    taken = (
        " A return takes progress back, and the step if nothing else reaches it."
        if terms.on_return == "take"
        else " A return takes progress back; a step that was reached stays."
    )
    return f"A tier is held {held}{grace}. {falls}{taken}"


def sentences_of(ladder: LadderDefinition, names: dict[str, str], currency: str) -> list[str]:
    """The whole ladder, a sentence for each step, the highest first, and how tiers are kept."""
    steps = [
        sentence_of_step(step, ladder.terms, names.get(step.tier, step.tier), currency)
        for step in reversed(ladder.steps)
    ]
    return [*steps, sentence_of_keeping(ladder.terms)]


def ladder_changes(
    old: LadderDefinition | None, new: LadderDefinition, names: dict[str, str], currency: str
) -> list[str]:
    """What the new ladder says otherwise, a line for each; empty if both say the same."""
    asked = {step.tier: words_of_demand(step, old.terms, currency) for step in old.steps} if old else {}
    told = []
    for step in new.steps:
        name, words = names.get(step.tier, step.tier), words_of_demand(step, new.terms, currency)
        if step.tier not in asked:
            told.append(f"New tier {name}: {words}")
        elif asked[step.tier] != words:
            told.append(f"{name}: {asked[step.tier]} → {words}")
    kept = sentence_of_keeping(old.terms) if old else ""
    if kept != sentence_of_keeping(new.terms):
        told.append(f"Kept: {sentence_of_keeping(new.terms)}")
    if old is not None and old.terms.spend != new.terms.spend:
        told.append(f"Counted as spend: {_spent(old.terms.spend)} → {_spent(new.terms.spend)}")
    if new.when_live == "review":
        told.append("Whoever holds more than it gives goes down when it begins.")
    return told


def _spent(basis: Basis) -> str:
    """What counts as spend: `paid`, or what is counted otherwise."""
    if basis == ALL_PAID:
        return "paid"
    words = ["before discounts"] * basis.before_discounts + ["without tax"] * basis.without_tax
    words += ["without shipping"] * (not basis.with_shipping)
    words += ["without gift cards"] * (not basis.with_gift_cards)
    words += ["with what points pay"] * basis.with_points
    return f"spent ({', '.join(words)})"
