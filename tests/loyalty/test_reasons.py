"""Reasons in the reader's language: said from what is kept, whenever they are told; what is kept stays as it is."""

import ast
import gettext
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Value
from django.db.models.functions import Replace

from config.ground import words as ground_words
from config.ground.tongues import reading
from config.staff.roles import ADMINISTRATOR
from loyalty.models import Rule, Settlement
from loyalty.queries.reasons import LOCALES
from loyalty.rules import condition_words, reasons, recurrence, words
from loyalty.rules.condition_words import Manner
from loyalty.rules.conditions import Buys, Hours, Spends, TierIs, Weekdays
from loyalty.rules.definition import Cap, FixedPoints, Multiplier, PerItem, RuleDefinition
from loyalty.services.grants import GrantDraft, grant_to
from loyalty.services.rules import publish_rule
from omnichannel.models import UnclaimedOrder
from tests.loyalty.conftest import LONG_AGO, Shop, basket
from tests.loyalty.test_admin_rules import signed_in
from tests.loyalty.test_why import bought, tea_shop, why  # noqa: F401 - a fixture

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9"}


def ruled(shop: Shop, code: str, definition: RuleDefinition) -> None:
    publish_rule(
        programme_id=shop.programme.pk,
        code=code,
        name=code.title(),
        definition=definition,
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )


def why_in_chinese(shop: Shop, ref: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {shop.key}", **CHINESE}
    told: dict[str, Any] = shop.client.get(f"/api/v1/orders/{ref}/why", headers=headers).json()
    return told


@pytest.mark.django_db
def test_why_is_told_in_the_reader_s_language_from_what_was_kept(tea_shop: Shop) -> None:  # noqa: F811
    ref = bought(tea_shop)
    english, kept = why(tea_shop, ref), Settlement.objects.get(order_ref=ref).answer
    Rule.objects.filter(code="tea").update(name="茶周")

    told = why_in_chinese(tea_shop, ref)

    assert [one["because"] for one in told["earned"]] == [
        "每满 1.00 USD 得 10 积分",
        "茶周：双倍积分，比基本积分多 120 分",
    ]
    assert told["for_cashier"][:3] == [
        "在等级“Basic”获得了 370 积分。",
        "250 积分，依据“Base”第 1 版：每满 1.00 USD 得 10 积分（整笔购物）。",
        "120 积分，依据“茶周”第 1 版：双倍积分，比基本积分多 120 分（Oolong）。",
    ]
    assert told["not_applied"][0]["because"] == "Big shopping：未达到最低消费；还差 875.00 USD。"
    assert not [line for line in told["for_member"] if re.search("points|earned|left|You", line)]
    numbers = [
        [(one["rule"], one["points"], one["lines"]) for one in each["earned"]] for each in (told, english)
    ]
    assert numbers[0] == numbers[1]
    assert Settlement.objects.get(order_ref=ref).answer == kept
    Rule.objects.filter(code="tea").update(name="Tea week")
    assert why(tea_shop, ref) == english


@pytest.mark.django_db
def test_each_condition_that_did_not_hold_says_what_was_missing(shop: Shop) -> None:
    ruled(shop, "gold", RuleDefinition(effect=Multiplier(percent=150), conditions=[TierIs(tiers=["gold"])]))
    ruled(shop, "pots", RuleDefinition(effect=FixedPoints(points=5), conditions=[Buys(pieces=3)]))
    ruled(
        shop, "much", RuleDefinition(effect=FixedPoints(points=5), conditions=[Spends(minimum_minor=9_900)])
    )
    ruled(shop, "cap", RuleDefinition(effect=FixedPoints(points=50), caps=[Cap(per="member_day", points=20)]))
    body = basket(1_000, member=shop.enrol())

    quoted = shop.post("checkout/quote", body, **CHINESE).json()["settlement"]

    assert quoted["earned"][1]["because"] == "Cap：50 积分；因有上限，其中 20 分有效"
    reasons_told = {one["what"]: one["because"] for one in quoted["not_applied"]}
    assert reasons_told == {
        "rule gold": "Gold：须满足：限 Gold 等级会员。",
        "rule pots": "Pots：须满足：满 3 件；2 件仍需购买。",
        "rule much": "Much：须满足：消费满 99.00 USD；还差 89.00 USD。",
        "rule cap": "Cap：50 分中的 20 积分：每位会员每天最多 20 积分。",
    }
    assert shop.quote(body).json()["settlement"]["not_applied"][0]["because"].startswith("Cap: 20 points")


@pytest.mark.django_db
def test_a_purchase_booked_in_one_language_is_told_again_in_another(shop: Shop) -> None:
    member = shop.enrol()
    body = basket(1_000, member=member)
    booked = shop.post("checkout/commit", body, **{"Idempotency-Key": "one"}, **CHINESE).json()
    again = shop.commit(body, "one").json()
    unknown = shop.post(
        "checkout/commit", body, **{"Idempotency-Key": "one"}, **{"Accept-Language": "fr"}
    ).json()

    assert [one["because"] for one in booked["settlement"]["earned"]] == ["每满 1.00 USD 得 10 积分"]
    assert [one["because"] for one in again["settlement"]["earned"]] == [
        "10 points for each full 1.00 USD paid"
    ]
    assert unknown == again


@pytest.mark.django_db
def test_an_offer_is_said_by_its_title_and_what_it_gives(shop: Shop) -> None:
    member, now = shop.enrol(), datetime.now(UTC)
    draft = GrantDraft(
        member_id=member.pk,
        programme_id=shop.programme.pk,
        cause="campaign:1",
        title="谢谢",
        effect=FixedPoints(points=30),
        valid_from=now - timedelta(days=1),
        valid_until=now + timedelta(days=1),
    )
    grant_to([draft], now=now)
    quoted = shop.post("checkout/quote", basket(1_000, member=member), **CHINESE).json()["settlement"]
    assert quoted["earned"][1]["because"] == "谢谢：30 积分"


@pytest.mark.django_db
def test_pieces_are_counted_as_they_were_bought_where_a_cap_took_points(shop: Shop) -> None:
    ruled(shop, "pots", RuleDefinition(effect=PerItem(points=10), caps=[Cap(per="member_day", points=25)]))
    body = basket(1_000, 1_000, 1_000, member=shop.enrol())
    quoted = shop.post("checkout/quote", body, **CHINESE).json()["settlement"]
    assert "3 件" in quoted["earned"][1]["because"]
    assert "3 pieces; its cap lets 25" in shop.quote(body).json()["settlement"]["earned"][1]["because"]


@pytest.mark.django_db
def test_what_a_member_would_earn_is_told_who_is_not_named(shop: Shop) -> None:
    ref = shop.commit(basket(1_000)).json()["order"]["ref"]
    assert why_in_chinese(shop, ref)["for_member"] == ["未出示会员；会员可获得 100 积分。"]
    UnclaimedOrder.objects.update(answer=Replace("answer", Value(',"missing":100'), Value("")))
    assert why_in_chinese(shop, ref)["for_member"] == ["未出示会员；会员可获得积分。"]


@pytest.mark.django_db
def test_one_point_is_told_as_one(shop: Shop) -> None:
    ruled(shop, "one", RuleDefinition(effect=FixedPoints(points=1)))
    told = why(shop, bought(shop))
    assert (
        told["for_cashier"][2]
        == "1 point by One, version 1: 1 point for 25.00 USD paid (on the whole purchase)."
    )
    assert told["for_member"][2] == "1 point: One: 1 point for 25.00 USD paid."


@pytest.mark.django_db
def test_the_page_in_the_admin_speaks_the_colleague_s_language(tea_shop: Shop) -> None:  # noqa: F811
    ref = bought(tea_shop)
    client = signed_in(ADMINISTRATOR)
    page = f"/admin/loyalty/settlement/of/{ref}/"
    assert "依据“Tea week”第 1 版" in client.get(page, headers=CHINESE).content.decode()
    assert "points by Tea week, version 1" in client.get(page).content.decode()


def test_hours_and_weekdays_are_said_with_the_words_of_the_language() -> None:
    evening, wednesday = Hours(starts=time(18), ends=time(0)), Weekdays(days=[3])
    with reading("zh_Hans", LOCALES):
        told = [condition_words.words_of_condition(each, Manner()) for each in (evening, wednesday)]
        friday = recurrence.words_of_recurrence("FREQ=MONTHLY;BYDAY=1FR")
    assert told == ["18:00 起", "星期三"]
    assert friday == "每月的 第一个星期五"


def constants() -> Iterator[str]:
    """What is said by a name in place of the words."""
    yield from condition_words.CHANNELS.values()
    yield from condition_words.DAYS
    yield condition_words.EVERYTHING_SAID
    yield from ground_words._MULTIPLES.values()
    yield from words._PER.values()
    yield from words._ROUNDED.values()
    yield from reasons._BY_CODE.values()
    yield from recurrence._PLACES.values()
    yield from (f"{each} {unit}" for unit in recurrence._UNITS.values() for each in ("every", "each"))


def literals() -> Iterator[str]:
    """What is said as it stands in the code."""
    sources = [*Path(settings.BASE_DIR, "loyalty", "rules").glob("*.py")]
    sources += [Path(str(ground_words.__file__)), Path(LOCALES.parent, "queries", "reasons.py")]
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text())):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "said"
            if called and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]  # a call
                yield node.args[0].value  # type: ignore[attr-defined]  # as above


def test_every_sentence_is_translated_and_the_compiled_words_are_those_of_the_source() -> None:
    folder = LOCALES / "zh_Hans" / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    pairs = dict(
        re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', (folder / "django.po").read_text(), flags=re.MULTILINE)
    )
    assert {words_: compiled.gettext(words_) for words_ in pairs} == pairs
    assert {*literals(), *constants()} - pairs.keys() == set()
    for words_, said in pairs.items():
        assert sorted(re.findall(r"{\w+}", words_)) == sorted(re.findall(r"{\w+}", said)), words_
