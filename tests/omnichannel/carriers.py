"""Carriers of the tests: they stand for the world outside and can be told how it behaves."""

import os
import time
from pathlib import Path
from typing import ClassVar

from omnichannel.adapters.carriers import CarrierAway, NotDelivered, Parcel, Uncertain


class ToldCarrier:
    """Remembers what it was given, and fails for the addresses it was told to fail for."""

    sent: ClassVar[list[Parcel]] = []
    fails: ClassVar[dict[str, Exception]] = {}

    def send(self, parcel: Parcel, *, timeout_s: float) -> str:
        if parcel.address in self.fails:
            raise self.fails[parcel.address]
        self.sent.append(parcel)
        return f"carrier-{len(self.sent)}"

    def close(self) -> None:
        """Nothing was opened."""

    @classmethod
    def forget(cls) -> None:
        cls.sent.clear()
        cls.fails.clear()

    @classmethod
    def addresses(cls) -> list[str]:
        return [parcel.address for parcel in cls.sent]


class SlowFileCarrier:
    """For real processes: appends each address to the file `$SENT_TO`, then takes its time to answer."""

    def send(self, parcel: Parcel, *, timeout_s: float) -> str:
        with Path(os.environ["SENT_TO"]).open("a") as sent:
            sent.write(parcel.address + "\n")
        time.sleep(float(os.environ["ANSWER_AFTER_S"]))
        return parcel.ref

    def close(self) -> None:
        """Nothing was opened."""


AWAY = CarrierAway("nobody answers the door")
NO_SUCH_ADDRESS = NotDelivered("550 no such mailbox", is_permanent=True)
TRY_LATER = NotDelivered("451 try later", is_permanent=False)
NO_ANSWER = Uncertain("the line went dead")
"""How the world outside may behave."""
