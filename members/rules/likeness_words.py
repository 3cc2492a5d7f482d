"""What a finding says, in words for who decides about a pair."""

from members.rules.likeness import Weights
from members.rules.namesakes import bearers_told

_FIELDS = {
    "given": "Given name",
    "family": "Family name",
    "names": "Given and family name",
    "word": "What is known of the name",
    "birth": "Birth date",
    "phone": "Phone",
    "email": "E-mail",
    "id": "Id in another system",
    "namesakes": "Members with such names by chance",
    "number": "Number of a document",
    "postcode": "Postcode",
    "town": "Town",
    "street": "Street",
    "house": "House number",
}

_OUTCOMES = {
    "same": "the same",
    "slip": "one slip apart",
    "two_slips": "two slips apart",
    "close": "written alike",
    "like": "somewhat alike",
    "short": "one short for the other",
    "elsewhere": "stands among the other's names",
    "other": "different",
    "swapped": "the same, the wrong way round",
    "swapped_close": "alike, the wrong way round",
    "same_day": "the same day and month",
    "other_day": "another day or month",
    "same_year": "only the year is the same",
    "same_year_only": "the same year, and a first of January",
    "same_name": "the same name at another provider",
    "area": "the same area",
    "region": "the same region",
}


def words_for(finding: str) -> str:
    """
    >>> words_for("birth:slip"), words_for("names:swapped")
    ('Birth date: one slip apart', 'Given and family name: the same, the wrong way round')
    """
    field, _, outcome = finding.partition(":")
    if field == "namesakes":
        return f"{_FIELDS[field]}: {bearers_told(outcome)}"
    return f"{_FIELDS.get(field, field)}: {_OUTCOMES.get(outcome, outcome)}"


def reasons(findings: list[str], weights: Weights) -> list[tuple[str, float]]:
    """Words and weight of each finding, what speaks loudest first, for or against; then where all pairs start."""
    told = [(words_for(finding), weights.findings.get(finding, 0.0)) for finding in findings]
    return [*sorted(told, key=lambda reason: -abs(reason[1])), ("Before anything is compared", weights.start)]
