"""Which programme a key may work on: its own, or any if it belongs to none."""

from campaigns.queries import programmes
from campaigns.queries.programmes import ProgrammeFacts
from config.ground.api.caller import Caller
from config.ground.refusals import InvalidInput
from omnichannel.errors import ProgrammeNotFound


def programme_for(caller: Caller, code: str) -> ProgrammeFacts:
    """The programme the caller means; without a code the key's own.

    :raises ProgrammeNotFound: if there is none by this code, or it is not the key's.
    :raises InvalidInput: if neither the key nor the body says which.
    """
    wanted = code or caller.programme_code
    if not wanted:
        raise InvalidInput("Name the programme: this key belongs to none.", pointer="/programme")
    programme = programmes.get_programme(wanted)
    if caller.programme_id not in (None, programme.id):
        raise ProgrammeNotFound
    return programme
