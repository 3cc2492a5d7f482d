"""What leaves the house: mail as MIME, SMS as files or HTTPS, and what the carriers' answers mean."""

import email
import smtplib
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import requests
import responses
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import Settings

from omnichannel.adapters.carriers import CarrierAway, NotDelivered, Parcel, Uncertain, carrier_for
from omnichannel.adapters.email import EmailCarrier
from omnichannel.adapters.files import FileSmsCarrier
from omnichannel.adapters.https_sms import HttpsSmsCarrier
from omnichannel.adapters.mime import HandMadeMail

SMS_URL = "https://sms.example/send"


def parcel(**changes: str) -> Parcel:
    facts = {"ref": "msg_1", "address": "ada@example.com", "subject": "Hello", "body_text": "Good day."}
    return Parcel(**(facts | changes))


def parsed(mail_bytes: bytes) -> EmailMessage:
    message = email.message_from_bytes(mail_bytes, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.MESSAGE_FOLDER = tmp_path / "outbox"
    return settings.MESSAGE_FOLDER


@pytest.mark.parametrize("linesep", ["\n", "\r\n"])
def test_hand_made_mail_reads_like_any_other(linesep: str) -> None:
    texts = {
        "subject": "您的紅利點數即將到期，請在本月底之前使用，不要錯過這個機會哦！",
        "body_text": "您好\r\n\r\n" + "點" * 2000,
        "body_html": "<p>سلام</p>\n",
        "unsubscribe_url": "https://shop.example/unsubscribe/abc.def",
    }

    message = parsed(HandMadeMail(parcel(**texts)).message().as_bytes(linesep=linesep))

    assert message["Subject"] == texts["subject"]
    assert (message["To"], message["From"].addresses[0].domain) == ("ada@example.com", "regulars.example")
    assert message["List-Unsubscribe"] == f"<{texts['unsubscribe_url']}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"] == "<msg_1@regulars.example>"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == texts["body_text"].splitlines()
    assert html.get_content().strip() == texts["body_html"].strip()


def test_a_mail_without_html_is_one_readable_part() -> None:
    content = HandMadeMail(parcel(body_text="Your code is 123456.")).message().as_bytes()

    assert not parsed(content).is_multipart()
    assert b"Your code is 123456." in content
    assert "List-Unsubscribe" not in parsed(content)


def test_nothing_in_a_text_becomes_a_header() -> None:
    evil = parcel(subject="Hi\r\nBcc: all@example.com", address="ada@example.com\nBcc: x@example.com")

    message = parsed(HandMadeMail(evil).message().as_bytes())

    assert message["Bcc"] is None


def test_mail_goes_through_djangos_mail(mailoutbox: list[mail.EmailMessage]) -> None:
    carrier_id = EmailCarrier().send(parcel(body_html="<p>Good day.</p>"), timeout_s=1)

    (sent,) = mailoutbox
    assert (sent.to, sent.subject, sent.body) == (["ada@example.com"], "Hello", "Good day.")
    assert carrier_id == "<msg_1@regulars.example>"


def test_in_the_local_stack_every_mail_is_a_file_that_sorts_by_time(folder: Path, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "omnichannel.adapters.files.FileMailBackend"
    carrier = EmailCarrier()

    carrier.send(parcel(ref="msg_1"), timeout_s=1)
    carrier.send(parcel(ref="msg_2", address="bob@example.com"), timeout_s=1)
    mail.send_mail("Your code", "123456", None, ["eve@example.com"])

    names = sorted(path.name for path in folder.iterdir())
    assert [name.partition("-email-")[2] for name in names] == [
        "ada@example.com.eml",
        "bob@example.com.eml",
        "eve@example.com.eml",
    ]
    assert b"To: ada@example.com" in (folder / names[0]).read_bytes()


def test_an_sms_is_a_file_that_people_can_read(folder: Path) -> None:
    name = FileSmsCarrier().send(parcel(address="+12125550123", body_text="Hello Ada"), timeout_s=1)

    assert name.endswith("-sms-12125550123.txt")
    assert (folder / name).read_text() == "To: +12125550123\n\nHello Ada\n"


def test_an_address_cannot_lead_out_of_the_folder(folder: Path) -> None:
    name = FileSmsCarrier().send(parcel(address="../../etc/passwd"), timeout_s=1)

    assert [path.name for path in folder.iterdir()] == [name]


class ToldBackend(BaseEmailBackend):
    """A mail server of the tests that does as it is told."""

    on_open: Exception | None = None
    on_send: Exception | None = None

    def open(self) -> bool:
        if self.on_open:
            raise self.on_open
        return True

    def send_messages(self, email_messages: object) -> int:
        if self.on_send:
            raise self.on_send
        return 1


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> type[ToldBackend]:
    settings.EMAIL_BACKEND = "tests.omnichannel.test_carriers.ToldBackend"
    monkeypatch.setattr(ToldBackend, "on_open", None)
    monkeypatch.setattr(ToldBackend, "on_send", None)
    return ToldBackend


@pytest.mark.parametrize(
    ("answer", "is_permanent"),
    [
        (smtplib.SMTPRecipientsRefused({"ada@example.com": (550, b"no such mailbox")}), True),
        (smtplib.SMTPRecipientsRefused({"ada@example.com": (450, b"greylisted")}), False),
        (smtplib.SMTPDataError(554, b"spam"), True),
        (smtplib.SMTPDataError(451, b"try later"), False),
    ],
)
def test_a_mail_servers_no_is_a_refusal(
    server: type[ToldBackend], answer: smtplib.SMTPException, is_permanent: bool
) -> None:
    server.on_send = answer

    with pytest.raises(NotDelivered) as refusal:
        EmailCarrier().send(parcel(), timeout_s=1)

    assert refusal.value.is_permanent is is_permanent


@pytest.mark.parametrize(
    "silence", [TimeoutError(), smtplib.SMTPServerDisconnected("gone"), ConnectionResetError()]
)
def test_silence_after_bytes_were_sent_is_a_doubt(server: type[ToldBackend], silence: Exception) -> None:
    server.on_send = silence

    with pytest.raises(Uncertain):
        EmailCarrier().send(parcel(), timeout_s=1)


@pytest.mark.parametrize(
    "fault", [ConnectionRefusedError(), TimeoutError(), smtplib.SMTPConnectError(421, b"busy")]
)
def test_a_mail_server_that_does_not_open_is_away(server: type[ToldBackend], fault: Exception) -> None:
    server.on_open = fault

    with pytest.raises(CarrierAway):
        EmailCarrier().send(parcel(), timeout_s=1)


@pytest.fixture
def provider(settings: Settings) -> HttpsSmsCarrier:
    settings.SMS_URL = SMS_URL
    settings.SMS_TOKEN = "secret"
    return HttpsSmsCarrier()


@responses.activate
def test_an_sms_goes_to_the_provider_with_our_ref(provider: HttpsSmsCarrier) -> None:
    wanted = {"id": "msg_1", "to": "+12125550123", "text": "Good day."}
    responses.post(
        SMS_URL,
        json={"id": 77},
        match=[
            responses.matchers.json_params_matcher(wanted),
            responses.matchers.header_matcher({"Authorization": "Bearer secret"}),
        ],
    )

    assert provider.send(parcel(address="+12125550123"), timeout_s=1) == "77"


@pytest.mark.parametrize(("status", "is_permanent"), [(400, True), (404, True), (302, True), (429, False)])
@responses.activate
def test_a_providers_no_is_a_refusal(provider: HttpsSmsCarrier, status: int, is_permanent: bool) -> None:
    responses.post(SMS_URL, status=status)

    with pytest.raises(NotDelivered) as refusal:
        provider.send(parcel(), timeout_s=1)

    assert refusal.value.is_permanent is is_permanent


@pytest.mark.parametrize(
    "answer", [requests.ReadTimeout(), requests.ConnectionError("reset by peer"), 500, 503]
)
@responses.activate
def test_a_providers_silence_is_a_doubt(provider: HttpsSmsCarrier, answer: Exception | int) -> None:
    if isinstance(answer, int):
        responses.post(SMS_URL, status=answer)
    else:
        responses.post(SMS_URL, body=answer)

    with pytest.raises(Uncertain):
        provider.send(parcel(), timeout_s=1)


def test_a_provider_that_cannot_be_reached_is_away(settings: Settings) -> None:
    settings.SMS_URL = "http://127.0.0.1:9/"
    settings.SMS_TOKEN = ""

    with pytest.raises(CarrierAway):
        HttpsSmsCarrier().send(parcel(), timeout_s=1)


@pytest.mark.parametrize("channel", ["email", "sms", "inbox"])
def test_every_channel_has_a_carrier(channel: str) -> None:
    carrier_for(channel).close()
