"""Logs: one JSON object a line, with the request id, and without personal data.

Masking happens twice: values under a telling name go as a whole, and in the finished line e-mail addresses and phone
numbers are cut down, so that also those inside sentences and tracebacks do not get out.
"""

import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config.ground.request_ids import add_request_id

MASK = "***"
PERSONAL = frozenset(
    {
        "phone",
        "email",
        "given_name",
        "family_name",
        "display_name",
        "birth_date",
        "card",
        "qr",
        "sign_in_code",
    }
    | {"password", "secret", "token", "access_token", "refresh_token", "authorization", "cookie", "api_key"}
    | {"body", "body_text", "body_html"}
)
"""Names of values that never reach a log."""

_EMAIL = re.compile(r"[\w.+%-]+@([\w-]+\.)+[\w-]{2,}")
_PHONE = re.compile(r"(?<![\w.:])\+\d(?:[ ().-]?\d){6,14}(?!\d)")


def mask_text(text: str) -> str:
    """The text with e-mail addresses and international phone numbers made unreadable.

    >>> mask_text("sent to ana@shop.example and +1 202 555 0123")
    'sent to ***@*** and +***'
    """
    return _PHONE.sub(f"+{MASK}", _EMAIL.sub(f"{MASK}@{MASK}", text))


def mask_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask what stands under a telling name, at any depth."""
    return {name: _masked(name, value) for name, value in event.items()}


def _masked(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _masked(str(inner), content) for inner, content in value.items()}
    return MASK if name in PERSONAL and value else value


class MaskedJson:
    """The last processor: JSON, then masked as text."""

    def __init__(self) -> None:
        self._render = structlog.processors.JSONRenderer(ensure_ascii=False)

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        line = self._render(logger, method, event)
        return mask_text(line if isinstance(line, str) else line.decode())


def _shared() -> list[Processor]:
    return [
        add_request_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        mask_values,
        structlog.processors.format_exc_info,
    ]


def set_up(level: str) -> dict[str, Any]:
    """Configure structlog and answer with Django's `LOGGING`: everything as JSON to standard error."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, MaskedJson()],
                "foreign_pre_chain": _shared(),
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "django.request": {"level": "ERROR"},  # refusals are answers, not news
            "celery.beat": {"level": "WARNING"},  # a line for each tick and each task says nothing
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }
