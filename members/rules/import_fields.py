"""What a column of an import can hold, and which one it probably is, by its heading."""

import re
from collections import abc
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from members.rules.attributes import Attribute
from members.rules.consents import Channel, Purpose

IDENTITIES = ("phone", "email", "card", "external")
SEVERAL = ("phone", "email", "card")
"""Of these a row may hold several: in columns of their own, and in one cell."""
CONSENTS = {f"consent_{channel}_{purpose}": (channel, purpose) for channel in Channel for purpose in Purpose}
FIELDS = {
    "phone": "Phone",
    "email": "E-mail",
    "card": "Card number",
    "external": "Customer number elsewhere",
    "given_name": "Given name",
    "family_name": "Family name",
    "display_name": "How to call them, or the whole name",
    "language": "Language",
    "birth_date": "Birth date",
    "enrolled_at": "Member since",
    "place_code": "Store (code)",
    **{name: f"Consent: {purpose} by {channel}" for name, (channel, purpose) in CONSENTS.items()},
    "consent_at": "When they consented",
    "consent_text": "Which words they consented to",
}
"""Field -> what it is called."""
ANSWER = "attribute:"
"""Begins the field of a declared attribute; its code follows."""

KnownFields = dict[str, str]
DateOrder = Literal["ymd", "dmy", "mdy"]
Known = Literal["leave", "fill", "overwrite"]
Likely = Literal["leave_out", "enrol"]


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is to be read, and what is to become of its rows.

    :ivar columns: a field for each column, such as `phone` or `attribute:milk`, "" for one that is passed over.
        Several columns may be phones, e-mail addresses or cards.
    :ivar date_order: which comes first in dates like 03/04/1990; year-month-day is understood always.
    :ivar region: two letters; where phone numbers without a country code are at home.
    :ivar external_source: the system that customer numbers without `source:` come from.
    :ivar consent_text: the words that were consented to, where no column says so.
    :ivar known: what becomes of who is a member already: left as they are, filled in where something is missing, or
        overwritten by what the file says. Further phones, addresses, consents and answers are taken by the last two.
    :ivar likely: whether somebody is enrolled who is probably a member already.
    """

    columns: tuple[str, ...]
    date_order: DateOrder = "ymd"
    region: str = "US"
    external_source: str = ""
    consent_text: str = ""
    known: Known = "leave"
    likely: Likely = "leave_out"


_ALSO = {
    "phone": "phonenumber mobile mobilephone mobilenumber tel telephone cell cellphone telefon handy telefono telefone"
    " otherphone secondphone secondaryphone alternatephone additionalphone mobilephonenumber"
    " 電話 手機 手機號碼 行動電話 电话 手机 手机号 手机号码 تلفن موبایل شماره_موبایل شماره_تلفن",
    "email": "emailaddress mail mailaddress correo courriel otheremail secondemail"
    " secondaryemail alternateemail additionalemail additionalemailaddresses 電子郵件 電郵 信箱 邮箱 电子邮件 ایمیل",
    "card": "cardnumber cardno loyaltycard membercard barcode kartennummer tarjeta"
    " 卡號 會員卡號 卡号 会员卡号 شماره_کارت",
    "external": "id externalid customerid customernumber customerno memberid membernumber memberno clientid crmid"
    " kundennummer 會員編號 客戶編號 会员编号 客户编号 شناسه کد_مشتری",
    "given_name": "givenname firstname forename first vorname nombre prenom 名 名字 نام",
    "family_name": "familyname lastname surname last nachname name2 apellido apellidos nom 姓 姓氏 نام_خانوادگی",
    "display_name": "displayname name fullname nickname customername 姓名 暱稱 昵称 نام_کامل",
    "language": "lang locale sprache idioma langue 語言 语言 زبان",
    "birth_date": "birthdate birthday dateofbirth dob born geburtsdatum geburtstag nacimiento 生日 出生日期 تاریخ_تولد",
    "enrolled_at": "enrolledat membersince joined joinedat joindate created createdat registered registeredat"
    " 加入日期 註冊日期 注册日期 تاریخ_عضویت",
    "place_code": "placecode store storecode shop place branch filiale 門市 門店 门店 فروشگاه",
    "consent_email_marketing": "newsletter emailoptin optinemail marketingemail emailmarketing emailconsent",
    "consent_sms_marketing": "smsoptin optinsms marketingsms smsmarketing smsconsent",
    "consent_at": "consentat consentdate optindate consentedat",
    "consent_text": "consenttext consentversion textversion",
}
_NOISE = re.compile(r"[\W_]+")
_NUMBERED = re.compile(r"(\D+)\d(value|address|number)?")
"""`Phone 2`, and `Phone 1 - Value` or `E-mail 2 Address` as address books write them."""


def plain_heading(heading: str) -> str:
    """
    >>> plain_heading("E-Mail address ")
    'emailaddress'
    """
    return _NOISE.sub("", heading.casefold())


_NAMED = {plain_heading(field): field for field in FIELDS}
_ALSO_KNOWN = {plain_heading(word): field for field, words in _ALSO.items() for word in words.split()}


def field_of(code: str) -> str:
    """
    >>> field_of("milk")
    'attribute:milk'
    """
    return ANSWER + code


def fields_with(asked: Iterable[Attribute]) -> dict[str, str]:
    """Field -> what it is called, with those of the attributes that are declared."""
    return FIELDS | {field_of(one.code): f"Answer: {one.label}" for one in asked}


def guess_columns(
    headings: Sequence[str], asked: Iterable[tuple[str, Iterable[str]]] = ()
) -> tuple[str, ...]:
    """A field for each heading, "" where none is known. Of phones, addresses and cards there may be several; any other
    field is had by the first that could be it. Phones of homes and firms are not guessed: others go by them too.

    :param asked: the code of each attribute and what it is called: after the names of the fields, and before other
        words for them.
    """
    answers: dict[str, str] = {}
    for code, labels in asked:
        for word in (code, field_of(code), *labels):
            answers.setdefault(plain_heading(word), field_of(code))
    known, taken = _ALSO_KNOWN | answers | _NAMED, set[str]()
    return tuple(_once(_field_known(plain_heading(heading), known), taken) for heading in headings)


def _field_known(heading: str, known: abc.Mapping[str, str]) -> str:
    numbered = _NUMBERED.fullmatch(heading)
    if heading in known or numbered is None:
        return known.get(heading, "")
    field = known.get(numbered[1], "")
    return field if field in SEVERAL else ""


def _once(field: str, taken: set[str]) -> str:
    if not field or (field in taken and field not in SEVERAL):
        return ""
    taken.add(field)
    return field


def faults_of(columns: Iterable[str], fields: KnownFields = FIELDS) -> list[str]:
    """What is wrong with a mapping, in words; nothing if it can be used."""
    chosen = [field for field in columns if field]
    unknown = sorted(set(chosen) - fields.keys())
    faults = [f"There is no field {name!r}; known are {', '.join(fields)}." for name in unknown]
    once = [field for field in chosen if field in fields and field not in SEVERAL]
    twice = sorted({fields[field] for field in once if once.count(field) > 1})
    if twice:
        faults.append(f"Two columns are to be the same: {', '.join(twice)}. Pass one of them over.")
    if not set(IDENTITIES) & set(chosen):
        faults.append(
            "Say which column holds a phone, an e-mail address, a card or a customer number: a member is known by one."
        )
    return faults
