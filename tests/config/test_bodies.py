"""What a body may be, and how exactly a door says what is wrong with it."""

import json
from contextlib import suppress
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, strategies as st

from config.ground.api.bodies import (
    BIGINT_MAX,
    BIGINT_MIN,
    Body,
    MalformedJson,
    decode,
    decode_query,
    pointer_of,
)
from config.ground.refusals import InvalidInput, Refusal
from tests.config.doors import BasketBody, RunParams


def refused(raw: bytes) -> tuple[int, str, str]:
    """Status, pointer and code with which a basket is refused."""
    with pytest.raises(Refusal) as caught:
        decode(raw, BasketBody)
    errors = caught.value.facts.get("errors", [{"pointer": "", "code": caught.value.code}])
    return caught.value.status, errors[0]["pointer"], errors[0]["code"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", (400, "", "malformed_json")),
        (b"{", (400, "", "malformed_json")),
        (b'{"name": "a"} x', (400, "", "malformed_json")),
        (b'{"name": "a\xff"}', (400, "", "malformed_json")),
        (b'{"name": "\\ud800"}', (400, "", "malformed_json")),
        (b'{"name": "a", "facts": {"a": NaN}}', (400, "", "malformed_json")),
        (b'{"name": "a", "facts": ' + b'{"a": ' * 100_000, (422, "/facts", "wrong_type")),
        (b"[]", (422, "", "wrong_type")),
        (b"{}", (422, "/name", "missing")),
        (b'{"name": null}', (422, "/name", "wrong_type")),
        (b'{"name": 1}', (422, "/name", "wrong_type")),
        (b'{"name": "a", "nmae": 1}', (422, "/nmae", "unknown_field")),
        (b'{"name": "a", "a/b~c": 1}', (422, "/a~1b~0c", "unknown_field")),
        (b'{"name": "a", "lines": [{"sku": "x"}, {"sku": ""}]}', (422, "/lines/1/sku", "out_of_range")),
        (
            b'{"name": "a", "lines": [{"sku": "x", "quantity": 0}]}',
            (422, "/lines/0/quantity", "out_of_range"),
        ),
        (b'{"name": "a", "lines": [{"sku": "x", "qty": 1}]}', (422, "/lines/0/qty", "unknown_field")),
        (
            b'{"name": "a", "lines": [{"sku": "x", "quantity": 1.5}]}',
            (422, "/lines/0/quantity", "wrong_type"),
        ),
        (b'{"name": "a", "lines": [{"quantity": 1}]}', (422, "/lines/0/sku", "missing")),
        (b'{"name": "a", "name": "b"}', (422, "/name", "given_twice")),
        (b'{"name": "a", "facts": {"x": 99999999999999999999}}', (422, "", "out_of_range")),
        (b'{"name": "a", "on": "0001-01-01"}', (422, "/on", "out_of_range")),
        (b'{"name": "a", "on": "9999-12-31"}', (422, "/on", "out_of_range")),
        (b'{"name": "a", "on": "\\u0030001-01-01"}', (422, "/on", "out_of_range")),
        (
            b'{"name": "a", "lines": [{"sku": "x", "at": "1799-12-31T23:59:59Z"}]}',
            (422, "/lines/0/at", "out_of_range"),
        ),
        (b'{"name": "a", "facts": {"x": ' + b"9" * 5000 + b"}}", (422, "/facts", "out_of_range")),
        (b'{"name": "a\\u0000"}', (422, "/name", "wrong_format")),
        (b'{"name": "a", "facts": {"x\\u0000": 1}}', (422, "/facts", "wrong_format")),
    ],
)
def test_a_body_that_does_not_fit_is_refused_where_it_does_not(
    raw: bytes, expected: tuple[int, str, str]
) -> None:
    assert refused(raw) == expected


def test_a_body_nested_without_end_is_refused() -> None:
    for opening in (b"[", b'{"a":'):
        with pytest.raises(MalformedJson, match="nested too deeply"):
            decode(opening * 100_000, object)


def test_an_escaped_backslash_before_u0000_is_plain_text() -> None:
    assert decode(b'{"name": "\\\\u0000"}', BasketBody).name == "\\u0000"


@pytest.mark.parametrize("number", [BIGINT_MIN, BIGINT_MAX, 0])
def test_numbers_are_taken_up_to_64_bits(number: int) -> None:
    raw = json.dumps({"name": "a", "facts": {"x": number}}).encode()

    assert decode(raw, BasketBody).facts == {"x": number}


@pytest.mark.parametrize("number", [BIGINT_MIN - 1, BIGINT_MAX + 1])
def test_numbers_beyond_64_bits_are_refused(number: int) -> None:
    assert refused(json.dumps({"name": "a", "facts": {"x": number}}).encode()) == (422, "", "out_of_range")


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
baskets = st.builds(
    BasketBody,
    name=texts,
    facts=st.dictionaries(texts, st.integers(BIGINT_MIN, BIGINT_MAX), max_size=3),
)


@given(baskets)
def test_whatever_we_write_we_can_read(basket: BasketBody) -> None:
    assert decode(msgspec.json.encode(basket), BasketBody) == basket


@given(st.binary(max_size=60) | texts.map(str.encode) | st.just(b'{"name": "a"}'))
def test_any_bytes_are_a_basket_or_a_refusal(raw: bytes) -> None:
    with suppress(MalformedJson, InvalidInput):
        assert isinstance(decode(raw, BasketBody), BasketBody)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_a_basket_or_a_refusal(value: Any) -> None:
    with suppress(MalformedJson, InvalidInput):
        decode(json.dumps(value).encode(), BasketBody)


@given(st.lists(st.from_regex(r"[a-z_]{1,8}", fullmatch=True) | st.integers(0, 99), min_size=1, max_size=5))
def test_a_path_of_msgspec_becomes_a_pointer(steps: list[str | int]) -> None:
    path = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)

    assert pointer_of(path) == "".join(f"/{step}" for step in steps)


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("limit=0", "limit", "out_of_range"),
        ("limit=201", "limit", "out_of_range"),
        ("limit=ten", "limit", "wrong_type"),
        ("limit=1&limit=2", "limit", "given_twice"),
        ("lmit=1", "lmit", "unknown_field"),
        ("name=a%00b", "name", "wrong_format"),
        ("at_least=9223372036854775808", "at_least", "out_of_range"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(query: str, name: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_query(query, RunParams)

    [error] = caught.value.facts["errors"]
    assert (error["pointer"], error["code"], error["in"]) == (f"/{name}", code, "query")


@pytest.mark.parametrize("query", ["name=%ff", "&".join(f"x{i}=1" for i in range(101))])
def test_a_query_that_cannot_be_read_is_refused(query: str) -> None:
    with pytest.raises(InvalidInput):
        decode_query(query, RunParams)


def test_a_door_without_parameters_takes_none() -> None:
    assert decode_query("", None) is None
    with pytest.raises(InvalidInput):
        decode_query("page=2", None)


def test_parameters_are_read_as_what_they_are() -> None:
    params = decode_query("limit=7&name=caf%C3%A9&at_least=-3", RunParams)

    assert params == RunParams(limit=7, name="café", at_least=-3)


def test_the_word_null_is_no_value_of_a_parameter() -> None:
    class Params(Body, frozen=True, kw_only=True):
        reach: Literal["now", "near"] | None = None
        called: str | None = None

    assert decode_query("called=null", Params) == Params(called="null")
    with pytest.raises(InvalidInput) as refused:
        decode_query("reach=null", Params)
    assert refused.value.facts["errors"][0]["pointer"] == "/reach"
