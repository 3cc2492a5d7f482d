"""Offers, letters and verdicts: pure decisions."""

import pytest

from campaigns.rules.content import NAMES, Content, ContentNotUsable, letter_for, line_for, names_for
from campaigns.rules.offers import CategoryPoints, ExtraPoints, FavouriteCategoryPoints, Offer, offer_for
from campaigns.rules.verdicts import REASONS, Candidate, verdict_for

TEA = Offer(words="triple points on Tea", category="tea", category_name="Tea", percent=300)
FACTS = names_for(member_name="Ada", programme_name="Corner Shop", offer=TEA, ends_on="26 November 2026")


def test_the_favourite_is_the_most_liked_that_is_not_left_out():
    template = FavouriteCategoryPoints(percent=300, except_categories=["fuel"])

    assert offer_for(template, ["fuel", "tea", "rice"], {"tea": "Tea"}, "USD") == TEA
    assert offer_for(template, ["fuel"], {}, "USD") is None
    assert offer_for(template, [], {}, "USD") is None


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (CategoryPoints(percent=200, category="tea"), "double points on tea"),
        (CategoryPoints(percent=150, category="tea"), "1.5 times the points on tea"),
        (ExtraPoints(points=500), "500 extra points"),
        (ExtraPoints(points=500, minimum_minor=2_000), "500 extra points on a purchase of 20.00 USD or more"),
    ],
)
def test_an_offer_says_itself(template: CategoryPoints | ExtraPoints, words: str):
    offer = offer_for(template, [], {}, "USD")
    assert offer is not None
    assert offer.words == words


def test_values_are_escaped_in_html_and_left_alone_in_text():
    facts = names_for(member_name="<b>Ada</b>", programme_name="A & B", offer=TEA, ends_on="")

    letter = letter_for(Content(subject="{{ member.name }}", body="Hello {{ member.name }}"), facts)

    assert letter.body_text == "Hello <b>Ada</b>\n"
    assert "<p>Hello &lt;b&gt;Ada&lt;/b&gt;</p>" in letter.body_html


def test_a_subject_is_one_line():
    letter = letter_for(Content(subject="a\r\nBcc: x@example.com", body="b"), FACTS)
    assert letter.subject == "a Bcc: x@example.com"


@pytest.mark.parametrize("name", NAMES)
def test_each_name_that_is_promised_exists(name: str):
    assert line_for("{{ " + name + " }}", FACTS)


@pytest.mark.parametrize(
    "template",
    [
        "{{ member.balance }}",
        "{{ product.price }}",
        "{{ stock }}",
        "{% include 'secret' %}",
        "{{ member.name | unknown }}",
        "{% for i in (1..100000) %}x{% endfor %}",
        "{{ member.name",
    ],
)
def test_what_may_no_longer_be_true_or_is_not_ours_cannot_be_written(template: str):
    """Never 30: there is no name for a balance, a price or a stock."""
    with pytest.raises(ContentNotUsable):
        line_for(template, FACTS)


@pytest.mark.parametrize(
    ("state", "has_offer", "consents", "addresses", "reason"),
    [
        ("active", True, {"email", "inbox"}, {"email", "inbox"}, "sent"),
        ("active", True, {"inbox"}, {"email", "inbox"}, "sent"),
        ("active", True, {"email"}, {"inbox"}, "address_missing"),
        ("active", True, set(), {"email", "inbox"}, "consent_missing"),
        ("active", False, {"email"}, {"email"}, "no_favourite_known"),
        ("merged", True, {"email"}, {"email"}, "member_merged"),
        ("erased", False, set(), set(), "member_erased"),
    ],
)
def test_verdicts(state: str, has_offer: bool, consents: set[str], addresses: set[str], reason: str):
    candidate = Candidate(1, "mem_1", "Ada", state, frozenset(consents), frozenset(addresses))

    verdict = verdict_for(candidate, ["email", "inbox"], has_offer=has_offer)

    assert verdict.reason == reason
    assert (verdict.verdict == "sent") == (reason == "sent")
    assert {verdict.reason, *verdict.channels.values()} <= set(REASONS)
