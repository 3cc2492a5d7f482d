"""A campaign asks a survey: a link of one's own below each letter, answered once for each sending."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from campaigns.errors import ContentNotValid, SurveyNotUsable
from campaigns.models import Campaign, CampaignRun, Recipient
from campaigns.rules.offers import ExtraPoints, NoOffer
from campaigns.rules.schedules import Daily
from campaigns.services.runs import decide_open_chunk, freeze_due_run, run_due
from config.outbox.models import Event
from loyalty.models import Grant
from members.models import Member
from members.queries.timeline import list_timeline
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.timeline import Asked
from members.services.consents import record_consents
from omnichannel.models import Message, ServiceCase, Survey, SurveyInvitation
from omnichannel.rules.surveys import ScoreQuestion, SurveyDefinition
from omnichannel.services.surveys import declare_survey
from tests.campaigns.factories import NOW, Shop, define, draft_campaign, join, scheduled_campaign
from tests.campaigns.test_admin import _fields
from tests.members.test_admin import staff

pytestmark = pytest.mark.django_db
DUE = NOW + timedelta(hours=1, minutes=5)
ASKS: dict[str, Any] = {
    "offer": NoOffer(),
    "purpose": "surveys",
    "survey": "visit",
    "title": "How was it?",
    "subject": "{{ member.name }}, how was it?",
    "body": "Hello {{ member.name }}",
}


@pytest.fixture(autouse=True)
def survey(shop: Shop) -> Survey:
    words = {"en": "Would you recommend us?", "fa": "ما را پیشنهاد می‌کنید؟"}
    asked = SurveyDefinition(questions=[ScoreQuestion(code="recommend", words=words)])
    declare_survey(
        shop.programme.pk, "visit", title="After the visit", definition=asked, case_up_to=6, is_open=True
    )
    return Survey.objects.get()


def agrees(shop: Shop, *, channels: Sequence[str] = ("email", "inbox"), language: str = "en") -> int:
    """A member who agreed to surveys."""
    member_id = join(shop, agrees=())
    words = [ConsentWord(channel=Channel(one), purpose=Purpose.SURVEYS, is_given=True) for one in channels]
    record_consents(member_id, words, source="app", actor="test", happened_at=NOW, now=NOW)
    Member.objects.filter(pk=member_id).update(language=language)
    return member_id


def link_in(message: Message) -> str:
    found = re.search(r"/s/\S+", message.body_text)
    assert found is not None
    return found[0]


def test_each_member_gets_a_link_of_their_own_and_answers_once(shop: Shop) -> None:
    ada, bob = agrees(shop), agrees(shop, channels=["inbox"], language="fa")
    join(shop)
    scheduled_campaign(shop, **ASKS)

    assert run_due(now=DUE) == 1

    letters = {(one.member_id, one.channel): one for one in Message.objects.all()}
    assert set(letters) == {(ada, "email"), (ada, "inbox"), (bob, "inbox")}
    mail, inbox = letters[ada, "email"], letters[ada, "inbox"]
    assert "Would you recommend us?" in mail.body_html
    assert "ما را پیشنهاد می‌کنید؟" in letters[bob, "inbox"].body_text
    assert mail.body_html.index("Would you recommend us?") < mail.body_html.index("Unsubscribe")
    assert link_in(mail) == link_in(inbox) != link_in(letters[bob, "inbox"])
    assert inbox.facts["survey_url"].endswith(link_in(inbox))
    assert (Grant.objects.count(), Event.objects.filter(name="campaigns.offer_sent").count()) == (0, 0)
    with time_machine.travel(DUE + timedelta(hours=1), tick=True):
        for score in ("3", "10"):
            assert Client().post(link_in(mail), {"recommend": score}).status_code == 200
    answers = dict(SurveyInvitation.objects.values_list("member_id", "score"))
    assert answers == {ada: 3, bob: None}
    case = ServiceCase.objects.get()
    assert (case.member_id, case.subject) == (ada, "After the visit: 3 of 10")


def test_each_sending_is_asked_and_answered_by_itself(shop: Shop) -> None:
    ada = agrees(shop)
    local = NOW.replace(tzinfo=None)
    scheduled_campaign(shop, **ASKS, schedule=Daily(starts_on=local.date(), at=local.time().replace(hour=11)))

    for day in range(2):
        run_due(now=DUE + timedelta(days=day))

    assert list(SurveyInvitation.objects.values_list("member_id", flat=True)) == [ada, ada]
    assert len({link_in(message) for message in Message.objects.all()}) == 2


def test_a_survey_that_is_closed_meanwhile_is_asked_of_nobody(shop: Shop, survey: Survey) -> None:
    agrees(shop)
    scheduled_campaign(shop, **ASKS)
    freeze_due_run(now=DUE)
    Survey.objects.filter(pk=survey.pk).update(is_open=False)

    assert decide_open_chunk(now=DUE)

    assert Recipient.objects.get().reason == "offer_over"
    assert not Message.objects.exists()
    assert not SurveyInvitation.objects.exists()


def test_an_offer_can_ask_too(shop: Shop) -> None:
    agrees(shop)
    scheduled_campaign(shop, **ASKS | {"offer": ExtraPoints(points=50)})

    run_due(now=DUE)

    assert Grant.objects.get().effect["points"] == 50
    assert SurveyInvitation.objects.count() == 1


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"survey": "other"}, "/plan/survey"),
        ({"purpose": "marketing"}, "/plan/purpose"),
        ({"body": "We have {{ offer.words }} for you"}, "/plan/body"),
    ],
)
def test_what_cannot_be_asked_is_refused(shop: Shop, parts: dict[str, Any], pointer: str) -> None:
    with pytest.raises((SurveyNotUsable, ContentNotValid)) as refused:
        draft_campaign(shop, **ASKS | parts)
    assert refused.value.pointer == pointer
    assert not Campaign.objects.exists()


def test_the_page_of_a_run_counts_what_was_answered_to_it(shop: Shop) -> None:
    for _ in range(4):
        agrees(shop, channels=["inbox"])
    local, marketer = NOW.replace(tzinfo=None), staff("marketer")
    scheduled_campaign(shop, **ASKS, schedule=Daily(starts_on=local.date(), at=local.time().replace(hour=11)))
    for day, scores in enumerate(((10, 9, 3), (0,))):
        run_due(now=DUE + timedelta(days=day))
        letters = Message.objects.filter(queued_at__gte=DUE + timedelta(days=day)).order_by("pk")
        with time_machine.travel(DUE + timedelta(days=day, hours=1), tick=True):
            for letter, score in zip(letters, scores, strict=False):
                assert Client().post(link_in(letter), {"recommend": str(score)}).status_code == 200

    run = CampaignRun.objects.get(number=1)
    page = marketer.get(f"/admin/campaigns/campaignrun/{run.pk}/change/").content.decode()

    shown = re.sub(r"(<[^>]*>|\s)+", " ", page)
    assert "Asked 4 · 100 % Answered 3 · 75 % Net promoter score: 33 Promoters, 9 or 10 2 · 67 %" in shown
    assert "Passives, 7 or 8 0 · 0 % Detractors, up to 6 1 · 33 %" in shown
    assert "Offer used" not in shown


def test_the_page_of_a_run_that_asks_nothing_speaks_of_no_answers(shop: Shop) -> None:
    join(shop)
    scheduled_campaign(shop)
    run_due(now=DUE)

    run = CampaignRun.objects.get(number=1)
    page = staff("marketer").get(f"/admin/campaigns/campaignrun/{run.pk}/change/").content.decode()

    assert "Offer used" in page
    assert "Answered" not in page


def test_the_timeline_says_that_they_were_written_to(shop: Shop) -> None:
    ada = agrees(shop)
    scheduled_campaign(shop, **ASKS)
    run_due(now=DUE)

    asked = Asked(people=(ada,), now=DUE + timedelta(hours=1), limit=5, kinds=frozenset(["offer"]))

    assert [one.words for one in list_timeline(asked)] == ["Was written to: How was it?"]


def test_a_marketer_asks_a_survey_by_the_form(shop: Shop) -> None:
    agrees(shop)
    marketer, page = staff("marketer"), "/admin/campaigns/campaign/"
    told = {
        "offer_kind": "nothing",
        "survey": "visit",
        "subject": "How was it?",
        "body": "Hello",
        "title": "Ask",
    }
    fields = _fields(shop, define(shop), **told)

    refused = marketer.post(f"{page}add/", fields | {"purpose": "marketing"})
    assert "purpose" in refused.context["adminform"].form.errors
    seen = marketer.post(f"{page}preview/", fields | {"purpose": "surveys"}).content.decode()
    assert "Would you recommend us?" in seen
    assert not SurveyInvitation.objects.exists()
    assert marketer.post(f"{page}add/", fields | {"purpose": "surveys"}).status_code == 302
    shown = marketer.get(f"{page}{Campaign.objects.get().pk}/change/").content.decode()
    assert re.search(r'<option value="visit"[^>]* selected', shown)


def test_a_campaign_whose_survey_is_closed_is_not_saved_without_it(shop: Shop) -> None:
    """The form shows what it asks, and why it cannot: nobody takes it away by mending a letter."""
    campaign, marketer = draft_campaign(shop, **ASKS), staff("marketer")
    Survey.objects.update(is_open=False)
    page = f"/admin/campaigns/campaign/{campaign.pk}/change/"

    form = marketer.get(page).context["adminform"].form
    kept = {name: form[name].value() for name in form.fields}
    refused = marketer.post(page, {name: value for name, value in kept.items() if value is not None})

    assert re.search(r'<option value="visit"[^>]* selected', marketer.get(page).content.decode())
    assert list(refused.context["adminform"].form.errors) == ["survey"]
