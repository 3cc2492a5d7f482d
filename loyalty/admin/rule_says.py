"""While a rule is being written: its sentence, names from the catalogue, and names that nobody carries."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, JsonResponse

from loyalty.admin.rule_fields import NAMES, SCOPE
from loyalty.admin.rule_form import RuleForm
from loyalty.queries.vocabulary import Home, find_home, list_names, list_unknown_words, suggest_words
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.words import sentence_of


def said_of(definition: RuleDefinition, home: Home) -> str:
    """The sentence of a rule, with the names of the programme's tiers, places and segments."""
    said = list_names([home.id])[home.id].said(definition)
    return sentence_of(said, home.currency, zone=ZoneInfo(home.timezone))


def say_rule(request: HttpRequest, programme_id: int) -> JsonResponse:
    """The sentence of a rule that is being written, or what is still to be said."""
    home = find_home(programme_id)
    if home is None or request.method != "POST":
        raise Http404
    form = type("RuleFormOfHome", (RuleForm,), {"home": home})(request.POST)
    form.full_clean()
    if "definition" not in form.cleaned_data:
        problems = [words for name, said in form.errors.items() if name in form.of_rule for words in said]
        return JsonResponse({"problem": problems[0] if problems else "Not finished yet."})
    return JsonResponse({"sentence": said_of(form.cleaned_data["definition"], home)})


def suggest_names(request: HttpRequest, programme_id: int, kind: Any) -> JsonResponse:
    """Names of the catalogue for a field that is being typed in."""
    if kind not in SCOPE.values():
        raise Http404
    words = suggest_words(programme_id, kind, request.GET.get("term", ""))
    return JsonResponse({"results": [{"id": word.code, "text": word.name} for word in words]})


def warn_of_unknown_words(request: HttpRequest, form: forms.BaseForm) -> None:
    """A name that no product carries may be a slip, or come from the till; so it is said, not refused."""
    for field, kind in NAMES.items():
        unknown = list_unknown_words(form.home.id, kind, form.cleaned_data[field])  # type: ignore[attr-defined, arg-type]
        if unknown:
            messages.warning(request, f"No product of the catalogue carries the {kind} {', '.join(unknown)}.")
