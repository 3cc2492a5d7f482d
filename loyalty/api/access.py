"""Which programme a key speaks for."""

from config.ground.api.caller import Caller
from loyalty.errors import NoPlace


def programme_of(caller: Caller) -> int:
    """
    :raises NoPlace: the key belongs to no programme.
    """
    if caller.programme_id is None:
        raise NoPlace("Use the key of a programme, a web shop or a till.")
    return caller.programme_id
