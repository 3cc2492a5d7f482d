"""Choices and multiples, as people say them."""

from config.ground.words import either, times


def test_names_are_joined_as_a_choice() -> None:
    assert [either(["a"]), either(["a", "b"]), either(["a", "b", "c"])] == ["a", "a or b", "a, b or c"]
    assert either(["a", "b", "c", "d"], named=2) == "a, b or 2 more"


def test_a_multiple_has_its_name_or_its_number() -> None:
    said = [times(percent) for percent in (125, 200, 300, 500, 1000)]

    assert said == ["1.25 times the", "double", "triple", "five times the", "10 times the"]
