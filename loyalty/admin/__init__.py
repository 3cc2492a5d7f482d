"""Doors for staff, one file per subject. Django's autodiscovery imports this."""

from loyalty.admin import dashboard, ledger, rules, terms, tiers, wallets

__all__ = ["dashboard", "ledger", "rules", "terms", "tiers", "wallets"]
