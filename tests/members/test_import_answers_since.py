"""Answers of a file beside what happened since: taken away by the member, or written by another import at once."""

from datetime import timedelta

import pytest

from config.ground import clock
from members.models import AttributeValue, ImportedMember
from members.services.import_work import work_on
from members.services.imports import apply_import
from tests.members.factories import NOW, MemberFactory
from tests.members.importing import applied, problems, undone, uploaded, worked_on
from tests.members.test_attributes import declare
from tests.members.test_import_answers import answers, say

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("exports_folder")]
LATER = NOW + timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", ["fill", "overwrite"])
def test_what_a_member_took_away_after_the_file_was_brought_stays_away(known: str) -> None:
    declare("milk", "one_of", allowed=["oat", "soy", "cow"])
    declare("grade")
    ada = MemberFactory(email="ada@example.com")
    say(ada, milk="cow", grade="B")
    say(ada, grade=None)
    batch = uploaded("email,milk,grade\nada@example.com,oat,A\n", known=known)
    batch.uploaded_at = clock.now()  # the database writes by its own clock when an answer went
    batch.save()
    say(ada, milk=None)

    applied(batch)

    assert answers(ada) == {"grade": "A"}


def test_undoing_one_of_two_imports_of_one_run_leaves_the_others_answer() -> None:
    """Both write at the moment at which the run began."""
    declare("milk", "one_of", allowed=["oat", "soy", "cow"])
    ada = MemberFactory(email="ada@example.com")
    one = uploaded("email,milk\nada@example.com,oat\n", known="overwrite")
    other = uploaded("email,milk\nada@example.com,soy\n", known="overwrite")
    for batch in (one, other):
        apply_import(batch.pk, actor="staff:2", now=NOW)
    work_on(now=NOW, may_go_on=lambda: True)
    assert set(ImportedMember.objects.values_list("recorded_at", flat=True)) == {NOW}
    assert answers(ada) == {"milk": "soy"}

    assert undone(worked_on(one), LATER).undone_counts == {"stays": 1}
    assert answers(ada) == {"milk": "soy"}
    assert undone(worked_on(other), LATER).undone_counts == {"back": 1}
    assert answers(ada) == {"milk": "oat"}


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("a|b", ["a|b"]),
        ("A|B, c", ["a|b", "c"]),
        ("c ; a|b", ["c", "a|b"]),
        ("c|d", ["c", "d"]),
        ("c | D", ["c", "d"]),
        ('"[""a|b"", ""d""]"', ["a|b", "d"]),
    ],
)
def test_a_choice_may_hold_a_bar_and_bars_may_stand_between_choices(cell: str, said: list[str]) -> None:
    declare("teas", "many_of", allowed=["a|b", "c", "d"])

    quoted = cell if cell.startswith('"') else f'"{cell}"'
    batch = uploaded(f"email,teas\neve@example.com,{quoted}\nmax@example.com,a|x\n")

    assert problems(batch)[3] == [["attribute:teas", "Teas is chosen from: a|b, c, d."]]
    applied(batch)
    assert [value.choices for value in AttributeValue.objects.all()] == [said]
