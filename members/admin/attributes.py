"""What the house asks its members: declared without code, and what one member said, on a page of their own."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from unfold.admin import StackedInline
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from config.ground import clock
from config.ground.refusals import Refusal
from config.staff.admin.changes import TellsChanges
from config.staff.site import site
from members.api.attribute_fields import field_for, fields_said
from members.errors import AttributeChangedMeanwhile
from members.models import Attribute, AttributeKind, AttributeWords, Member, SeenBy
from members.models.attributes import CHOSEN
from members.queries.attributes import get_attributes, list_attributes
from members.rules.attributes import Attribute as Asked, Eyes, Value, is_same, words_of
from members.rules.people import name_of
from members.services.attributes import set_attributes

WIDGETS = {
    "text": UnfoldAdminTextInputWidget,
    "number": UnfoldAdminDecimalFieldWidget,
    "date": UnfoldAdminDateWidget,
    "yes_no": UnfoldAdminSelectWidget,
    "one_of": UnfoldAdminSelectWidget,
    "many_of": UnfoldAdminCheckboxSelectMultipleWidget,
}


SHOWN = "shown.before"
"""No attribute is called so: a code has no dot."""


def _choices(model: type[Model], placeholder: str = "") -> SimpleArrayField:
    return SimpleArrayField(
        forms.CharField(max_length=60),
        label="Choices",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": placeholder}),
        help_text=str(model._meta.get_field("allowed").help_text),  # type: ignore[union-attr]  # a field of the table
    )


class AttributeForm(forms.ModelForm):
    """Declared once; its code and kind stay."""

    allowed = _choices(Attribute, "oat, soy, cow")

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        kind = told.get("kind") or self.instance.kind
        allowed = told.get("allowed") or []
        if kind in CHOSEN and not allowed:
            self.add_error("allowed", "Say what can be chosen.")
        if kind not in CHOSEN and allowed:
            self.add_error("allowed", f"A {AttributeKind(kind).label} has no choices.")
        if len(set(allowed)) < len(allowed):
            self.add_error("allowed", "Name each choice once.")
        if not told.get("is_edited_by_member"):
            if told.get("seen_by") == SeenBy.MEMBER:
                self.add_error(
                    "is_edited_by_member", "What nobody else sees, the member has to be able to change."
                )
            if told.get("is_asked_for"):
                self.add_error(
                    "is_edited_by_member", "What counts for their profile they have to be able to change."
                )
        return told


class WordsForm(forms.ModelForm):
    allowed = _choices(AttributeWords)

    class Meta:
        model = AttributeWords
        fields = ("language", "label", "purpose", "allowed")

    def clean_allowed(self) -> list[str]:
        allowed: list[str] = self.cleaned_data["allowed"]
        if self.instance.attribute_id and allowed and len(allowed) != len(self.instance.attribute.allowed):
            raise forms.ValidationError("There are as many choices as above, in the same order.")
        return allowed


class WordsInline(StackedInline):
    """The attribute in other languages."""

    model = AttributeWords
    form = WordsForm
    extra = 0
    fields = (("language", "label"), "purpose", "allowed")
    verbose_name_plural = "In other languages"


@admin.register(Attribute, site=site)
class AttributeAdmin(TellsChanges):
    """What members are asked beside their name, for what, and who may see it."""

    form = AttributeForm
    inlines = (WordsInline,)
    list_display = (
        "label",
        "code",
        "kind_shown",
        "seen_by",
        "is_edited_by_member",
        "is_asked_for",
        "is_retired",
    )
    list_filter = ("kind", "seen_by", "is_asked_for", "is_retired")
    search_fields = ("code", "label")
    ordering = ("position", "pk")
    compressed_fields = True
    warn_unsaved_form = True
    conditional_fields = {
        "allowed": "typeof kind === 'undefined' || kind == 'one_of' || kind == 'many_of'",
    }
    fieldsets = (
        ("What is asked", {"fields": (("label", "code"), "purpose", ("kind", "position"), "allowed")}),
        ("Who", {"fields": (("seen_by",), "is_edited_by_member", "is_asked_for", "is_retired")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Attribute | None = None) -> tuple[str, ...]:
        return ("code", "kind") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Attribute | None = None) -> dict[str, Any]:
        return {} if obj else {"code": ("label",)}

    def has_delete_permission(self, request: HttpRequest, obj: Attribute | None = None) -> bool:
        """What members said under it stays theirs; an attribute that is over is retired."""
        return False

    def rows_told(self, row: Attribute) -> Iterable[tuple[Model, str]]:
        return [(row, ""), *((one, f"{one.language}, ") for one in row.words.all())]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attribute]:
        rows: QuerySet[Attribute] = super().get_queryset(request)
        return rows.prefetch_related("words")

    @display(description="kind")
    def kind_shown(self, row: Attribute) -> str:
        return (
            f"{row.get_kind_display()}: {', '.join(row.allowed)}" if row.allowed else row.get_kind_display()
        )


class SaidForm(forms.Form):
    """What a member says under each attribute. The hidden field `shown` says what stood there when the page was made:
    what is still the same is not written, so that an old window undoes nothing.
    """

    def __init__(self, asked: list[Asked], said: Mapping[str, Value], data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.asked, self.said = asked, said
        for one in asked:
            self.fields[one.code] = field_for(one, said.get(one.code), WIDGETS[one.kind])
        self.seen = said if data is None else _seen(data.get(SHOWN, ""))
        shown = msgspec.json.encode(said).decode()
        self.fields[SHOWN] = forms.CharField(widget=forms.HiddenInput, required=False, initial=shown)

    @property
    def changes(self) -> dict[str, Value | None]:
        """What a valid form says otherwise than what its page showed."""
        told = fields_said(self.asked, self)
        return {code: value for code, value in told.items() if not is_same(value, self.seen.get(code))}

    def show_what_was_said_meanwhile(self, said: Mapping[str, Value]) -> None:
        """Beside each field of which something else is said by now; from here on it has been read."""
        changes = self.changes
        for one in self.asked:
            if one.code in changes and not is_same(said.get(one.code), self.seen.get(one.code)):
                now = words_of(one, said[one.code]) if one.code in said else "nothing"
                self.add_error(one.code, f"Meanwhile it says: {now}. Saved again, yours takes its place.")
        shown = {**said, **{code: value for code, value in self.seen.items() if code not in self.errors}}
        data = cast(QueryDict, self.data).copy()
        data[SHOWN] = msgspec.json.encode(shown).decode()
        self.data = data


def _seen(shown: str) -> Mapping[str, Value]:
    """What the hidden field says; nothing if it was changed into nonsense."""
    try:
        return msgspec.json.decode(shown, type=dict[str, bool | int | float | str | list[str]])
    except msgspec.DecodeError:
        return {}


def _is_written(member_id: int, form: SaidForm, eyes: Eyes) -> bool:
    """Whether it is; why not stands on the form."""
    try:
        set_attributes(member_id, form.changes, eyes=eyes, source="admin", seen=form.seen, now=clock.now())
    except AttributeChangedMeanwhile:
        form.show_what_was_said_meanwhile(get_attributes(member_id, eyes=eyes))
        return False
    except Refusal as refused:
        code = (refused.pointer or "").removeprefix("/attributes/")
        form.add_error(code if code in form.fields else None, refused.detail)
        return False
    return True


def change_attributes(request: HttpRequest, member: Member, context: dict[str, Any]) -> HttpResponse:
    """The page on which a colleague writes down what a member told them, as far as the colleague may see it."""
    eyes = Eyes.TRUSTED if request.user.has_perm("members.see_personal_data") else Eyes.STAFF
    form = SaidForm(list_attributes(eyes=eyes), get_attributes(member.pk, eyes=eyes), request.POST or None)
    page_of_member = reverse("admin:members_member_change", args=[member.pk])
    if request.method == "POST" and form.is_valid() and _is_written(member.pk, form, eyes):
        messages.success(request, "Written down.")
        return HttpResponseRedirect(page_of_member)
    page = {
        **context,
        "title": f"What did {name_of(member)} say?",
        "what_happens": "The member reads it, and why it is asked, on the page of their preferences.",
        "button": "Write it down",
        "form": form,
        "page_of_member": page_of_member,
    }
    return render(request, "members/admin/form.html", page)
