"""The form on the page of a member's preferences: what can be chosen, and what of it was changed."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _, gettext_lazy

from members.api.attribute_fields import field_for, fields_said
from members.api.preference_words import CHANNELS, FREQUENCIES, LANGUAGES, TEXT_VERSION, TITLES, WHY
from members.queries.consents import ConsentFacts
from members.queries.members import MemberFacts
from members.queries.preferences import PreferenceFacts
from members.rules.attributes import Attribute, Value, words_of
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.preference_page import Choices

ATTRIBUTE, CONSENT = "about_", "allow_"
WISHES = (
    "interests",
    "preferred_channel",
    "frequency",
    "quiet_from",
    "quiet_until",
    "timezone",
    "packaging",
    "invoice",
)
REACHED_BY = {"email": (Channel.EMAIL,), "phone": (Channel.SMS,)}
"""Kind of identity -> channels that it opens."""
MOST_INTERESTS = 100

_AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the form begins with."""

    member: MemberFacts
    wishes: PreferenceFacts
    consents: Sequence[ConsentFacts]
    asked: Sequence[Attribute]
    said: Mapping[str, Value]


class _Zones(forms.Select):
    """Four hundred options, written by one template and not by two for each."""

    template_name = "members/preference_zones.html"


class PreferenceForm(forms.Form):
    """Everything a member can choose. What was not touched on the page is not written, so that an old page in another
    window undoes nothing: the hidden field `shown` says what each field showed.
    """

    interests = forms.CharField(
        label=gettext_lazy("What you like"),
        help_text=gettext_lazy("In your own words, with commas between them. So that we tell you of these."),
        required=False,
        max_length=2000,
    )
    packaging = forms.CharField(
        label=gettext_lazy("Packaging"),
        help_text=gettext_lazy("The till shows it, so that you need not say it again. For example: no bag."),
        required=False,
        max_length=200,
    )
    invoice = forms.CharField(
        label=gettext_lazy("Invoice"),
        help_text=gettext_lazy("So that you get it as you need it. For example: on paper, to my company."),
        required=False,
        max_length=200,
    )
    preferred_channel = forms.ChoiceField(
        label=gettext_lazy("Best reached by"),
        help_text=gettext_lazy("Where our people write or call themselves, they take this one."),
        required=False,
    )
    frequency = forms.ChoiceField(
        label=gettext_lazy("How often"),
        help_text=gettext_lazy("For news and offers. What you order is not counted."),
        choices=list(FREQUENCIES.items()),
        widget=forms.RadioSelect,
    )
    quiet_from = forms.TimeField(
        label=gettext_lazy("Quiet from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    timezone = forms.ChoiceField(label=gettext_lazy("Hours of"), required=False, widget=_Zones)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        help_text=gettext_lazy("In which we write to you, as far as we speak it."),
        required=False,
    )

    def __init__(self, known: Known, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.known = known
        self.label_suffix = ""
        self._offer_wishes()
        self._offer_consents()
        for asked in known.asked:
            said = known.said.get(asked.code)
            field = field_for(asked, said, _WIDGETS[asked.kind])
            if asked.kind == "date":
                field.widget.input_type = "date"  # the browser's own calendar
            field.disabled = not asked.is_edited_by_member
            field.words = words_of(asked, said) if said is not None else ""  # type: ignore[attr-defined]  # for the page
            self.fields[ATTRIBUTE + asked.code] = field
        self._begin_with(_told(data.get("shown", "")) if data is not None else None)

    def _offer_wishes(self) -> None:
        wishes = self.known.wishes
        channels = list(dict.fromkeys([*self._channels(), *filter(None, [wishes.preferred_channel])]))
        self._choices(
            "preferred_channel", [("", _("no wish"))], [(one, CHANNELS[Channel(one)]) for one in channels]
        )
        own = self.known.member.language
        more = [] if not own or own in LANGUAGES else [(own, own)]
        self._choices("language", [("", _("not said"))], [*LANGUAGES.items(), *more])
        self._choices("timezone", [("", _("our stores"))], _zones())

    def _offer_consents(self) -> None:
        """By the ways in which they can be reached, and those of which they have spoken."""
        for purpose in Purpose:
            spoken = {one.channel for one in self.known.consents if one.purpose == purpose and one.is_given}
            channels = [one for one in Channel if one in self._channels() or one in spoken]
            self.fields[CONSENT + purpose] = forms.MultipleChoiceField(
                label=TITLES[purpose],
                help_text=WHY[purpose],
                choices=[(one.value, CHANNELS[one]) for one in channels],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def _channels(self) -> set[Channel]:
        kinds = {identity.kind for identity in self.known.member.identities}
        return {Channel.INBOX} | {one for kind in kinds for one in REACHED_BY.get(kind, ())}

    def _choices(self, name: str, *choices: Sequence[Any]) -> None:
        self.fields[name].choices = [one for part in choices for one in part]  # type: ignore[attr-defined]  # a choice field

    def _begin_with(self, shown: Mapping[str, Any] | None) -> None:
        """What the fields hold, or held when the page was shown: what differs from it was changed."""
        now = self._holding()
        self.shown = msgspec.json.encode(now if shown is None else shown).decode()
        for name, field in self.fields.items():
            if not field.disabled:
                field.initial = now.get(name) if shown is None else _as_cleaned(field, shown.get(name))
            else:
                field.initial = now.get(name)

    def _holding(self) -> dict[str, Any]:
        """Name -> what holds, as JSON and as the browser sends it."""
        wishes = msgspec.structs.asdict(self.known.wishes)
        hours = {
            name: f"{wishes[name]:%H:%M}" if wishes[name] else "" for name in ("quiet_from", "quiet_until")
        }
        given: dict[str, list[str]] = {CONSENT + purpose: [] for purpose in Purpose}
        for one in self.known.consents:
            if one.is_given:
                given[CONSENT + one.purpose].append(one.channel)
        said = {ATTRIBUTE + one.code: self.fields[ATTRIBUTE + one.code].initial for one in self.known.asked}
        interests = ", ".join(wishes["interests"])
        return {
            **wishes,
            **hours,
            **given,
            **said,
            "interests": interests,
            "language": self.known.member.language,
        }

    def clean_interests(self) -> list[str]:
        words = [
            word.strip()
            for word in self.cleaned_data["interests"].replace("،", ",").replace("、", ",").split(",")
        ]
        interests = list(dict.fromkeys(word for word in words if word))
        if len(interests) > MOST_INTERESTS or any(len(word) > 64 for word in interests):
            raise ValidationError(_("At most 100, each of at most 64 letters."))
        return interests

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        begins, ends = told.get("quiet_from"), told.get("quiet_until")
        if (begins is None) != (ends is None) and not {"quiet_from", "quiet_until"} & self.errors.keys():
            self.add_error(
                "quiet_from" if begins is None else "quiet_until",
                _("Quiet hours have a beginning and an end."),
            )
        return told

    def choices_made(self, language: str) -> Choices:
        """What a valid form changes.

        :param language: of the words that were shown, for the evidence.
        """
        changed, told = set(self.changed_data), self.cleaned_data
        asked = [one for one in self.known.asked if ATTRIBUTE + one.code in changed]
        return Choices(
            wishes={name: told[name] for name in WISHES if name in changed},
            language=told["language"] if "language" in changed else None,
            consents=self._words(changed, language),
            attributes=fields_said(asked, self, ATTRIBUTE),
        )

    def _words(self, changed: set[str], language: str) -> list[ConsentWord]:
        return [
            ConsentWord(
                channel=Channel(channel),
                purpose=purpose,
                is_given=channel in self.cleaned_data[CONSENT + purpose],
                text_version=text_version(language),
            )
            for purpose in Purpose
            if CONSENT + purpose in changed
            for channel in sorted(
                (
                    set(self.fields[CONSENT + purpose].initial or [])
                    ^ set(self.cleaned_data[CONSENT + purpose])
                )
                & set(Channel)
            )
        ]


def text_version(language: str) -> str:
    """Which words a member saw, in which language."""
    return f"{TEXT_VERSION} {language}"


def _told(shown: str) -> Mapping[str, Any]:
    """What the hidden field says; nothing if it was changed into nonsense."""
    try:
        return msgspec.json.decode(shown, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _as_cleaned(field: forms.Field, shown: Any) -> Any:
    """What a browser would have sent; whoever changed the hidden field may have put anything there."""
    texts = [str(one) for one in (shown if isinstance(shown, list) else [shown]) if one is not None]
    try:
        return field.to_python(texts if isinstance(field, forms.MultipleChoiceField) else ", ".join(texts))
    except ValidationError:
        return None


@cache
def _zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """The zones of the IANA list that are places, by area."""
    places = sorted(zone for zone in available_timezones() if zone.partition("/")[0] in _AREAS)
    return [
        (
            area,
            [
                (zone, zone.partition("/")[2].replace("_", " "))
                for zone in places
                if zone.startswith(f"{area}/")
            ],
        )
        for area in _AREAS
    ]


_WIDGETS: Mapping[str, type[forms.Widget]] = {
    "text": forms.TextInput,
    "number": forms.NumberInput,
    "date": forms.DateInput,
    "yes_no": forms.RadioSelect,
    "one_of": forms.RadioSelect,
    "many_of": forms.CheckboxSelectMultiple,
}
