"""Sending campaigns: each candidate once, each with a verdict and a reason, each with his own offer."""

from datetime import timedelta

import pytest
from django.db import connection

from campaigns.models import CampaignRun, Recipient
from campaigns.queries import campaigns
from campaigns.rules.offers import ExtraPoints
from campaigns.rules.schedules import Weekly
from campaigns.services.campaigns import pause_campaign, schedule_campaign
from campaigns.services.runs import decide_open_chunk, freeze_due_run, run_due
from config.outbox.models import Event
from loyalty.models import Grant
from loyalty.services.checkout import commit_purchase, quote_purchase
from members.models import Member
from omnichannel.models import Message
from tests.campaigns.factories import NOW, Shop, basket, buy, join, scheduled_campaign

pytestmark = pytest.mark.django_db

DUE = NOW + timedelta(hours=1, minutes=5)


def test_each_member_is_granted_triple_points_on_his_own_favourite_category(shop: Shop):
    tea, rice = join(shop), join(shop)
    buy(shop, tea, category="tea")
    buy(shop, rice, category="rice")
    scheduled_campaign(shop)

    assert run_due(now=DUE) == 1

    granted = {grant.member_id: grant.effect["scope"]["categories"] for grant in Grant.objects.all()}
    assert granted == {tea: ["tea"], rice: ["rice"]}
    assert {grant.effect["percent"] for grant in Grant.objects.all()} == {300}
    titles = dict(Message.objects.filter(channel="inbox").values_list("member_id", "subject"))
    assert titles == {tea: "Ada, triple points on tea", rice: "Ada, triple points on rice"}
    assert Message.objects.filter(channel="email").count() == 2
    assert Event.objects.filter(name="campaigns.offer_sent").count() == 2


def test_the_tills_quote_honours_the_offer_for_its_member_alone_and_once(shop: Shop):
    ada, bob = join(shop), join(shop, agrees=())
    buy(shop, ada, category="tea")
    buy(shop, bob, category="tea")
    scheduled_campaign(shop)
    run_due(now=DUE)

    def points(member_id: int) -> int:
        asked = basket(shop, member_id, category="tea", amount_minor=1_000, at=DUE + timedelta(minutes=5))
        return quote_purchase(
            purchase=asked, teller=shop.teller, now=asked.placed_at
        ).settlement.points_earned

    assert (points(ada), points(bob)) == (300, 100)

    at = DUE + timedelta(minutes=10)
    commit_purchase(purchase=basket(shop, ada, category="tea", at=at), teller=shop.teller, now=at)
    assert points(ada) == 100
    run = CampaignRun.objects.select_related("campaign").get()
    assert campaigns.tally_of(run).used == 1


def test_nothing_goes_out_before_its_time(shop: Shop):
    buy(shop, join(shop))
    scheduled_campaign(shop)

    assert run_due(now=NOW + timedelta(minutes=59)) == 0

    assert not Recipient.objects.exists()
    assert not Message.objects.exists()


def test_everyone_not_sent_has_a_reason(shop: Shop):
    """Never 22: who did not get it, and why."""
    sent, silent, no_email, new, gone = (
        join(shop),
        join(shop, agrees=()),
        join(shop, agrees=("email",), email=False),
        join(shop),
        join(shop),
    )
    for member_id in (sent, silent, no_email, gone):
        buy(shop, member_id)
    campaign = scheduled_campaign(shop)
    freeze_due_run(now=DUE)
    Member.objects.filter(pk=gone).update(state="erased")

    assert decide_open_chunk(now=DUE)

    reasons = dict(Recipient.objects.values_list("member_id", "reason"))
    assert reasons == {
        sent: "sent",
        silent: "consent_missing",
        no_email: "address_missing",
        new: "no_favourite_known",
        gone: "member_erased",
    }
    assert list(Grant.objects.values_list("member_id", flat=True)) == [sent]
    tally = campaigns.tally_of(campaign.runs.select_related("campaign").get())
    assert (tally.candidates, tally.sent, tally.withheld, tally.waiting) == (5, 1, 4, 0)


def test_consent_is_asked_for_each_channel(shop: Shop):
    member_id = join(shop, agrees=("inbox",))
    buy(shop, member_id)
    scheduled_campaign(shop)

    run_due(now=DUE)

    told = Recipient.objects.get()
    assert told.channels == {"email": "consent_missing", "inbox": "sent"}
    assert list(Message.objects.values_list("channel", flat=True)) == ["inbox"]


def test_consent_withdrawn_after_the_run_was_frozen_is_respected(shop: Shop):
    """Never 30: what was true when it was planned is asked again when it is sent."""
    member_id = join(shop)
    buy(shop, member_id)
    scheduled_campaign(shop)
    freeze_due_run(now=DUE)
    Member.objects.get(pk=member_id).consents.update(is_given=False)

    run_due(now=DUE)

    assert Recipient.objects.get().reason == "consent_missing"
    assert not Message.objects.exists()
    assert not Grant.objects.exists()


def test_running_again_changes_nothing(shop: Shop):
    """Never 21 and 23: nobody restarts, nobody is skipped."""
    for _ in range(3):
        buy(shop, join(shop))
    campaign = scheduled_campaign(shop)

    for _ in range(3):
        run_due(now=DUE)

    assert (Recipient.objects.count(), Grant.objects.count(), Message.objects.count()) == (3, 3, 6)
    assert campaigns.standing_of(campaign) == "finished"


def test_finished_is_counted_from_recipients(shop: Shop):
    """Never 21: a run whose recipients wait is running, whatever else is written down."""
    buy(shop, join(shop))
    campaign = scheduled_campaign(shop)
    standings = [campaigns.standing_of(campaign)]
    freeze_due_run(now=DUE)
    standings.append(campaigns.standing_of(campaign))
    decide_open_chunk(now=DUE)
    standings.append(campaigns.standing_of(campaign))

    assert standings == ["scheduled", "running", "finished"]


def test_one_bad_recipient_fails_alone_and_the_others_are_sent(shop: Shop):
    """Never 20: a row that cannot be written is isolated, bounded and visible."""
    good, bad, also_good = join(shop), join(shop), join(shop)
    for member_id in (good, bad, also_good):
        buy(shop, member_id)
    campaign = scheduled_campaign(shop)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE loyalty_grant ADD CONSTRAINT poison CHECK (member_id <> {bad})")

    assert [run_due(now=DUE), run_due(now=DUE)] == [1, 0]

    reasons = dict(Recipient.objects.values_list("member_id", "reason"))
    assert reasons == {good: "sent", bad: "could_not_be_granted", also_good: "sent"}
    assert set(Message.objects.values_list("member_id", flat=True)) == {good, also_good}
    assert campaigns.standing_of(campaign) == "finished"


def test_a_letter_that_cannot_be_written_for_one_member_is_withheld_from_him_alone(shop: Shop):
    ada, bob = join(shop), join(shop, name="Bob")
    for member_id in (ada, bob):
        buy(shop, member_id)
    scheduled_campaign(shop, body="{% if member.name == 'Bob' %}{{ member.balance }}{% endif %}Hello")

    run_due(now=DUE)

    assert dict(Recipient.objects.values_list("member_id", "reason")) == {ada: "sent", bob: "content_broken"}
    assert list(Grant.objects.values_list("member_id", flat=True)) == [ada]


def test_a_missed_moment_is_made_up_for_once(shop: Shop):
    """Never 33: what is due is asked, not what time it is; five missed weeks do not send five letters."""
    buy(shop, join(shop))
    campaign = scheduled_campaign(
        shop, schedule=Weekly(starts_on=NOW.date(), weekday=5, at=NOW.time().replace(hour=11))
    )
    late = DUE + timedelta(weeks=5)

    run_due(now=late)
    run_due(now=late)

    assert Recipient.objects.count() == 1
    waiting = campaigns.find_waiting_run(campaign)
    assert waiting is not None
    assert waiting.due_at == NOW + timedelta(weeks=6, hours=1)


def test_a_pause_stops_at_once_and_loses_nobody(shop: Shop):
    buy(shop, join(shop))
    campaign = scheduled_campaign(shop)
    freeze_due_run(now=DUE)
    pause_campaign(campaign.pk, now=DUE)

    assert run_due(now=DUE) == 0
    assert not Message.objects.exists()

    schedule_campaign(campaign.pk, now=DUE)
    assert run_due(now=DUE) == 1
    assert Recipient.objects.get().verdict == Recipient.Outcome.SENT


def test_who_waited_through_a_pause_is_not_told_of_an_offer_that_has_ended(shop: Shop):
    """Never 30: neither a letter nor a grant for what is over."""
    buy(shop, join(shop))
    campaign = scheduled_campaign(shop, valid_days=7)
    freeze_due_run(now=DUE)
    pause_campaign(campaign.pk, now=DUE)
    later = DUE + timedelta(days=8)
    schedule_campaign(campaign.pk, now=later)

    assert run_due(now=later) == 1

    assert Recipient.objects.get().reason == "offer_over"
    assert not Message.objects.exists()
    assert not Grant.objects.exists()
    assert campaigns.standing_of(campaign) == "finished"


def test_an_offer_of_a_run_lasts_to_the_local_end_of_its_last_day(shop: Shop):
    buy(shop, join(shop))
    scheduled_campaign(shop, offer=ExtraPoints(points=50), valid_days=7)

    run_due(now=DUE)

    grant = Grant.objects.get()
    assert grant.valid_from == DUE
    assert grant.valid_until.isoformat() == "2026-11-27T05:00:00+00:00"
    assert "26 November 2026" in Message.objects.filter(channel="inbox").get().body_text


def test_the_cashier_gets_a_sentence_to_say(shop: Shop):
    buy(shop, join(shop))
    scheduled_campaign(shop)

    run_due(now=DUE)

    assert Grant.objects.get().mention == "Triple points on tea, until 26 November 2026."
