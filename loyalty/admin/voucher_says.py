"""What a series says in words, and what it would do to an example basket."""

from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, JsonResponse

from config.ground.amounts import money
from loyalty.admin.voucher_form import OF_SERIES, SeriesForm
from loyalty.queries.vocabulary import Home, find_home, list_names
from loyalty.rules.basket import Line
from loyalty.rules.condition_words import Manner
from loyalty.rules.conditions import Spends
from loyalty.rules.voucher_cuts import cuts_of, positions_of
from loyalty.rules.voucher_words import sentences_of_series, with_names_of
from loyalty.rules.vouchers import FreeShipping, GiftCard, VoucherDefinition, compile_series

EXAMPLE_MINOR = 5_000


def said_of_series(definition: VoucherDefinition, home: Home) -> list[str]:
    """Its sentences, with the names of the programme's tiers, places and segments, and an example."""
    names = list_names([home.id])[home.id]
    manner = Manner(currency=home.currency, zone=ZoneInfo(home.timezone))
    named = with_names_of(definition, tiers=names.tiers, places=names.places, labels=names.labels)
    return [*sentences_of_series(named, manner), example_of(definition, manner)]


def example_of(definition: VoucherDefinition, manner: Manner) -> str:
    """Two lines that it is about, and what it does to them."""
    least = max((each.minimum_minor for each in definition.conditions if isinstance(each, Spends)), default=0)
    each = max(EXAMPLE_MINOR, least) // 2
    gives = definition.gives
    scope = None if isinstance(gives, FreeShipping | GiftCard) else gives.scope
    line = Line(
        sku=next(iter(scope.skus if scope else []), "A"),
        category=next(iter(scope.categories if scope else []), ""),
        department=next(iter(scope.departments if scope else []), ""),
        brand=next(iter(scope.brands if scope else []), ""),
        quantity=1,
        unit_price_minor=each,
        kind="shipping" if isinstance(gives, FreeShipping) else "goods",
    )
    basket, total = f"Two of {money(each, manner.currency)}", 2 * each
    if isinstance(gives, GiftCard):
        paid = min(gives.minor, total)
        return f"Example: {basket}: the card pays {money(paid, manner.currency)}."
    series = compile_series(0, "", "", definition, manner)
    lines, nets = [line, line], [each, each]
    off = sum(cuts_of(series, lines, positions_of(series, lines), nets=nets, left=nets))
    return (
        f"Example: {basket}: {money(off, manner.currency)} off, {money(total - off, manner.currency)} to pay."
    )


def say_series(request: HttpRequest, programme_id: int) -> JsonResponse:
    """The sentences of a series that is being written, or what is still to be said."""
    home = find_home(programme_id)
    if home is None or request.method != "POST":
        raise Http404
    form = type("SeriesFormOfHome", (SeriesForm,), {"home": home})(request.POST)
    form.full_clean()
    if "definition" not in form.cleaned_data:
        problems = [words for name, said in form.errors.items() if name in OF_SERIES for words in said]
        return JsonResponse({"problem": problems[0] if problems else "Not finished yet."})
    return JsonResponse({"sentence": " ".join(said_of_series(form.cleaned_data["definition"], home))})
