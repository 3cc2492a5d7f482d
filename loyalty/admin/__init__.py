"""Doors for staff, one file per subject. Django's autodiscovery imports this."""

from loyalty.admin import (
    acts,
    back_tests,
    books,
    corrections,
    dashboard,
    fraud_flags,
    fraud_rules,
    ladder_drafts,
    ladders,
    ledger,
    rule_drafts,
    rules,
    settlements,
    terms,
    tiers,
    wallets,
)

__all__ = [
    "acts",
    "back_tests",
    "books",
    "corrections",
    "dashboard",
    "fraud_flags",
    "fraud_rules",
    "ladder_drafts",
    "ladders",
    "ledger",
    "rule_drafts",
    "rules",
    "settlements",
    "terms",
    "tiers",
    "wallets",
]
