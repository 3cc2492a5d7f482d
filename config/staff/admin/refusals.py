"""Forms that are saved through services, which may refuse."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin

from config.ground.refusals import Refusal


class RefusalsInWords(ModelAdmin):
    """A page whose form is saved by a service: what it refuses is said on the page as it is stored."""

    def changeform_view(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, *args, **more)
            return answer
        except Refusal as refused:
            messages.error(request, refused.detail)
            return HttpResponseRedirect(request.get_full_path())
