"""The quick search (Ctrl K): rows of the pages that people look things up on, found as those pages would find them."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from unfold.dataclasses import SearchResult

SEARCHED = {
    "members.member": "person",
    "omnichannel.order": "receipt_long",
    "omnichannel.product": "shopping_basket",
    "omnichannel.place": "storefront",
    "campaigns.campaign": "campaign",
    "loyalty.rule": "rule",
    "staff.staff": "badge",
}
"""model -> sign. Each page's own `search_fields` or `get_search_results` decides what is found; its `search_title`, if
it has one, how a row is called."""

ENOUGH_LETTERS = 3
ROWS_PER_PAGE = 6


def find_rows(request: HttpRequest, term: str) -> list[SearchResult]:
    """At most six rows of each page that the person may see; none for fewer than three letters, to spare the tables."""
    from config.staff.site import site  # noqa: PLC0415 - the site is made after the settings name this function

    if len(term.strip()) < ENOUGH_LETTERS:
        return []
    pages = {model._meta.label_lower: page for model, page in site._registry.items()}
    results = []
    for label, sign in SEARCHED.items():
        page = pages.get(label)
        if page is None or not page.has_view_permission(request):
            continue
        rows, _ = page.get_search_results(request, page.get_queryset(request), term.strip())
        address = f"admin:{page.opts.app_label}_{page.opts.model_name}_change"
        name = capfirst(page.opts.verbose_name)
        title_of = getattr(page, "search_title", str)
        results += [
            SearchResult(
                title=title_of(row), description=name, link=reverse(address, args=[row.pk]), icon=sign
            )
            for row in rows[:ROWS_PER_PAGE]
        ]
    return results
