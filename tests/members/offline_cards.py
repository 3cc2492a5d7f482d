"""An app as tests have it: a device with a key pair of its own, certified by the house."""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client

from members.models import Member
from members.rules.offline_cards import code_of
from tests.members.factories import bearer_of


@dataclass
class Device:
    """`certificate` is what the house gave last."""

    app: Client
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    certificate: str = ""

    def ask(self, public_key: str | None = None) -> Any:
        own = base64.urlsafe_b64encode(self.key.public_key().public_bytes_raw()).decode().rstrip("=")
        body = {"public_key": public_key or own}
        return self.app.put("/api/v1/me/card/key", body, content_type="application/json")

    def shows(self, at: datetime) -> str:
        return code_of(self.certificate, self.key, at)

    def sign_out(self) -> None:
        assert self.app.post("/api/v1/auth/logout").status_code == 204


def device_of(member: Member, *, now: datetime) -> Device:
    """Signed in and certified."""
    device = Device(Client(headers={"authorization": bearer_of(member, now=now)}))
    answer = device.ask()
    assert answer.status_code == 200, answer.content
    device.certificate = answer.json()["certificate"]
    return device
