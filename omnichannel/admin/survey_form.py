"""A survey as a form: what it asks row by row, in as many languages as there are words for."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.ground import typed
from config.ground.refusals import InvalidInput
from omnichannel.admin.survey_words import (
    WordsNotUsable,
    code_for,
    lines_of,
    options_in,
    text_of_options,
    words_in,
)
from omnichannel.models import Programme, Survey
from omnichannel.queries.surveys import definition_of, fingerprint_of
from omnichannel.rules.surveys import (
    HIGHEST,
    SEND,
    THANKS,
    ChoiceQuestion,
    SurveyDefinition,
    find_fault_of_definition,
)

KINDS = [
    ("score", "Score from 0 to 10 (the first one is the net promoter score)"),
    ("choice", "One of several"),
    ("text", "In their own words"),
]
MOST_QUESTIONS, MORE_ROWS = 20, 3
A_LINE_EACH = (
    "One line for each language: English as it is, others with their code in front, such as zh-Hant: 謝謝您！"
)


class WordsField(forms.CharField):
    """Cleans to language -> sentence; {} where nothing is said."""

    def __init__(self, *, rows: int = 2, **options: Any) -> None:
        super().__init__(widget=UnfoldAdminTextareaWidget(attrs={"rows": rows, "dir": "auto"}), **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(lines_of(value)) if isinstance(value, Mapping) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> dict[str, str]:
        try:
            return words_in(str(super().clean(value)).splitlines())
        except WordsNotUsable as fault:
            raise forms.ValidationError(str(fault)) from fault


class SurveyForm(forms.Form):
    """What is said once of a survey. `seen`: as it was when the page was made."""

    programme = forms.ModelChoiceField(
        queryset=Programme.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None
    )
    title = forms.CharField(
        max_length=120, widget=UnfoldAdminTextInputWidget, help_text="For colleagues; members do not read it."
    )
    code = forms.SlugField(
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"dir": "ltr"}),
        help_text="By which integrations and campaigns call it, such as after-visit. It stays.",
    )
    intro = WordsField(label="Above the questions", required=False, help_text=A_LINE_EACH)
    send = WordsField(label="On the button", required=False, initial=SEND, rows=4)
    thanks = WordsField(label="Afterwards", required=False, initial=THANKS, rows=4)
    case_up_to = forms.IntegerField(
        label="Opens a service case for a score up to",
        required=False,
        min_value=0,
        max_value=HIGHEST,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="6 for everybody who is no promoter and not passive. Empty: never.",
    )
    is_open = forms.BooleanField(
        label="Open",
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Closed, nobody is asked any more, and addresses that were sent take no answers.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, survey: Survey | None, programmes: QuerySet[Programme]) -> None:
        super().__init__(data, initial=_told(survey) if survey else {"programme": programmes.first()})
        self.survey = survey
        if survey is not None:
            del self.fields["programme"], self.fields["code"]
        else:
            self.fields["programme"].queryset = programmes  # type: ignore[attr-defined]  # a choice of rows

    @property
    def programme_id(self) -> int:
        return self.survey.programme_id if self.survey else int(self.cleaned_data["programme"].pk)

    @property
    def survey_code(self) -> str:
        return self.survey.code if self.survey else str(self.cleaned_data["code"])


def _told(survey: Survey) -> dict[str, Any]:
    definition = definition_of(survey)
    of_it = {name: getattr(definition, name) or {} for name in ("intro", "send", "thanks")}
    told = {name: getattr(survey, name) for name in ("title", "case_up_to", "is_open")}
    return {**told, **of_it, "seen": fingerprint_of(survey)}


class QuestionForm(forms.Form):
    """One question. After `is_valid`: `question`, as the definition has it."""

    kind = forms.ChoiceField(
        label="Answered by", choices=KINDS, initial="score", widget=UnfoldAdminSelectWidget
    )
    words = WordsField(label="Question", required=False)
    options = forms.CharField(
        label="Options",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "dir": "auto"}),
        help_text="Of one of several: a line for each, other languages behind bars, such as The tea | zh-Hant: 茶.",
    )
    is_required = forms.BooleanField(
        label="Wants an answer", required=False, widget=UnfoldBooleanSwitchWidget
    )
    code = forms.RegexField(
        r"^[a-z][a-z0-9_]{0,39}$",
        label="Code",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"dir": "ltr", "placeholder": "by itself"}),
        help_text="Answers are kept by it: leave it as it is.",
    )

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if not told.get("words") and "words" not in self.errors:
            self.add_error("words", "Say what is asked.")
        if told.get("kind") != "choice":
            return told
        try:
            told["options"] = options_in(told.get("options", ""))
        except WordsNotUsable as fault:
            self.add_error("options", str(fault))
            return told
        if len(told["options"]) < 2:
            self.add_error("options", "Give at least two.")
        return told


class _Rows(forms.BaseFormSet):
    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        is_told = index is not None and index < self.initial_form_count()
        form.heading = f"Question {index + 1}" if is_told else "One more question"  # type: ignore[attr-defined, operator]  # for the page
        form.fields["ORDER"].label = "Place"
        form.fields["ORDER"].widget = UnfoldAdminIntegerFieldWidget(attrs={"min": 1})
        form.fields["DELETE"].label = "Take it away"
        form.fields["DELETE"].widget = UnfoldBooleanSwitchWidget()


def question_rows(data: Any, survey: Survey | None) -> _Rows:
    """The questions as rows of a form, and some empty ones."""
    told = [_row(one) for one in definition_of(survey).questions] if survey else []
    more = min(MORE_ROWS, MOST_QUESTIONS - len(told))
    rows = forms.formset_factory(
        QuestionForm,
        formset=_Rows,
        extra=more,
        can_order=True,
        can_delete=True,
        max_num=MOST_QUESTIONS,
        absolute_max=MOST_QUESTIONS,
    )
    return cast(_Rows, rows(data, initial=told, prefix="questions"))


def _row(question: Any) -> dict[str, Any]:
    options = text_of_options(question.options) if isinstance(question, ChoiceQuestion) else ""
    kind = str(question.__struct_config__.tag)
    return {
        "kind": kind,
        "options": options,
        **{name: getattr(question, name) for name in ("words", "is_required", "code")},
    }


def definition_from(form: SurveyForm, rows: _Rows) -> SurveyDefinition | None:
    """What a valid form and its rows ask; None where they do not fit together: why stands on the form."""
    told, questions = form.cleaned_data, _questions(rows)
    of_it = {name: told[name] for name in ("intro", "send", "thanks") if told[name]}
    try:
        definition: SurveyDefinition = typed.load(SurveyDefinition, {"questions": questions, **of_it})
    except InvalidInput as refused:
        faults = refused.facts["errors"]
        few = "Ask at least one question."
        form.add_error(None, few if not questions else " ".join(one["detail"] for one in faults))
        return None
    if fault := find_fault_of_definition(definition):
        form.add_error(None, f"{fault.detail} Give one of them another code.")
        return None
    return definition


def _questions(rows: _Rows) -> list[dict[str, Any]]:
    told = [form.cleaned_data for form in rows.ordered_forms if form.cleaned_data.get("words")]
    questions: list[dict[str, Any]] = []
    for one in told:
        taken = [row["code"] for row in told if row["code"]] + [question["code"] for question in questions]
        question = {
            "kind": one["kind"],
            "code": one["code"] or code_for(one["words"], taken, "q"),
            "words": one["words"],
            "is_required": one["is_required"],
        }
        if one["kind"] == "choice":
            question["options"] = typed.dump(one["options"])
        questions.append(question)
    return questions
