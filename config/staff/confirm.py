"""Buttons on a page that change something: a link alone must not, or any page elsewhere could press it."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Button = Callable[..., HttpResponse]


def confirmed(
    question: str, *, says: Callable[[Any], Sequence[str]] | None = None
) -> Callable[[Button], Button]:
    """Ask before a row's action is carried out: GET shows the question, the answer's POST (with its token) acts.

    Stands between the theme's `@action(...)` and the method.

    :param says: row -> sentences of what it says, shown with the question; the row's `digest` goes along as `read`.
    """

    def ask_first(act: Button) -> Button:
        @wraps(act)
        def asked(page: Any, request: HttpRequest, object_id: Any, *rest: Any, **more: Any) -> HttpResponse:
            if request.method == "POST":
                return act(page, request, object_id, *rest, **more)
            row = page.get_object(request, str(object_id))
            context = {
                **page.admin_site.each_context(request),
                "title": question,
                "question": question,
                "row": row,
                "says": says(row) if says else [],
                "opts": page.opts,
            }
            return render(request, "staff/confirm.html", context)

        return asked

    return ask_first
