"""The words that forms can suggest: what is there to choose from."""

from campaigns.models import MemberCategory
from config.ground.amounts import decimals
from loyalty.models import Tier
from members.queries.attributes import list_possible_answers
from omnichannel.models import Category, Programme

MOST_WORDS = 300


def list_words() -> dict[str, list[str]]:
    """Tier codes, category codes, departments and answers that exist, each at most `MOST_WORDS`."""
    tiers = Tier.objects.order_by("rank").values_list("code", flat=True)
    categories = Category.objects.order_by("code").values_list("code", flat=True)[:MOST_WORDS]
    bought = MemberCategory.objects.exclude(department="").order_by("department")
    return {
        "tiers": list(dict.fromkeys(tiers)),
        "categories": list(categories),
        "answers": list_possible_answers()[:MOST_WORDS],
        "departments": list(bought.values_list("department", flat=True).distinct()[:MOST_WORDS]),
    }


def list_programme_decimals() -> dict[str, dict[str, str | int]]:
    """Currency and its decimals for each programme, by id as text."""
    return {
        str(pk): {"currency": currency, "decimals": decimals(currency)}
        for pk, currency in Programme.objects.values_list("pk", "currency")
    }
