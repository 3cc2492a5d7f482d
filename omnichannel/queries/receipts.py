"""Questions about receipts: which purchase a number stands for."""

from omnichannel.models import Place, Receipt

MOST_PURCHASES = 200
"""A number is unique in its till alone, so `0042` may be many purchases."""


def list_order_refs(number: str) -> list[str]:
    """The refs of the purchases with this number, in any store, claimed or not.

    Asked store by store, for the directory is kept in the order of stores: an index look-up for each, no scan.
    """
    receipts = Receipt.objects.filter(place__in=Place.objects.all(), number=number)
    return list(receipts.values_list("order_ref", flat=True)[:MOST_PURCHASES])
