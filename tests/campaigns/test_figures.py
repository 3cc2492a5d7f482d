"""The card of campaigns."""

from datetime import timedelta

import pytest

from campaigns.admin import dashboard
from campaigns.queries.figures import RunFigures, list_last_runs
from campaigns.services.runs import run_due
from loyalty.services.checkout import commit_purchase
from omnichannel.models import Message
from omnichannel.services.messages import mark_read
from tests.campaigns.factories import NOW, Shop, basket, buy, join, open_shop, scheduled_campaign

pytestmark = pytest.mark.django_db

DUE = NOW + timedelta(hours=1, minutes=5)


def test_nothing_sent_is_drawn_as_nothing() -> None:
    scheduled_campaign(open_shop())

    assert list_last_runs(5) == []
    assert dashboard.last_campaigns(NOW).labels == []


def test_a_run_tells_who_got_it_read_it_used_it_and_who_was_left_out(shop: Shop) -> None:
    ada, bob, silent = join(shop), join(shop), join(shop, agrees=())
    for member in (ada, bob, silent):
        buy(shop, member, category="tea")
    campaign = scheduled_campaign(shop)
    run_due(now=DUE)
    for letter in Message.objects.filter(member_id=ada, channel="inbox"):
        mark_read(member_id=ada, ref=letter.ref, now=DUE)
    at = DUE + timedelta(minutes=10)
    commit_purchase(purchase=basket(shop, ada, category="tea", at=at), teller=shop.teller, now=at)

    shown = list_last_runs(5)

    assert shown == [RunFigures(name=f"{campaign.name} (1)", sent=2, opened=1, used=1, left_out=1)]
