"""Programmes, as campaigns need to know them."""

from dataclasses import dataclass

from omnichannel.errors import ProgrammeNotFound
from omnichannel.models import Programme


@dataclass(frozen=True, slots=True)
class ProgrammeFacts:
    """A programme: its days are days of `timezone`, its money is `currency`."""

    id: int
    code: str
    name: str
    timezone: str
    currency: str


def get_programme(code: str) -> ProgrammeFacts:
    """The programme with this code.

    :raises ProgrammeNotFound: if there is none.
    """
    return _facts(Programme.objects.filter(code=code).first())


def get_programme_by_id(programme_id: int) -> ProgrammeFacts:
    """The programme with this id.

    :raises ProgrammeNotFound: if there is none.
    """
    return _facts(Programme.objects.filter(pk=programme_id).first())


def list_programmes() -> list[ProgrammeFacts]:
    """All programmes in the order of their codes."""
    return [_facts(programme) for programme in Programme.objects.order_by("code")]


def _facts(programme: Programme | None) -> ProgrammeFacts:
    if programme is None:
        raise ProgrammeNotFound
    return ProgrammeFacts(
        id=programme.pk,
        code=programme.code,
        name=programme.name,
        timezone=programme.timezone,
        currency=programme.currency,
    )
