"""Forms of an import: the file, and what its columns are."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from members.adapters.tables import ENCODINGS
from members.rules.import_fields import KnownFields, Mapping, faults_of

ACCEPTED = ".csv,.tsv,.txt,.ndjson,.jsonl,.gz,.xlsx"
_PASSED_OVER = ("", "– pass it over –")
_ORDERS = [
    ("ymd", "the year: 1990-04-03"),
    ("dmy", "the day: 03.04.1990 is the 3rd of April"),
    ("mdy", "the month: 04/03/1990 is the 3rd of April"),
]
_KNOWN = [
    ("leave", "Leave them as they are"),
    ("fill", "Fill in what is missing"),
    ("overwrite", "Let the file overwrite what is known"),
]
_LIKELY = [
    ("leave_out", "Leave them out, for somebody to look at"),
    ("enrol", "Enrol them; the pair waits under Likely twice"),
]


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED}),
        help_text=f"CSV, XLSX or NDJSON, plain or gzipped, up to {settings.IMPORT_MB['file']} MB. The first line names"
        " the columns.",
    )


class ColumnsForm(forms.Form):
    """What each column is (`column_0` ...), and how the file is to be read. After `is_valid`: `mapping`."""

    date_order = forms.ChoiceField(label="Dates begin with", choices=_ORDERS, widget=UnfoldAdminSelectWidget)
    region = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label="Country of phone numbers without a country code",
        widget=UnfoldAdminTextInputWidget(attrs={"maxlength": 2}),
    )
    external_source = forms.RegexField(
        r"^[a-z0-9][a-z0-9_-]{0,31}$",
        label="Customer numbers come from",
        required=False,
        help_text="The other system, such as crm. Numbers written crm:4711 say it themselves.",
        widget=UnfoldAdminTextInputWidget,
    )
    consent_text = forms.CharField(
        label="They consented to which words",
        required=False,
        max_length=64,
        help_text="The form or text, such as: paper form 2026-01. Needed where the file says yes to something.",
        widget=UnfoldAdminTextInputWidget,
    )
    known = forms.ChoiceField(label="Who is a member already", choices=_KNOWN, widget=UnfoldAdminSelectWidget)
    likely = forms.ChoiceField(
        label="Who is probably a member already", choices=_LIKELY, widget=UnfoldAdminSelectWidget
    )
    encoding = forms.ChoiceField(
        label="Encoding",
        choices=list(ENCODINGS.items()),
        required=False,
        help_text="Choose another one if letters above look wrong.",
        widget=UnfoldAdminSelectWidget,
    )

    mapping: Mapping

    def __init__(
        self, data: Any, *, headings: Sequence[str], fields: KnownFields, mapping: Mapping, encoding: str
    ) -> None:
        told = {name: getattr(mapping, name) for name in Mapping.__struct_fields__ if name != "columns"}
        columns = {f"column_{place}": field for place, field in enumerate(mapping.columns)}
        told["region"] = told["region"] or settings.DEFAULT_REGION
        super().__init__(data, initial={**told, **columns, "encoding": encoding})
        if not encoding:
            del self.fields["encoding"]
        self.known_fields = fields
        self.columns = [f"column_{place}" for place in range(len(headings))]
        for name, heading in zip(self.columns, headings, strict=True):
            self.fields[name] = forms.ChoiceField(
                label=heading,
                choices=[_PASSED_OVER, *fields.items()],
                required=False,
                widget=UnfoldAdminSelectWidget(attrs={"aria-label": f"What is {heading}?"}),
            )

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        columns = tuple(told.get(name, "") for name in self.columns)
        for fault in faults_of(columns, self.known_fields):
            self.add_error(None, fault)
        if not self.errors:
            how = {name: told[name] for name in Mapping.__struct_fields__ if name != "columns"}
            self.mapping = Mapping(columns=columns, **{**how, "region": how["region"].upper()})
        return told

    def of_columns(self) -> list[forms.BoundField]:
        return [self[name] for name in self.columns]

    def of_the_whole(self) -> list[forms.BoundField]:
        return [bound for bound in self if bound.name not in self.columns]
