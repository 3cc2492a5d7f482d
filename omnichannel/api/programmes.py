"""Which programme a caller means."""

from typing import Annotated

import msgspec

from config.ground.api.bodies import Body
from config.ground.api.caller import Caller
from config.ground.refusals import NotAllowed
from omnichannel.errors import ProgrammeNotNamed
from omnichannel.models import Programme
from omnichannel.queries.places import find_only_programme, get_programme

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class ProgrammeParams(Body, frozen=True, kw_only=True):
    """Doors of one programme: a key of the whole house says which, any other key need not."""

    programme: Annotated[str, msgspec.Meta(max_length=40)] | None = None


def programme_id_for(caller: Caller, named: str | None) -> int:
    """The programme that the caller's key belongs to, or the one that a key of the whole house names.

    :raises NotAllowed: if the key belongs to another programme.
    :raises ProgrammeNotNamed: if neither says one.
    :raises ProgrammeNotFound: if there is none by this name.
    """
    if caller.programme_id is not None:
        if named not in (None, caller.programme_code):
            raise NotAllowed(f"This key belongs to the programme {caller.programme_code!r}.")
        return caller.programme_id
    if named is None:
        raise ProgrammeNotNamed(pointer="/programme")
    return get_programme(named).pk


def ensure_of_no_one_place(caller: Caller) -> None:
    """
    :raises NotAllowed: the key belongs to one store or till, and this is the whole programme's.
    """
    if caller.place_id is not None:
        raise NotAllowed("The key of one store or till does not change what the whole programme has.")


def programme_of_member(named: str | None) -> Programme:
    """The programme that a member's app names, or the only one there is.

    :raises ProgrammeNotNamed: there are several, and it names none.
    :raises ProgrammeNotFound: there is none by this name.
    """
    found = get_programme(named) if named is not None else find_only_programme()
    if found is None:
        raise ProgrammeNotNamed(pointer="/programme")
    return found
