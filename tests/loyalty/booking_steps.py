"""Steps of the ledger's state machine that keep the books: sum days, close months, find closed ones as they were."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db.models import F, Sum
from hypothesis.stateful import invariant, rule

from loyalty.errors import MonthCannotClose
from loyalty.models import PointCost, Wallet
from loyalty.queries.closing import preview_close
from loyalty.rules.books import BookDay, Posting, month_after
from loyalty.services.books import keep_books
from loyalty.services.closing import ask_to_close
from loyalty.services.seals import seal_closed_days
from tests.loyalty.bookkeeping import books_of, home_of

Month = tuple[list[BookDay], list[Posting]]


class BookSteps:
    """The shop's books begin with its oldest entry; a month is closed whenever nothing is missing."""

    shop: Any
    book_expiry: Callable[[], None]

    @rule()
    def keep_books(self) -> None:
        """All that is outstanding in the books is in the wallets."""
        now = datetime.now(UTC)
        seal_closed_days(now=now)
        keep_books(now=now)
        books = books_of(self.shop)
        if books.span is not None:
            wallets = Wallet.objects.aggregate(points=Sum(F("balance") + F("debt")), debt=Sum("debt"))
            (last,) = books.days(books.span[1], books.span[1] + date.resolution)
            assert (last.closing_points, last.debt_points) == (wallets["points"], wallets["debt"])

    @rule()
    def close_month(self) -> None:
        now, home = datetime.now(UTC), home_of(self.shop)
        PointCost.objects.get_or_create(
            programme_id=home.id, from_on=date(2025, 1, 1), defaults={"per_points": 7, "cost_minor": 3}
        )
        self.book_expiry()
        self.keep_books()
        month = books_of(self.shop).next_to_close
        if month is None:
            return
        if preview_close(home, month, now=now).missing:
            with pytest.raises(MonthCannotClose):
                ask_to_close(home, month, by="test", now=now)
        else:
            ask_to_close(home, month, by="test", now=now)
            self.closed = {**getattr(self, "closed", {}), month: self._told(month)}

    @invariant()
    def closed_months_stay(self) -> None:
        for month, told in getattr(self, "closed", {}).items():
            assert self._told(month) == told

    def _told(self, month: date) -> Month:
        books = books_of(self.shop)
        return books.days(month, month_after(month)), books.journal(month)
