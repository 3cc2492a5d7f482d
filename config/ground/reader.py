"""In which language somebody reads: as their browser or app asks."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.utils.translation import get_language_from_request, to_locale

from config.ground.tongues import reading


def reader_of(request: Any, folder: Path) -> AbstractContextManager[None]:
    """Let what is said within be in the language that the request accepts, as far as the folder has it.

    :param request: of Django or of the API.
    :param folder: as `reading` takes it.
    """
    asks = "Accept-Language" in request.headers
    return reading(to_locale(get_language_from_request(request)) if asks else "", folder)
