"""Answers are kept with the facts of the wallet, and told with the wallet as it is shown."""

import json
from typing import Any

import pytest

from loyalty.models import ProgrammeTerms
from loyalty.queries.wallets import tell_wallet
from loyalty.rules.tiers import Ladder, Step
from loyalty.rules.wallets import Counted, WalletFacts, wallet_answer
from tests.loyalty.conftest import Shop, basket


@pytest.mark.parametrize(
    "kept",
    [
        '{"order":{"ref":"ord_1"},"wallet":null}',
        '{"order":{"ref":"ord_1"},"wallet":{"balance" : 5, "spendable" : 5, "held" : 0, "pending" : 0, "debt" : 0, '
        '"next_expiry" : null, "tier" : {"code":"gold","name":"Gold","until":null,"next":null}}}',
    ],
)
def test_an_answer_that_says_all_in_its_words_is_told_as_it_is(kept: str) -> None:
    assert tell_wallet(kept) == kept


def test_only_the_last_wallet_of_an_answer_is_put_into_words() -> None:
    """What a shop wrote into a purchase stays as it wrote it."""
    facts = {"programme_id": 1, "spendable": 7, "held": 1, "pending": 2, "counted": [None, None, None, 0]}
    kept = '{"order":{"number":",\\"wallet\\":"},"wallet":' + json.dumps(facts) + "}"
    told = json.loads(tell_wallet(kept))
    assert told["order"] == {"number": ',"wallet":'}
    assert told["wallet"]["balance"] == 10
    assert told["wallet"]["tier"] is None


@pytest.mark.django_db
def test_an_old_answer_that_is_told_again_compiles_nothing(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    member = shop.enrol()
    first = basket(1_000, member=member)
    told = shop.commit(first, idempotency_key="first")
    ProgrammeTerms.objects.update(welcome_points=1)
    shop.commit(basket(1_000, member=member))

    with django_assert_num_queries(1):
        again = shop.commit(first, idempotency_key="first")

    assert again.content == told.content


def test_a_programme_without_terms_has_a_wallet_and_no_tier() -> None:
    facts = WalletFacts(programme_id=1, spendable=3, counted=Counted())
    answer = wallet_answer(facts, Ladder(steps=(Step(id=1, code="member", name="Member"),)), None)
    assert (answer.balance, answer.next_expiry, answer.tier) == (3, None, None)
