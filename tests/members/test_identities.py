"""Normal forms: one for each identity, and a reason for each that cannot be."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from members.errors import IdentityNotValid
from members.rules.identities import normalise
from tests.members.factories import fictional_phone


@pytest.mark.parametrize(
    ("text", "region", "normal"),
    [
        ("+886912345678", "", "+886912345678"),
        ("+886 912-345-678", "US", "+886912345678"),
        ("0912 345 678", "TW", "+886912345678"),
        ("tel:+886-912-345-678", "", "+886912345678"),
        ("(212) 555-0142", "US", "+12125550142"),
        ("1 212 555 0142", "US", "+12125550142"),
        ("００１ 212 555 0142", "JP", None),
        ("+39 06 6982 1234", "", "+390669821234"),
        ("۰۹۱۲ ۳۴۵ ۶۷۸۹", "IR", "+989123456789"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+49 1512 3456789", "US", "+4915123456789"),
    ],
)
def test_phones_become_e164(text: str, region: str, normal: str | None) -> None:
    if normal is None:
        with pytest.raises(IdentityNotValid):
            normalise("phone", text, region=region)
    else:
        assert normalise("phone", text, region=region) == normal


EXAMPLES = list(csv.DictReader(Path(__file__).with_name("phones.csv").read_text().splitlines()[1:]))
"""Below a line that says where they come from: text, the region it was dialled in, and E.164 or nothing."""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["text"])
def test_examples_from_all_over_the_world_are_read_as_their_countries_mean_them(
    example: dict[str, str],
) -> None:
    if example["e164"]:
        assert normalise("phone", example["text"], region=example["region"]) == example["e164"]
    else:
        with pytest.raises(IdentityNotValid) as refusal:
            normalise("phone", example["text"], region=example["region"])
        assert refusal.value.facts["reason"] in {"too_short", "too_long", "no_such_number"}


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("phone", "", "empty"),
        ("phone", "   ", "empty"),
        ("phone", "0912 345 678", "no_country"),
        ("phone", "+999 123 456", "no_country"),
        ("phone", "call me", "not_a_number"),
        ("phone", "+886912", "too_short"),
        ("phone", "+1 212 555 014", "too_short"),
        ("phone", "+1 212 555 01422222", "too_long"),
        ("phone", "+1 000 555 0142", "no_such_number"),
        ("phone", "+1 212 555 0142 ext. 7", "has_extension"),
        ("email", "ada", "not_an_address"),
        ("email", "ada@", "not_an_address"),
        ("email", "@example.com", "not_an_address"),
        ("email", "ada@localhost", "not_an_address"),
        ("email", "ada lovelace@example.com", "not_an_address"),
        ("email", "ada..l@example.com", "not_an_address"),
        ("email", "ada@example.com.", "not_an_address"),
        ("email", "ada@ex_ample.com", "not_an_address"),
        ("email", "a" * 65 + "@example.com", "not_an_address"),
        ("card", "123", "not_a_card"),
        ("card", "12#4", "not_a_card"),
        ("card", "1" * 33, "not_a_card"),
        ("card", "2912345678902", "wrong_check_digit"),
        ("external", "4711", "not_an_id"),
        ("external", "webshop:", "not_an_id"),
        ("external", "web shop:1", "not_an_id"),
        ("email", "a\x00@example.com", "not_an_id"),
    ],
)
def test_what_nobody_can_have_is_refused_with_a_reason(kind: str, text: str, reason: str) -> None:
    with pytest.raises(IdentityNotValid) as refusal:
        normalise(kind, text, pointer=f"/{kind}")

    assert refusal.value.facts["reason"] == reason
    assert refusal.value.pointer == f"/{kind}"


@pytest.mark.parametrize(
    ("kind", "text", "normal"),
    [
        ("email", " Ada.Lovelace+News@Example.COM ", "ada.lovelace+news@example.com"),
        ("email", "info@Bücher.example", "info@xn--bcher-kva.example"),
        ("email", "王@example.com", "王@example.com"),
        ("card", "29-1234 5678 903", None),
        ("card", "ab-12 cd", "AB12CD"),
        ("external", "WebShop:AbC/7", "webshop:AbC/7"),
    ],
)
def test_other_identities_have_one_normal_form(kind: str, text: str, normal: str | None) -> None:
    if normal is None:
        with pytest.raises(IdentityNotValid):
            normalise(kind, text)
    else:
        assert normalise(kind, text) == normal


@given(st.integers(0, 719), st.sampled_from([" ", "-", ".", ""]))
def test_however_a_phone_is_spaced_it_is_the_same(number: int, gap: str) -> None:
    plain = fictional_phone(number)
    spaced = gap.join([plain[:2], plain[2:5], plain[5:8], plain[8:]])

    assert normalise("phone", spaced) == plain


@given(st.sampled_from(["phone", "email", "card", "external"]), st.text(max_size=40))
def test_a_normal_form_is_its_own_normal_form(kind: str, text: str) -> None:
    try:
        normal = normalise(kind, text, region="US")
    except IdentityNotValid:
        return
    assert normalise(kind, normal, region="TW") == normal
