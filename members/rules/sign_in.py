"""One-time codes and tokens: what they look like, how long they live, and the digests we keep of them."""

import hashlib
import hmac
from datetime import timedelta

CODE_LIVES = timedelta(minutes=10)
CODE_DIGITS = 6
MOST_TRIES = 5

ACCESS_MARK = "ra_"
ACCESS_LIVES = timedelta(minutes=15)
REFRESH_MARK = "rr_"
REFRESH_LIVES = timedelta(days=60)


def digest_of(token: str) -> bytes:
    """SHA-256 of a token; 256 bits of chance need no salt."""
    return hashlib.sha256(token.encode()).digest()


def code_digest(code: str, *, request_id: int, secret: str) -> bytes:
    """What we keep of a one-time code. A million codes are quickly tried, so the digest is keyed with our secret."""
    return hmac.new(secret.encode(), f"sign-in:{request_id}:{code}".encode(), hashlib.sha256).digest()


def is_code(code: str, digest: bytes | None, *, request_id: int, secret: str) -> bool:
    """Whether this is the code; as long in coming for a wrong one, or where no code was ever made."""
    given = code_digest(code, request_id=request_id, secret=secret)
    is_same = hmac.compare_digest(given, digest or bytes(32))
    return is_same and digest is not None
