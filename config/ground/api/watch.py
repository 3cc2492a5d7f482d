"""What operators and machines look at: is it alive, can it serve, what does it measure, what doors are there."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.ground import health, metrics
from config.ground.api import etags
from config.ground.api.json import encode
from config.ground.api.schema import document


def _json(content: bytes, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(content, status=status, content_type="application/json", headers=headers)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process runs and answers; nothing else is asked."""
    return _json(b'{"status":"ok"}')


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 `ready` or `degraded` (serves, and something needs the operator), 503 `unready`."""
    findings = health.examine()
    is_serving = not any(one.keeps_from_serving for one in findings.values())
    is_well = all(one.is_well for one in findings.values())
    body = {
        "status": "unready" if not is_serving else "ready" if is_well else "degraded",
        "checks": {
            name: {"ok": one.is_well, "detail": one.detail, **one.facts} for name, one in findings.items()
        },
    }
    return _json(encode(body), status=200 if is_serving else 503)


@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The API document; it changes only with a new release, so clients may ask whether it did."""
    content = document()
    etag = etags.etag_of_bytes(content)
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etags.names_etag(request.META.get("HTTP_IF_NONE_MATCH", ""), etag):
        response = HttpResponse(status=304, headers=headers)
        del response.headers["Content-Type"]
        return response
    return HttpResponse(content, content_type="application/json", headers=headers)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The API document to read and try; everything it loads comes from here."""
    return render(request, "ground/docs.html")
