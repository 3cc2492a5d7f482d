"""Links on a page of a lower floor that lead to a page of an upper one.

Each floor hangs its own from its admin; the lower page knows only that there are some.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Link:
    """:ivar permission: who may follow it, e.g. `loyalty.view_settlement`.
    :ivar address: where it leads, given the page's row; None: nowhere, and it is not shown.
    """

    title: str
    permission: str
    address: Callable[[Any], str | None]


_links: dict[str, dict[str, Link]] = {}


def add_link(page: str, link: Link) -> None:
    """Hang a link on the pages of a model, e.g. `omnichannel.order`. One of the same title is replaced."""
    _links.setdefault(page, {})[link.title] = link


def links_on(page: str, row: Any, may: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Title and address of the links to follow, for whoever `may` (`user.has_perm`)."""
    hung = [link for link in _links.get(page, {}).values() if may(link.permission)]
    return [(link.title, address) for link in hung if (address := link.address(row)) is not None]
