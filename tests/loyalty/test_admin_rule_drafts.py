"""Approval on the staff's pages: two people, one rule."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.staff.models import Staff
from config.staff.roles import CASHIER, FINANCE, MARKETER
from loyalty.models import BackTest, ProgrammeDraft, ProgrammeTerms, RuleDraft, RuleVersion
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop
from tests.loyalty.test_admin_rules import answers, signed_in, tea
from tests.loyalty.test_admin_tiers import AS_THEY_ARE

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A shop whose terms ask for a second person."""
    return open_shop(rules_need_approval=True)


def client_of(person: Staff) -> Client:
    client = Client()
    client.force_login(person)
    return client


def press(client: Client, draft: RuleDraft, button: str, **fields: str) -> str:
    """The draft's page after a button was pressed on it as it stands, or as it stood when `read` was read."""
    path = f"/admin/loyalty/ruledraft/{draft.pk}/change/"
    fields = {"read": read_on(client, draft), **fields}
    return client.post(path, {button: "", **fields}, follow=True).content.decode()


def read_on(client: Client, draft: RuleDraft) -> str:
    """What the page says that its reader has read; nothing where there is nothing to approve."""
    page = client.get(f"/admin/loyalty/ruledraft/{draft.pk}/change/").content.decode()
    found = re.search(r'name="read" value="(\w+)"', page)
    return found[1] if found else ""


def waiting_beside(client: Client) -> int:
    """The number that stands in the sidebar beside *Drafts and approvals*."""
    groups = client.get("/admin/").context["sidebar_navigation"]
    badges = [
        item["badge"]
        for group in groups
        for item in group["items"]
        if item["title"] == "Drafts and approvals"
    ]
    return (badges[0] or 0) if badges else 0


def earned(shop: Shop) -> int:
    points: int = shop.quote(tea(shop)).json()["settlement"]["points_earned"]
    return points


def test_what_a_marketer_writes_is_live_when_a_colleague_has_approved_it(shop: Shop) -> None:
    writer, approver = signed_in(MARKETER), signed_in(FINANCE)

    saved = writer.post("/admin/loyalty/rule/add/", answers(), follow=True).content.decode()
    draft = RuleDraft.objects.get()
    assert "Triple points on category TEA" in saved
    assert "Submit for approval" in saved
    assert earned(shop) == 50

    waiting = press(writer, draft, "_submit")
    assert "It waits for somebody else who may approve rules: " in waiting
    assert "_approve" not in waiting
    assert "Tea week" in approver.get("/admin/loyalty/ruledraft/?waits=me").content.decode()
    assert "Tea week" not in writer.get("/admin/loyalty/ruledraft/?waits=me").content.decode()
    assert [waiting_beside(who) for who in (writer, approver, signed_in(CASHIER))] == [0, 1, 0]

    assert "Approved: version 1" in press(approver, draft, "_approve")
    assert earned(shop) == 150
    assert waiting_beside(approver) == 0
    version = RuleVersion.objects.get(rule__code="tea-week")
    assert (version.made_by, version.approved_by) == (draft.made_by, RuleDraft.objects.get().decided_by)


def test_a_forged_approval_of_ones_own_draft_is_refused_in_words(shop: Shop) -> None:
    writer = signed_in(MARKETER)
    writer.post("/admin/loyalty/rule/add/", answers())
    draft = RuleDraft.objects.get()
    press(writer, draft, "_submit")

    assert "another one approves" in press(writer, draft, "_approve")
    assert "does not allow" in press(signed_in(FINANCE), draft, "_discard")
    assert not RuleVersion.objects.filter(rule__code="tea-week").exists()
    assert signed_in(CASHIER).get(f"/admin/loyalty/ruledraft/{draft.pk}/change/").status_code == 404


def test_a_change_is_told_by_what_it_changes_and_the_form_goes_on_with_the_draft(shop: Shop) -> None:
    writer, approver = signed_in(MARKETER), signed_in(FINANCE)
    writer.post("/admin/loyalty/rule/add/", answers())
    press(writer, RuleDraft.objects.get(), "_submit")
    press(approver, RuleDraft.objects.get(), "_approve")
    rule_id = RuleDraft.objects.get().rule_id
    path = f"/admin/loyalty/rule/{rule_id}/change/"

    page = writer.post(path, answers(times="2"), follow=True).content.decode()

    assert "What it changes of version 1" in page
    assert "Gives: triple points → double points" in page
    form = writer.get(path).content.decode()
    assert "There is a draft; the form shows it." in form
    assert 'value="2.00"' in form or 'value="2"' in form
    assert earned(shop) == 150


def test_a_draft_written_over_while_its_page_was_open_is_read_again(shop: Shop) -> None:
    writer, approver = signed_in(MARKETER), signed_in(FINANCE)
    writer.post("/admin/loyalty/rule/add/", answers(times="2"))
    draft = RuleDraft.objects.get()
    press(writer, draft, "_submit")
    read = read_on(approver, draft)
    writer.post(f"/admin/loyalty/rule/{draft.rule_id}/change/", answers(times="9"))
    press(writer, draft, "_submit")

    assert "read it again" in press(approver, draft, "_approve", read=read)
    assert earned(shop) == 50

    assert "Approved: version 1" in press(approver, draft, "_approve")
    assert earned(shop) == 450


def test_terms_keep_the_second_person_while_something_waits_for_one(shop: Shop) -> None:
    writer, finance = signed_in(MARKETER), signed_in(FINANCE)
    writer.post("/admin/loyalty/rule/add/", answers())
    draft = RuleDraft.objects.get()
    press(writer, draft, "_submit")
    terms = f"/admin/loyalty/programmeterms/{ProgrammeTerms.objects.get().pk}/change/"

    assert "Waiting for a second person: Tea week." in finance.post(terms, AS_THEY_ARE).content.decode()
    assert finance.get(terms).context["changes"] == []

    press(writer, draft, "_discard")
    assert finance.post(terms, AS_THEY_ARE).status_code == 302
    assert ProgrammeDraft.objects.get().definition["rules_need_approval"] is False
    assert ProgrammeTerms.objects.get().rules_need_approval


def test_a_shop_in_which_nobody_else_may_approve_says_what_to_do(shop: Shop) -> None:
    writer = signed_in(MARKETER)
    writer.post("/admin/loyalty/rule/add/", answers())

    assert "an administrator gives somebody a role" in press(writer, RuleDraft.objects.get(), "_submit")


def test_it_is_sent_back_with_a_word(shop: Shop) -> None:
    writer, approver = signed_in(MARKETER), signed_in(FINANCE)
    writer.post("/admin/loyalty/rule/add/", answers())
    draft = RuleDraft.objects.get()
    press(writer, draft, "_submit")

    press(approver, draft, "_send_back", note="Not in December")

    assert "Not in December" in writer.get(f"/admin/loyalty/ruledraft/{draft.pk}/change/").content.decode()
    assert RuleDraft.objects.get().state == "draft"


def test_the_history_goes_back_in_one_step(shop: Shop) -> None:
    writer, approver = signed_in(MARKETER), signed_in(FINANCE)
    path = "/admin/loyalty/rule/add/"
    for times in ("3", "2"):
        writer.post(path, answers(times=times))
        press(writer, RuleDraft.objects.latest("pk"), "_submit")
        press(approver, RuleDraft.objects.latest("pk"), "_approve")
        path = f"/admin/loyalty/rule/{RuleDraft.objects.latest('pk').rule_id}/change/"
    assert "Go back to this" in writer.get(path).content.decode()
    assert earned(shop) == 100

    back = path.replace("change/", "back/1/")
    assert writer.get(back).status_code == 404
    writer.post(back)
    press(approver, RuleDraft.objects.latest("pk"), "_approve")

    assert earned(shop) == 150


def test_a_draft_is_tried_on_the_past_by_whoever_decides(shop: Shop) -> None:
    writer = signed_in(MARKETER)
    writer.post("/admin/loyalty/rule/add/", answers())
    days = {"past-since_on": "2026-01-01", "past-until_on": "2026-12-31"}

    press(client_of(in_role(MARKETER)), RuleDraft.objects.get(), "_back_test", **days)

    assert BackTest.objects.get().changes["rules"][0]["code"] == "tea-week"


def test_lists_ask_the_same_of_one_draft_and_of_three(shop: Shop) -> None:
    writer = signed_in(MARKETER)
    counts = []
    for number in range(3):
        writer.post("/admin/loyalty/rule/add/", answers(code=f"tea-{number}"))
        with CaptureQueriesContext(connection) as asked:
            assert writer.get("/admin/loyalty/ruledraft/").status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[2]
