"""What belongs to a wallet is found by the wallet, however many others there are."""

from django.apps import apps
from django.db.models import Index, Model, UniqueConstraint

NOT_ASKED_BY_WALLET = {
    "Correction": "few, for they are made by hand",
    "Redemption": "found by member and reward",
    "Reversal": "found by order and return",
    "Settlement": "found by order",
}
"""Tables that nobody reads by wallet, and what they are read by."""
ONLY_OPEN_ONES = {"Lot", "Hold", "HoldShare"}
"""By wallet those alone are read that still count: their indexes leave out the rest."""


def _is_by_wallet(kept: object, *, partly: bool) -> bool:
    if not isinstance(kept, Index | UniqueConstraint) or list(kept.fields[:1]) != ["wallet"]:
        return False
    return partly or kept.condition is None


def _owned() -> list[type[Model]]:
    models = apps.get_app_config("loyalty").get_models()
    return [model for model in models if "wallet" in {field.name for field in model._meta.fields}]


def test_whatever_a_wallet_owns_has_a_whole_index_that_begins_with_it() -> None:
    missing = [
        model.__name__
        for model in _owned()
        if model.__name__ not in NOT_ASKED_BY_WALLET
        and not model._meta.get_field("wallet").db_index
        and not any(
            _is_by_wallet(kept, partly=model.__name__ in ONLY_OPEN_ONES)
            for kept in [*model._meta.indexes, *model._meta.constraints]
        )
    ]
    assert missing == []


def test_the_exceptions_are_tables_that_wallets_own() -> None:
    names = {model.__name__ for model in _owned()}
    assert NOT_ASKED_BY_WALLET.keys() | ONLY_OPEN_ONES <= names
