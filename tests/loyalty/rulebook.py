"""Rules without a database: compiled as they are for a till."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from loyalty.rules.compile import Programme, Terms, compile_programme
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.lots import Expiry

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
TERMS = Terms(
    programme_id=1,
    programme_code="shop",
    currency="USD",
    zone=NEW_YORK,
    burn_points=10,
    burn_minor=1,
    maturity_days=0,
    expiry=Expiry(days=None),
)


def compiled(*definitions: RuleDefinition) -> Programme:
    """A programme of these rules: `rule-0`, `rule-1` ... in this order."""
    versions = [
        (number, f"rule-{number}", f"Rule-{number}", 1, definition, LONG_AGO, None)
        for number, definition in enumerate(definitions)
    ]
    return compile_programme(stamp=1, terms=TERMS, ladders=(), versions=versions)
