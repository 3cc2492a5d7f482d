"""The page behind the unsubscribe link, as a member sees it: in their language, and loading nothing from elsewhere."""

import gettext
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from members.rules.consents import Channel, Purpose
from members.services.unsubscribing import Subscription, unsubscribe_token
from tests.members.factories import MemberFactory

pytestmark = pytest.mark.django_db
LOCALES = Path(__file__).parents[2] / "members" / "locale"


def page_for(language: str, *, channel: Channel = Channel.EMAIL, browser: str = "en") -> str:
    member = MemberFactory(language=language)
    token = unsubscribe_token(Subscription(member.ref, channel, Purpose.MARKETING))
    answer = Client().get(f"/u/{token}", headers={"Accept-Language": browser})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("language", "browser", "spoken", "words"),
    [
        ("en", "fa", '<html lang="en" dir="ltr">', "about news and offers by e-mail"),
        ("zh-Hant", "en", '<html lang="zh-hant" dir="ltr">', "要停止寄送給您嗎"),
        ("zh-TW", "en", '<html lang="zh-hant" dir="ltr">', "以電子郵件寄送的最新消息與優惠"),
        ("zh-Hans", "en", '<html lang="zh-hans" dir="ltr">', "取消订阅"),
        ("fa", "en", '<html lang="fa" dir="rtl">', "اشتراکم را لغو کنید"),
        ("", "zh-Hant", '<html lang="zh-hant" dir="ltr">', "取消訂閱"),
        ("tlh", "en", '<html lang="en" dir="ltr">', "Shall we stop writing to you?"),
    ],
)
def test_the_page_speaks_the_members_language_or_else_the_browsers(
    language: str, browser: str, spoken: str, words: str
) -> None:
    page = page_for(language, browser=browser)

    assert spoken in page
    assert words in page
    assert translation.get_language() == "en", "the next visitor gets their own"


@pytest.mark.parametrize("token", ["", "x"])
def test_the_page_may_load_its_style_and_post_to_its_own_house_alone(token: str) -> None:
    member = MemberFactory()
    token = token or unsubscribe_token(Subscription(member.ref, Channel.SMS, Purpose.SURVEYS))
    for answer in (Client().get(f"/u/{token}"), Client().post(f"/u/{token}")):
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        page = answer.content.decode()

        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["style-src"] == policy["form-action"] == "'self'"
        assert "<style" not in page
        assert " style=" not in page
        assert 'href="/static/members/unsubscribe.css"' in page


@pytest.mark.parametrize("language", ["zh_Hant", "zh_Hans", "fa"])
def test_every_sentence_is_translated_and_the_compiled_words_are_those_of_the_source(language: str) -> None:
    folder = LOCALES / language / "LC_MESSAGES"
    source = (folder / "django.po").read_text()
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    pairs = dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', source, flags=re.MULTILINE))

    assert len(pairs) > 20
    assert {words: compiled.gettext(words) for words in pairs} == pairs
    assert [words for words, said in pairs.items() if not said] == []
    for words, said in pairs.items():
        assert sorted(re.findall(r"%\(\w+\)\w", words)) == sorted(re.findall(r"%\(\w+\)\w", said)), words
