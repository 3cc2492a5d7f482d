"""A programme's file where a second person is asked for: all of it waits, and holds as a whole or not at all."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.contrib.auth.models import Group

from config.staff.roles import ADMINISTRATOR, FINANCE
from loyalty.errors import NeedsAnotherPerson, ProgrammeFileNotFitting, RuleDraftOfAnother, TermsNotValid
from loyalty.models import (
    Benefit,
    DraftState,
    LadderDraft,
    ProgrammeDraft,
    ProgrammeTerms,
    RuleDraft,
    RuleVersion,
    Tier,
)
from loyalty.queries.ladders import find_ladder
from loyalty.queries.programme_files import find_programme_file
from loyalty.rules.definition import PerStep, RuleDefinition
from loyalty.rules.programme_files import EventTypePart, ProgrammeFile
from loyalty.services.programme_arrivals import bring_programme, try_programme
from loyalty.services.programme_drafts import (
    approve_programme_draft,
    submit_programme_draft,
    write_terms_draft,
)
from tests.loyalty.conftest import Shop
from tests.loyalty.test_admin_rules import signed_in
from tests.loyalty.test_programme_drafts import press

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)


@pytest.fixture
def careful(shop: Shop) -> Shop:
    ProgrammeTerms.objects.update(rules_need_approval=True)
    return shop


def here(shop: Shop) -> ProgrammeFile:
    file = find_programme_file(shop.programme.code, now=NOW)
    assert file is not None
    return file


def changed(file: ProgrammeFile) -> ProgrammeFile:
    """Another name for silver, sooner reached; another benefit of gold, a new type of events, terms and points."""
    assert file.terms is not None
    basic, silver, gold = file.tiers
    (benefit,) = gold.benefits
    return msgspec.structs.replace(
        file,
        terms=msgspec.structs.replace(file.terms, welcome_points=70),
        tiers=[
            basic,
            msgspec.structs.replace(silver, name="Silver leaf", threshold_minor=9_000),
            msgspec.structs.replace(
                gold, benefits=[msgspec.structs.replace(benefit, title="Whisky tasting")]
            ),
        ],
        rules=[
            msgspec.structs.replace(
                rule, definition=RuleDefinition(effect=PerStep(points=20, step_minor=100))
            )
            for rule in file.rules
        ],
        event_types=[EventTypePart(code="tasting", title="Tasting")],
    )


def test_nothing_of_a_file_holds_before_another_person_approved_all_of_it(careful: Shop) -> None:
    before = here(careful)
    brought = bring_programme(changed(before), by="staff:1", now=NOW)

    assert brought.waiting == ["The file"]
    assert "Tier Silver → Silver leaf" in brought.changes
    assert here(careful) == before
    assert not RuleDraft.objects.exists()
    draft = ProgrammeDraft.objects.get()
    with pytest.raises(NeedsAnotherPerson):
        approve_programme_draft(draft.pk, read=draft.digest(), by="staff:1", now=NOW)

    approve_programme_draft(draft.pk, read=draft.digest(), by="staff:2", now=NOW)

    terms = ProgrammeTerms.objects.get()
    assert (terms.welcome_points, Tier.objects.get(code="silver").name) == (70, "Silver leaf")
    assert Benefit.objects.get().title == "Whisky tasting"
    assert [kind.code for kind in here(careful).event_types] == ["tasting"]
    ladder = find_ladder(careful.programme.pk, now=NOW)
    assert ladder is not None
    assert ladder.steps[1].threshold_minor == 9_000
    version = RuleVersion.objects.latest("pk")
    assert (version.version, version.made_by, version.approved_by) == (2, "staff:1", "staff:2")
    assert LadderDraft.objects.get().decided_by == "staff:2"


def test_a_file_that_would_be_refused_does_not_wait(careful: Shop) -> None:
    file = changed(here(careful))
    assert file.terms is not None
    write_terms_draft(careful.programme.pk, file.terms, by="staff:9", now=NOW)
    for bring in (try_programme, bring_programme):
        with pytest.raises(ProgrammeFileNotFitting, match="draft of the terms open"):
            bring(file, by="staff:1", now=NOW)
    assert ProgrammeDraft.objects.get().made_by == "staff:9"


def test_a_dry_run_and_a_file_that_says_the_same_leave_no_draft(careful: Shop) -> None:
    file = here(careful)
    assert try_programme(changed(file), by="staff:1", now=NOW).waiting == ["The file"]
    assert bring_programme(file, by="staff:1", now=NOW).waiting == []
    assert not ProgrammeDraft.objects.exists()


def test_a_file_that_lets_go_of_the_second_person_waits_for_one(careful: Shop) -> None:
    file = changed(here(careful))
    assert file.terms is not None
    alone = msgspec.structs.replace(file.terms, rules_need_approval=False)
    bring_programme(msgspec.structs.replace(file, terms=alone), by="staff:1", now=NOW)
    assert ProgrammeTerms.objects.get().rules_need_approval
    with pytest.raises(RuleDraftOfAnother):
        bring_programme(file, by="staff:3", now=NOW)

    draft = ProgrammeDraft.objects.get()
    approve_programme_draft(draft.pk, read=draft.digest(), by="staff:2", now=NOW)

    assert not ProgrammeTerms.objects.get().rules_need_approval
    assert RuleVersion.objects.latest("pk").approved_by == "staff:2"


def test_while_a_file_waits_nothing_goes_round_it(careful: Shop) -> None:
    file = here(careful)
    assert file.terms is not None
    alone = msgspec.structs.replace(file.terms, rules_need_approval=False)
    bring_programme(changed(file), by="staff:1", now=NOW)

    terms = write_terms_draft(careful.programme.pk, alone, by="staff:3", now=NOW)
    submitted = submit_programme_draft(terms.pk, by="staff:3", now=NOW)
    with pytest.raises(TermsNotValid, match="file of the whole programme"):
        approve_programme_draft(terms.pk, read=submitted.digest(), by="staff:2", now=NOW)

    ProgrammeTerms.objects.update(rules_need_approval=False)
    with pytest.raises(ProgrammeFileNotFitting, match="A file waits"):
        bring_programme(changed(file), by="staff:1", now=NOW)


def test_a_rule_that_has_ended_is_no_change_of_a_file(careful: Shop) -> None:
    file = here(careful)
    over = msgspec.structs.replace(
        file.rules[0], code="over", name="Over", live_from=NOW - timedelta(days=9), live_until=NOW
    )
    told = bring_programme(msgspec.structs.replace(file, rules=[*file.rules, over]), by="staff:1", now=NOW)

    assert told.changes == ["Left out, for it has ended: the rule Over"]
    assert not ProgrammeDraft.objects.exists()


def test_who_may_approve_terms_alone_does_not_approve_a_file(careful: Shop) -> None:
    bring_programme(changed(here(careful)), by="staff:99", now=NOW)
    draft, person = ProgrammeDraft.objects.get(), signed_in(FINANCE)
    Group.objects.get(name=FINANCE).permissions.filter(codename="approve_rule").delete()

    assert "Your role does not allow this step." in press(person, draft, "_approve", read=draft.digest())
    draft.refresh_from_db()
    assert draft.state == DraftState.SUBMITTED


def test_the_draft_s_page_says_what_the_file_changes_and_changed(careful: Shop) -> None:
    admin, finance = signed_in(ADMINISTRATOR), signed_in(FINANCE)
    told = {"told": msgspec.json.encode(changed(here(careful))).decode(), "_bring": ""}
    terms = f"/admin/loyalty/programmeterms/{ProgrammeTerms.objects.get().pk}"
    done = signed_in(ADMINISTRATOR).post(f"{terms}/bring_in/", told, follow=True).content.decode()
    assert "The file waits for somebody to approve it." in done
    assert "Brought in" not in done
    draft = ProgrammeDraft.objects.get()
    page = finance.get(f"/admin/loyalty/programmedraft/{draft.pk}/change/").content.decode()
    assert "Tier Silver → Silver leaf" in page
    assert "File of Corner shop" in page

    done = press(admin, draft, "_approve", read=draft.digest())

    assert "Approved: it holds from now on." in done
    assert "Tier Silver → Silver leaf" in done
    assert Tier.objects.get(code="silver").name == "Silver leaf"
