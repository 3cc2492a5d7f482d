"""Retention: what is past its days goes, of each kind its own days; a dry run says so and changes nothing."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from pytest_django import Settings

from config.ground import retention
from config.ground.jobs import JobRun
from config.ground.retention import days_of
from config.staff.models import Staff
from members.member_data import list_floors
from members.models import Member
from members.services.profiles import change_member
from members.services.retention import apply_retention, list_past
from omnichannel.models import Message
from tests.members.factories import MemberFactory

pytestmark = pytest.mark.django_db
HISTORY = "members.MemberEvent"


def rows(outcomes: object, table: str) -> int:
    return next(one.rows for one in outcomes if one.period.table == table)


@pytest.fixture
def ada(now: datetime) -> Member:
    ada = MemberFactory(given_name="Augusta")
    change_member(ada.pk, changes={"given_name": "Ada"}, source="app", now=now)
    return ada


def past_of(model: type, member: Member) -> int:
    return model.objects.filter(pgh_obj_id=member.pk).count()


def test_history_goes_when_its_days_are_over_and_leaves_no_history_of_that(
    ada: Member, now: datetime
) -> None:
    history = Member.pgh_event_model
    assert past_of(history, ada) == 1

    assert rows(apply_retention(now=now + timedelta(days=1_094)), HISTORY) == 0
    assert past_of(history, ada) == 1
    assert rows(apply_retention(now=now + timedelta(days=1_096)), HISTORY) == 1

    assert past_of(history, ada) == 0
    assert Member.objects.get(pk=ada.pk).given_name == "Ada"


def test_a_dry_run_says_what_would_go_and_changes_nothing(ada: Member, now: datetime) -> None:
    later = now + timedelta(days=1_096)

    assert rows(list_past(now=later), HISTORY) == 1
    said = StringIO()
    call_command("apply_retention", "--dry-run", stdout=said)

    assert "0 rows would go." in said.getvalue()
    assert past_of(Member.pgh_event_model, ada) == 1
    assert not JobRun.objects.filter(name="members.apply_retention").exists()


def test_the_settings_say_other_days_or_that_a_kind_is_kept(
    ada: Member, now: datetime, settings: Settings
) -> None:
    settings.RETENTION_DAYS = {"history": None}
    assert rows(apply_retention(now=now + timedelta(days=9_999)), HISTORY) == 0

    settings.RETENTION_DAYS = {"history": 10}
    assert rows(apply_retention(now=now + timedelta(days=11)), HISTORY) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"histroy": 10}, "There is no kind 'histroy'"),
        ({"history": 0}, "'history' is kept for 0"),
        ({"history": "10"}, "'history' is kept for '10'"),
    ],
)
def test_days_that_nobody_would_hear_are_refused_before_anything_starts(
    settings: Settings, said: dict[str, Any], why: str
) -> None:
    settings.RETENTION_DAYS = {"history": 10, "behaviour": None} | said

    with pytest.raises(SystemCheckError, match=why):
        call_command("check")


def test_texts_of_old_messages_go_and_that_they_were_sent_stays(ada: Member, now: datetime) -> None:
    told = {"member": ada, "channel": "email", "message_class": "marketing", "due_at": now, "queued_at": now}
    sent = Message.objects.create(**told, dedupe_key="1", subject="Dear Ada", body_text="!", state="sent")
    waits = Message.objects.create(**told, dedupe_key="2", subject="Dear Ada", body_text="!")
    later = now + timedelta(days=731)

    assert rows(apply_retention(now=later), "omnichannel.Message") == 1
    assert rows(apply_retention(now=later), "omnichannel.Message") == 0

    sent.refresh_from_db()
    waits.refresh_from_db()
    assert (sent.subject, sent.body_text, sent.state) == ("", "", "sent")
    assert waits.subject == "Dear Ada"


def test_what_was_overwritten_is_not_searched_again_for_every_piece(
    ada: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGES_AT_ONCE", 1)
    told = {"member": ada, "channel": "email", "message_class": "marketing", "due_at": now, "state": "sent"}
    Message.objects.bulk_create(
        Message(**told, ref=f"msg_{n}", dedupe_key=str(n), subject="Dear Ada", queued_at=now)
        for n in range(600)
    )

    read = _rows_read()
    assert rows(apply_retention(now=now + timedelta(days=731)), "omnichannel.Message") == 600

    assert _rows_read() - read < 3 * 600
    assert not Message.objects.exclude(subject="").exists()


def _rows_read() -> int:
    """Of messages, in this transaction so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables"
            " WHERE relname = 'omnichannel_message'"
        )
        return int(cursor.fetchone()[0])


def test_the_log_of_colleagues_goes_and_the_run_is_kept_among_the_jobs(now: datetime) -> None:
    person = Staff.objects.create_user("colleague", password="a-long-password")
    LogEntry.objects.create(user=person, object_repr="x", action_flag=CHANGE, change_message="Rang.")

    apply_retention(now=now + timedelta(days=1_096))

    assert not LogEntry.objects.exists()
    run = JobRun.objects.get(name="members.apply_retention")
    assert (run.state, run.done) == ("finished", 1)
    assert "admin.LogEntry 1" in run.detail


def test_every_period_can_be_counted_and_applied(now: datetime) -> None:
    declared = [period for data in list_floors().values() for period in data.retention()]

    assert len(declared) >= 9
    assert [one.rows for one in apply_retention(now=now)] == [0] * len(declared)
    assert all(days_of(period) for period in declared)
