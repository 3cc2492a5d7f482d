"""SMS by a plain HTTPS call, for any provider or small bridge that takes JSON."""

import requests
from django.conf import settings

from omnichannel.adapters.carriers import CarrierAway, NotDelivered, Parcel, Uncertain


class HttpsSmsCarrier:
    """POSTs `{"id", "to", "text"}` to `settings.SMS_URL` with a bearer token; the answer may name an `id`.

    `id` is our ref of the message and the same at each attempt, so that a provider can recognise a repeat.
    """

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {settings.SMS_TOKEN}"

    def send(self, parcel: Parcel, *, timeout_s: float) -> str:
        body = {"id": parcel.ref, "to": parcel.address, "text": parcel.body_text}
        try:
            answer = self._session.post(
                settings.SMS_URL, json=body, timeout=(timeout_s / 2, timeout_s), allow_redirects=False
            )
        except requests.ConnectTimeout as away:
            raise CarrierAway(str(away)) from away
        except requests.RequestException as unclear:
            if _was_never_connected(unclear):
                raise CarrierAway(str(unclear)) from unclear
            raise Uncertain(str(unclear)) from unclear
        if answer.status_code >= 500:
            raise Uncertain(f"the provider answered {answer.status_code}")
        if answer.status_code >= 300:
            is_permanent = answer.status_code not in (408, 425, 429)
            raise NotDelivered(f"the provider answered {answer.status_code}", is_permanent=is_permanent)
        return _id_in(answer) or parcel.ref

    def close(self) -> None:
        self._session.close()


def _was_never_connected(problem: requests.RequestException) -> bool:
    """Whether the connection itself failed, so that no byte of the message left the house."""
    return isinstance(problem, requests.ConnectionError) and "NewConnectionError" in repr(problem)


def _id_in(answer: requests.Response) -> str:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return ""
    return str(body.get("id", ""))[:200] if isinstance(body, dict) else ""
