"""In which language members are spoken to."""

from django.http import HttpRequest
from django.utils import translation


def supported(language: str) -> str | None:
    """The language as Django calls it (`zh-TW` is `zh-hant`); None if we do not speak it."""
    try:
        return translation.get_supported_language_variant(language.lower())
    except LookupError:
        return None


def language_for(request: HttpRequest, language: str) -> str:
    """The member's language, or else the browser's."""
    return supported(language) or translation.get_language_from_request(request)
