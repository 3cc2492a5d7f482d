"""Refusals: what we say when we will not do something. One handler turns them into `application/problem+json`.

A refusal is a class with a stable code, an HTTP status and a sentence that says what to do. It names the state of the
world (`InsufficientPoints`), never "error". Anything raised that is not a refusal is a bug and reaches the log.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The request was understood and will not be carried out; nothing was written."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"

    def __init__(self, detail: str = "", *, pointer: str | None = None, **facts: Any) -> None:
        """
        :param detail: one sentence for the person in front of it, saying what to do.
        :param pointer: JSON pointer to the field of the body that caused it, e.g. `/lines/0/quantity`.
        :param facts: further members of the problem document, such as `spendable=120`.
        """
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.pointer = pointer
        self.facts: Mapping[str, Any] = facts


class InvalidInput(Refusal):
    """The body or a parameter is not what the door takes."""

    status = 422
    code = "invalid_input"
    title = "The request does not fit what this door takes"


class NotFound(Refusal):
    status = 404
    code = "not_found"
    title = "There is nothing here by this name"


class NotSignedIn(Refusal):
    status = 401
    code = "not_signed_in"
    title = "A valid key or token is needed"


class NotAllowed(Refusal):
    status = 403
    code = "not_allowed"
    title = "This key or token may not do that"


class TooManyRequests(Refusal):
    """:param retry_after_s: seconds until another try can succeed."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, detail: str = "", *, retry_after_s: int, **facts: Any) -> None:
        super().__init__(detail, retry_after_s=retry_after_s, **facts)
        self.retry_after_s = retry_after_s
