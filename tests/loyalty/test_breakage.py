"""The forecast of breakage, by hand: what is expected, and how wrong it was."""

from datetime import date

import pytest
from hypothesis import given, strategies as st

from loyalty.rules.books import month_after
from loyalty.rules.breakage import FinalCheck, breakage_of
from loyalty.rules.cohorts import Move, cohorts_of, life_months

UNTIL = date(2026, 5, 1)
JAN, FEB, MAR, APR = (date(2026, month, 1) for month in range(1, 5))

SEEN: list[Move] = [
    (JAN, JAN, "earn", 1_000),
    (JAN, FEB, "spend", -200),
    (JAN, MAR, "expire", -400),
    (FEB, FEB, "earn", 500),
    (FEB, FEB, "bonus", 500),
    (FEB, MAR, "spend", -400),
    (FEB, APR, "expire", -300),
    (MAR, MAR, "earn", 1_000),
]


def test_a_cohort_is_followed_by_age() -> None:
    january, february, march = cohorts_of(SEEN, until=UNTIL)

    assert [(age.issued, age.spent, age.broken) for age in january.ages] == [
        (1_000, 0, 0),
        (0, 200, 0),
        (0, 0, 400),
        (0, 0, 0),
    ]
    assert (january.left, february.left, march.left) == (400, 300, 1_000)


def test_a_cohort_goes_the_way_of_those_before_it() -> None:
    """Age 1: 600 of 3,000 spent (20 %). Age 2: 700 of 1,400 ran out (50 %). Age 3: nothing of 400."""
    march = breakage_of(SEEN, until=UNTIL, life_months=None).cohorts[2]

    # March is two months old: 50 % of its 1,000 run out at age 2, nothing at age 3; later the pooled share.
    pooled = 700 / (3_000 + 1_400 + 400)
    assert march.forecast_by_age[:3] == [500, 500, round(500 + 500 * pooled)]


def test_what_lives_so_many_days_ends_with_them() -> None:
    told = breakage_of(SEEN, until=UNTIL, life_months=4)

    january, february, march = told.cohorts
    assert (january.expected_points, february.expected_points, march.expected_points) == (400, 300, 1_000)
    assert [one.points for one in told.coming][:4] == [400 + 0 + 500, 300, 500, 0]


def test_the_past_is_forecast_from_what_was_known_then() -> None:
    checks = breakage_of(SEEN, until=UNTIL, life_months=None).checks

    # At the end of February nothing had run out yet; at the end of March 400 of January's 800 had.
    assert [
        (one.month, one.expected_points, one.broken_points) for one in checks if one.months_ahead == 1
    ] == [
        (MAR, 0, 400),
        (APR, round(600 * 0.5) + round(400 * 400 / (2_000 + 800)), 300),
    ]


def test_what_a_month_came_to_in_the_end_is_measured_once_nothing_is_left_of_it() -> None:
    """At the end of February a fifth of January's points had been spent at age 1, and nothing had run out.

    So a fifth of February's 1,000 was expected to be spent at ages 1 and 2 each, and the rest to run out with its life.
    """
    ended = [*SEEN[:-1], (FEB, APR, "spend", -300)]
    told = breakage_of(ended, until=UNTIL, life_months=3)

    assert told.final_checks == [
        FinalCheck(month=FEB, months_old=1, kept_points=1_000, expected_share_bp=6_400, share_bp=3_000)
    ]
    assert told.final_error_bp == {1: 3_400}


def test_months_that_still_have_points_are_not_measured_to_their_end() -> None:
    assert breakage_of(SEEN, until=UNTIL, life_months=None).final_checks == []


def test_what_is_taken_back_is_no_breakage() -> None:
    taken = [*SEEN, (MAR, MAR, "reverse_earn", -1_000)]

    march = breakage_of(taken, until=UNTIL, life_months=None).cohorts[2]

    assert (march.left_points, march.other_points, march.expected_points) == (0, 1_000, 0)


def test_points_that_live_for_ever_never_run_out() -> None:
    told = breakage_of([(JAN, JAN, "earn", 100), (JAN, FEB, "spend", -10)], until=UNTIL, life_months=None)

    assert (told.expected_points, told.error_bp) == (0, {})


@pytest.mark.parametrize(
    ("kind", "days", "months"),
    [
        ("rolling", 365, 13),
        ("year", 0, 12),
        ("month", 60, 3),
        ("rolling", None, None),
        ("inactivity", 90, None),
    ],
)
def test_the_life_of_points_in_months(kind: str, days: int | None, months: int | None) -> None:
    assert life_months(kind, days) == months


@given(
    moves=st.lists(
        st.tuples(
            st.integers(0, 9),
            st.integers(0, 9),
            st.sampled_from(
                ["earn", "spend", "expire", "reverse_earn", "reverse_spend", "adjust", "transfer_in"]
            ),
            st.integers(-500, 500),
        ),
        max_size=30,
    ),
    life=st.sampled_from([None, 3, 12]),
)
def test_no_more_is_expected_than_there_is(moves: list[tuple[int, int, str, int]], life: int | None) -> None:
    months = [date(2026, 1, 1)]
    for _ in range(10):
        months.append(month_after(months[-1]))

    told = breakage_of(
        [(months[born], months[moved], kind, points) for born, moved, kind, points in moves],
        until=months[10],
        life_months=life,
    )

    for one in told.cohorts:
        assert 0 <= one.expected_points <= max(one.left_points, 0)
        assert one.issued_points - one.spent_points - one.broken_points - one.other_points == one.left_points
