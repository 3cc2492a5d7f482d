"""The words of a message: Liquid templates over a few named facts, strict and bounded.

Templates run sandboxed: no includes, no loops beyond a bound, an unknown name is refused instead of left out.
The names that exist are those that are settled the moment the offer is granted. There is none for a balance,
a price or a stock: a message can wait in a queue, and those would no longer be true when it is read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from liquid import BoundTemplate, Environment, StrictUndefined
from liquid.exceptions import LiquidError

from campaigns.rules.offers import Offer
from omnichannel.rules.surveys import Asking

NAMES = (
    "member.name",
    "offer.words",
    "offer.category",
    "offer.percent",
    "offer.points",
    "offer.ends_on",
    "programme.name",
)
"""The names a template can use."""
_OF_OFFER = re.compile(r"\boffer\.(?:words|category|percent|points)\b")


class ContentNotUsable(ValueError):  # noqa: N818 - names a state of the world
    """The template does not parse or asks for a name that does not exist; the text says which."""


class _Plain(Environment):
    loop_iteration_limit = 200
    output_stream_limit = 40_000
    local_namespace_limit = 4_000
    context_depth_limit = 10


_PLAIN = _Plain(undefined=StrictUndefined, strict_filters=True, autoescape=False)
_MARKUP = _Plain(undefined=StrictUndefined, strict_filters=True, autoescape=True)
for _environment in (_PLAIN, _MARKUP):
    for _tag in ("include", "render", "tablerow", "increment", "decrement"):
        _environment.tags.pop(_tag, None)


@dataclass(frozen=True, slots=True)
class Content:
    """The templates of one message."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One member's message, ready to be sent."""

    subject: str
    body_text: str
    body_html: str


def letter_for(content: Content, names: Mapping[str, Any]) -> Letter:
    """Write one member's letter. The subject is one line; in the HTML part every value is escaped.

    :raises ContentNotUsable: a template is broken or asks for what is not there.
    """
    subject = _rendered(_PLAIN, content.subject, names)
    return Letter(
        subject=" ".join(subject.split()),
        body_text=_rendered(_PLAIN, content.body, names).strip() + "\n",
        body_html=_page(_rendered(_MARKUP, content.body, names)),
    )


def with_asking(letter: Letter, asking: Asking) -> Letter:
    """The letter with what it asks below it."""
    link = f'<a href="{escape(asking.url)}" style="{_BUTTON}">{escape(asking.words)}</a>'
    return Letter(
        subject=letter.subject,
        body_text=f"{letter.body_text}\n{asking.words}\n{asking.url}\n",
        body_html=f"{letter.body_html.removesuffix(_END_OF_PAGE)}<p>{link}</p>{_END_OF_PAGE}",
    )


def with_way_out(letter: Letter, *, programme_name: str, url: str, choose_at: str) -> Letter:
    """The letter as it goes out by e-mail: below it stands why it came, the link that ends such letters, and the one to
    the page on which the member chooses what comes, and how often."""
    why = f"You get this e-mail because you agreed to hear from {programme_name}."
    choose = f'<a href="{escape(choose_at)}">Choose what you get</a>'
    link = f'{escape(why)} <a href="{escape(url)}">Unsubscribe</a> · {choose}'
    return Letter(
        subject=letter.subject,
        body_text=f"{letter.body_text}\n{why}\nUnsubscribe: {url}\nChoose what you get: {choose_at}\n",
        body_html=letter.body_html.removesuffix(_END_OF_PAGE)
        + f'<p style="font-size: smaller; color: #555">{link}</p>{_END_OF_PAGE}',
    )


def line_for(template: str, names: Mapping[str, Any]) -> str:
    """Write one line (a title) from its template.

    :raises ContentNotUsable: the template is broken or asks for what is not there.
    """
    return " ".join(_rendered(_PLAIN, template, names).split())


def find_name_of_offer(template: str) -> str | None:
    """What a template says of the worth of an offer; None where it says nothing of it.

    >>> find_name_of_offer("We have {{ offer.words }} until {{ offer.ends_on }}"), find_name_of_offer("Hello")
    ('offer.words', None)
    """
    found = _OF_OFFER.search(template)
    return found[0] if found else None


def names_for(*, member_name: str, programme_name: str, offer: Offer, ends_on: str) -> dict[str, Any]:
    """The facts a template can name. `ends_on` is the last day, as it should be read."""
    return {
        "member": {"name": member_name or "dear member"},
        "programme": {"name": programme_name},
        "offer": {
            "words": offer.words,
            "category": offer.category_name,
            "percent": offer.percent,
            "points": offer.points,
            "ends_on": ends_on,
        },
    }


def _rendered(environment: Environment, source: str, names: Mapping[str, Any]) -> str:
    try:
        return _parsed(environment, source).render(**names)
    except LiquidError as broken:
        raise ContentNotUsable(str(broken).partition("\n")[0]) from broken


@lru_cache(maxsize=256)
def _parsed(environment: Environment, source: str) -> BoundTemplate:
    return environment.from_string(source)


_BUTTON = (
    "display: inline-block; padding: 12px 20px; border-radius: 8px; background: #1d4ed8; color: #fff;"
    " text-decoration: none"
)
_END_OF_PAGE = "</body></html>"


def _page(body: str) -> str:
    paragraphs = [part.strip().replace("\n", "<br>") for part in body.split("\n\n") if part.strip()]
    inner = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html><body style="font-family: sans-serif; line-height: 1.5">{inner}{_END_OF_PAGE}'
    )
