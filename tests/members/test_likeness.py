"""Likeness: what speaks for two persons being one, in which order, and what is never taken for certain."""

import msgspec
import pytest
from hypothesis import given, strategies as st

from members.rules.likeness import Likeness, compare, likeness, word_alike
from members.rules.likeness_weights import DEFAULT
from members.rules.likeness_words import reasons, words_for
from members.rules.namesakes import NameCounts, expected_bearers
from members.rules.portraits import Portrait, portrait, search_keys

COUNTS = NameCounts({"ada": 10_000, "lovelace": 1_000}, 1_000_000)
ADA = portrait(
    given_name="Ada",
    family_name="Lovelace",
    birth="18151210",
    phones=["+12125550142"],
    emails=["ada.lovelace@example.com"],
)


def like_ada(**changes: object) -> Likeness:
    return likeness(ADA, msgspec.structs.replace(ADA, **changes), DEFAULT)


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("lovelace", "lovelace", "same"),
        ("lovelace", "lovelaec", "slip"),
        ("catherine", "katherine", "slip"),
        ("frederick", "fred", "short"),
        ("a", "ada", "short"),
        ("margaret", "margarethe", "close"),
        ("ada", "eva", "other"),
        ("大明", "小明", "other"),
    ],
)
def test_names_are_the_same_or_a_slip_apart_or_close_or_short_or_others(
    one: str, two: str, alike: str
) -> None:
    assert word_alike(one, two) == word_alike(two, one) == alike


@pytest.mark.parametrize(
    ("one", "two", "finding"),
    [
        ("18151210", "18151210", "birth:same"),
        ("18151210", "18151219", "birth:slip"),
        ("18150412", "18151204", "birth:slip"),
        ("18151210", "18151129", "birth:two_slips"),
        ("18151210", "18150729", "birth:same_year"),
        ("18150101", "18151210", "birth:same_year_only"),
        ("00001210", "18151210", "birth:same_day"),
        ("00001210", "18151211", "birth:other_day"),
        ("18151210", "19771130", "birth:other"),
    ],
)
def test_birth_dates_are_compared_as_people_mistype_them(one: str, two: str, finding: str) -> None:
    assert list(compare(Portrait(birth=one), Portrait(birth=two))) == [finding]


def test_names_the_wrong_way_round_are_seen_as_that() -> None:
    turned = portrait(given_name="Lovelace", family_name="Ada")

    assert list(compare(portrait(given_name="Ada", family_name="Lovelace"), turned)) == ["names:swapped"]


def test_a_name_in_another_script_says_nothing() -> None:
    assert list(compare(portrait(given_name="大明", family_name="王"), ADA)) == []


def test_a_name_in_chinese_is_compared_as_any_other() -> None:
    one, two = portrait(given_name="大明", family_name="王"), portrait(given_name="大明", family_name="王")

    assert list(compare(one, two)) == ["given:same", "family:same"]
    assert search_keys(one) == search_keys(two) != set()


def test_accents_case_titles_and_gaps_make_no_difference() -> None:
    one = portrait(given_name="Dr. René", family_name="DE  LA CRUZ", emails=["r.delacruz+shop@example.com"])
    two = portrait(given_name="rene", family_name="de la Cruz", emails=["rdelacruz@example.com"])

    assert one == two


def test_what_agrees_speaks_for_one_person_and_what_differs_against() -> None:
    nothing_new = like_ada().score

    assert like_ada(phones=("+12125550143",)).score < nothing_new
    assert like_ada(birth="19771130").score < like_ada(birth="18151219").score < nothing_new
    assert like_ada(family="byron", words=("ada", "byron")).score < nothing_new


def test_twins_are_looked_at_and_never_certain() -> None:
    ada = portrait(given_name="Ada", family_name="Lovelace", birth="18151210", phones=["+12125550142"])
    twin = portrait(given_name="Victor", family_name="Lovelace", birth="18151210", phones=["+12125550143"])

    weighed = likeness(ada, twin, DEFAULT)

    assert weighed.score > DEFAULT.certain_from
    assert not weighed.is_certain


def test_names_alone_are_never_certain_and_say_less_the_more_bear_them() -> None:
    name = portrait(given_name="Ada", family_name="Lovelace")
    rare, common = likeness(name, name, DEFAULT), likeness(name, name, DEFAULT, counts=COUNTS)

    assert rare.score > DEFAULT.review_from > common.score
    assert not msgspec.structs.replace(rare, score=9.0).is_certain


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([("ada", "ada"), ("lovelace", "lovelace")], 10),
        ([("ada", "ada"), ("lovelacce", "lovelace")], 10),
        ([("ada", "ada"), ("zuse", "zuse")], 0.02),
        ([("zora", "zora"), ("zuse", "zuse")], 0.000004),
        ([("ada", "ada")], 10_000),
        ([("zora", "zora")], 0),
        ([], 0),
    ],
)
def test_how_many_bear_names_by_chance(names: list[tuple[str, str]], expected: float) -> None:
    assert expected_bearers(names, COUNTS) == pytest.approx(expected)


def test_in_a_small_house_no_name_is_common() -> None:
    family = NameCounts({"ada": 8, "lovelace": 8}, 10)

    assert expected_bearers([("ada", "ada"), ("lovelace", "lovelace")], family) < 0.01


@pytest.mark.parametrize(
    ("given_name", "family_name", "is_told"),
    [
        ("Ada", "Lovelace", True),
        ("Ada", "Lovelacce", True),
        ("A", "Lovelace", True),
        ("Lovelace", "Ada", True),
        ("Eva", "Lovelace", False),
        ("Ada", "", False),
    ],
)
def test_common_names_say_less_also_where_they_are_only_alike(
    given_name: str, family_name: str, is_told: bool
) -> None:
    other = portrait(given_name=given_name, family_name=family_name)

    assert ("namesakes:5" in compare(ADA, other, COUNTS)) == is_told


@pytest.mark.parametrize(
    ("changed", "common"),
    [
        ({"phones": ("+18085550199",), "birth": ""}, "namesakes:5"),
        ({"phones": ("+18085550199",), "birth": "18151219"}, "namesakes:5"),
        ({"phones": ("+18085550199",)}, "namesakes:2"),
        ({"phones": ("+12125550143",), "birth": ""}, None),
        ({"given": "eva", "words": ("eva", "lovelace"), "phones": ("+18085550199",)}, "namesakes:4"),
        ({"given": "eva", "words": ("eva", "lovelace"), "birth": "18151219"}, None),
        ({"family": "byron", "words": ("ada", "byron"), "phones": ("+18085550199",)}, "namesakes:6"),
    ],
)
def test_of_namesakes_few_were_born_the_same_day_and_nobody_has_nearly_the_same_phone(
    changed: dict[str, object], common: str | None
) -> None:
    """10 Ada Lovelaces, 1,000 Lovelaces, 10,000 Adas: by chance one in 22,000 was born the same day as another."""
    ada = msgspec.structs.replace(ADA, mailboxes=())

    told = list(compare(ada, msgspec.structs.replace(ada, **changed), COUNTS))

    assert [finding for finding in told if finding.startswith("namesakes:")] == ([common] if common else [])


def test_names_the_wrong_way_round_are_told_by_themselves_where_few_bear_them() -> None:
    turned = portrait(given_name="Lovelace", family_name="Ada", phones=["+18085550199"])
    one = portrait(given_name="Ada", family_name="Lovelace", phones=["+12125550142"])

    assert likeness(one, turned, DEFAULT).score > DEFAULT.review_from
    assert likeness(one, turned, DEFAULT, counts=COUNTS).score < DEFAULT.review_from


def test_two_ids_that_a_system_made_are_two_customers_and_a_typed_number_may_be_mistyped() -> None:
    one, two = ("shop:1001",), ("shop:1002",)

    assert list(compare(Portrait(ids=one), Portrait(ids=two))) == ["id:other"]
    assert list(compare(Portrait(numbers=one), Portrait(numbers=two))) == ["number:slip"]
    assert list(compare(Portrait(ids=one), Portrait(ids=("till:1001",)))) == []


def test_nobody_has_more_search_keys_than_this() -> None:
    many = range(30)
    given, family, others = (
        " ".join(f"{letter}bcd" for letter in letters) + " and many more"
        for letters in ("abcdefgh", "ijklmnop", "qrstuvwx")
    )
    longest = portrait(
        given_name=given,
        family_name=family,
        other_names=others,
        birth="18151210",
        phones=[f"+12125550{number:03d}" for number in many],
        ids=[f"shop:{number}" for number in many],
        emails=[f"ada{number}@example.com" for number in many],
    )

    words, pairs_of_words, initials, known, begins, halves = 24, 24 * 23 // 2, 24, 3 * 20, 1, 1 + 20
    assert len(search_keys(longest)) == words + pairs_of_words + initials + known + begins + halves


@pytest.mark.parametrize(
    ("family_name", "phone", "is_found"),
    [
        ("Lovekace", "+18085550199", True),
        ("Byron", "+18085550199", False),
        ("Lindqvist", "+12125550143", True),
        ("Lindqvist", "+12125750142", True),
        ("Lindqvist", "+12125750143", False),
        ("Byron", "+12125550143", False),
    ],
)
def test_where_many_bear_the_given_name_a_slip_leaves_another_key(
    family_name: str, phone: str, is_found: bool
) -> None:
    one = portrait(given_name="Ada", family_name="Lovelace", phones=["+12125550142"])
    two = portrait(given_name="Ada", family_name=family_name, phones=[phone])

    shared = search_keys(one) & search_keys(two) - search_keys(portrait(given_name="Ada"))

    assert bool(shared) == is_found


@pytest.mark.parametrize("changed", [{"phones": ("+18085550199",)}, {"birth": "18151211"}, {"birth": ""}])
def test_one_thing_that_differs_leaves_a_key_to_be_found_by(changed: dict[str, object]) -> None:
    assert search_keys(ADA) & search_keys(msgspec.structs.replace(ADA, **changed))


def test_the_loudest_reason_is_told_first_and_in_words() -> None:
    told = reasons(["town:like", "birth:same", "namesakes:3"], DEFAULT)

    assert [words for words, _ in told] == [
        "Birth date: the same",
        "Members with such names by chance: about 1",
        "Town: somewhat alike",
        "Before anything is compared",
    ]
    assert sum(weight for _, weight in told) == pytest.approx(0.5 + 4.1 - 3 - 0.5)


def test_there_are_words_and_a_weight_for_every_finding() -> None:
    for finding in DEFAULT.findings:
        field, _, outcome = finding.partition(":")
        assert not words_for(finding).startswith(field)
        assert "_" not in words_for(finding)
        assert outcome


NAMES = st.text("abcdeäé 大明", max_size=8)
PORTRAITS = st.builds(
    portrait,
    given_name=NAMES,
    family_name=NAMES,
    other_names=NAMES,
    birth=st.sampled_from(["", "19800101", "19800112", "00000112", "19801201"]),
    phones=st.lists(st.sampled_from(["+12125550142", "+12125550143"]), max_size=2),
    emails=st.lists(st.sampled_from(["a.b@example.com", "ab@example.org", "b@example.com"]), max_size=2),
    ids=st.lists(st.sampled_from(["shop:1", "shop:2", "crm:1"]), max_size=2),
    numbers=st.lists(st.sampled_from(["tax:11", "tax:12", "crm:1"]), max_size=2),
    postcode=st.sampled_from(["", "SW1A 1BW", "sw1a1bx", "2430"]),
    town=NAMES,
    streets=st.lists(NAMES, max_size=2),
)


@given(PORTRAITS, PORTRAITS)
def test_it_does_not_matter_who_is_compared_with_whom(one: Portrait, two: Portrait) -> None:
    counts = NameCounts({"a": 500, "b": 90, "大明": 70}, 1_000)

    assert list(compare(one, two, counts)) == list(compare(two, one, counts))
