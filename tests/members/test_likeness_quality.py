"""How well duplicates are found, on people of whom it is known who they are; and what is learnt from decisions."""

from io import StringIO
from pathlib import Path

import msgspec
import pytest
from django.core.management import CommandError, call_command

from members.rules.likeness import Weights
from members.rules.likeness_learning import Lesson, learn
from members.rules.likeness_quality import Quality, quality_of
from members.rules.likeness_weights import DEFAULT
from members.rules.portraits import portrait

PEOPLE = Path(__file__).with_name("people")


def measured(name: str, *how: str) -> dict[str, list[str]]:
    """Kind of pairs -> what the command prints of them."""
    out = StringIO()
    call_command("check_duplicates", str(PEOPLE / f"{name}_records.csv"), *how, stdout=out)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.getvalue().splitlines()]
    return {row[1]: row[2:] for row in rows}


@pytest.mark.parametrize(("name", "least"), [("febrl_excerpt", 0.97), ("historical_excerpt", 0.85)])
def test_known_people_are_found_again(name: str, least: float) -> None:
    told = measured(name)

    precision, recall, f1 = map(float, told["found"][1:])

    assert f1 >= least
    assert f1 == pytest.approx(2 * precision * recall / (precision + recall), abs=0.001)
    assert float(told["certain"][1]) >= 0.99


def test_without_addresses_fewer_are_found() -> None:
    with_addresses, without = measured("historical_excerpt"), measured("historical_excerpt", "--as-members")

    assert float(without["found"][2]) < float(with_addresses["found"][2])


def test_names_are_as_common_as_they_are_among_the_records() -> None:
    johns = [portrait(given_name="John", family_name="Smith")] * 45
    others = [portrait(phones=[f"+1212555{number:04d}"]) for number in range(955)]
    persons = [str(number) for number in range(1_000)]

    few = quality_of(johns[:2], persons[:2], DEFAULT, most_alike=50)
    many = quality_of(johns + others, persons, DEFAULT, most_alike=50)

    assert few["found"].wrong == 1
    assert many["compared"].wrong == 45 * 44 // 2
    assert many["found"].wrong == 0


def test_records_of_whom_nobody_knows_who_they_are_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="NAME_records"):
        call_command("check_duplicates", str(tmp_path / "people.csv"))
    with pytest.raises(CommandError, match="no file"):
        call_command("check_duplicates", str(tmp_path / "people_records.csv"))


def test_figures_of_quality_are_shares_of_pairs() -> None:
    one = Quality(right=8, wrong=2, all_there_are=16)

    assert (one.precision, one.recall, one.f1) == (0.8, 0.5, pytest.approx(2 * 0.8 * 0.5 / 1.3))


TWINS = ("family:same", "given:other", "birth:same")
TYPED = ("family:same", "given:slip", "birth:same")


def score(findings: tuple[str, ...], weights: Weights) -> float:
    return weights.start + sum(weights.findings[finding] for finding in findings)


def test_a_house_full_of_twins_learns_that_they_are_two() -> None:
    learnt = learn([Lesson(TWINS, same=2, strangers=400), Lesson(TYPED, same=300, strangers=5)], DEFAULT)

    assert score(TWINS, learnt) < 0 < score(TYPED, learnt)
    assert learnt.version == 2
    assert score(TWINS, DEFAULT) > 0


def test_one_decision_moves_little_and_what_was_not_decided_about_stays() -> None:
    learnt = learn([Lesson(TWINS, same=0, strangers=1)], DEFAULT)

    assert score(TWINS, DEFAULT) - 1 < score(TWINS, learnt) < score(TWINS, DEFAULT)
    assert learnt.findings["town:same"] == DEFAULT.findings["town:same"]


def test_weights_are_data_that_can_be_kept_and_read_again() -> None:
    assert msgspec.convert(msgspec.to_builtins(DEFAULT), Weights) == DEFAULT
