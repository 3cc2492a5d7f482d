"""A programme as a file: carried to another installation it promises the same, and a dry run says what would change."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from loyalty.models import Benefit, ProgrammeTerms, RuleDraft, RuleVersion, Tier
from loyalty.queries.ladders import find_ladder
from loyalty.queries.programme_files import find_programme_file
from loyalty.rules.definition import Hours, Multiplier, RuleDefinition, TierIs
from loyalty.rules.programme_files import TermsPart
from loyalty.services.rule_drafts import write_draft
from loyalty.services.rules import end_rule, publish_rule
from omnichannel.models import Programme
from omnichannel.queries.behaviour import list_declared_types
from omnichannel.rules.behaviour import EventType, Property
from omnichannel.services.event_types import declare_event_type
from tests.loyalty.conftest import LONG_AGO, Shop

pytestmark = pytest.mark.django_db

Exported = tuple[Path, dict[str, Any]]


def exported(shop: Shop, folder: Path, capsys: Any) -> Exported:
    """The file of the shop's programme and what stands in it."""
    capsys.readouterr()
    call_command("export_programme", shop.programme.code)
    file = folder / "programme.json"
    file.write_text(capsys.readouterr().out)
    return file, json.loads(file.read_text())


def said(capsys: Any, *words: Any) -> list[str]:
    """What `import_programme` prints."""
    capsys.readouterr()
    call_command("import_programme", *map(str, words))
    lines: list[str] = capsys.readouterr().out.splitlines()
    return lines


@pytest.fixture
def evening(shop: Shop) -> Shop:
    """A shop with a rule for gold members in the evening, and one that has ended."""
    hours = Hours(starts=datetime(2026, 1, 1, 18).time(), ends=datetime(2026, 1, 1, 22).time())  # noqa: DTZ001 - wall time
    for code, conditions in (("evening", [TierIs(tiers=["gold"]), hours]), ("over", [])):
        version = publish_rule(
            programme_id=shop.programme.pk,
            code=code,
            name=code.title(),
            definition=RuleDefinition(effect=Multiplier(percent=200), conditions=conditions),
            live_from=LONG_AGO,
            made_by="test",
            now=LONG_AGO,
        )
    end_rule(version.rule, at=LONG_AGO + timedelta(days=1))
    return shop


def test_a_programme_carried_elsewhere_promises_the_same(evening: Shop, tmp_path: Path, capsys: Any) -> None:
    file, written = exported(evening, tmp_path, capsys)
    assert [rule["code"] for rule in written["rules"]] == ["base", "evening"]

    told = said(capsys, file, "--as", "elsewhere")

    assert told[0] == "New programme Corner shop (elsewhere)"
    assert "New rule Evening: Double points, for members on gold, between 18:00 and 22:00." in told
    there = find_programme_file("elsewhere", now=datetime.now(UTC))
    here = find_programme_file(evening.programme.code, now=datetime.now(UTC))
    assert there is not None
    assert here is not None
    assert (there.terms, there.tiers) == (here.terms, here.tiers)
    assert [(one.code, one.definition) for one in there.rules] == [
        (one.code, one.definition) for one in here.rules
    ]
    assert said(capsys, file, "--as", "elsewhere", "--dry-run") == ["Nothing differs."]


def test_a_dry_run_says_in_words_what_would_change_and_changes_nothing(
    evening: Shop, tmp_path: Path, capsys: Any
) -> None:
    file, written = exported(evening, tmp_path, capsys)
    written["terms"] |= {"burn_minor": 2, "rules_need_approval": True}
    written["tiers"][1] |= {"name": "Silver leaf", "threshold_minor": 20_000}
    written["tiers"][2]["benefits"][0]["title"] = "Whisky tasting"
    written["rules"][1]["definition"]["effect"]["percent"] = 300
    del written["rules"][0]
    file.write_text(json.dumps(written))
    before = find_programme_file(evening.programme.code, now=datetime.now(UTC))

    *told, waits = said(capsys, file, "--dry-run")

    assert waits == "The rule Evening would wait for somebody to approve it."
    assert told == [
        "Terms: 10 points pay 0.02 USD; they can be spent at once and live 365 days; no welcome points; a return whose "
        "points are spent takes back what is left.",
        "Terms: a rule needs another person to approve it",
        "Ladder: Silver leaf: 100.00 USD paid in the last 365 days → 200.00 USD paid in the last 365 days",
        "Tier Silver → Silver leaf",
        "Tier Gold: another Whisky tasting",
        "Rule Evening: Gives: double points → triple points",
        "Rule Base is not in the file and stays as it is",
    ]
    assert find_programme_file(evening.programme.code, now=datetime.now(UTC)) == before

    assert said(capsys, file) == [*told, "The rule Evening waits for somebody to approve it."]
    assert ProgrammeTerms.objects.get().burn_minor == 2
    assert Benefit.objects.get().title == "Whisky tasting"
    assert RuleDraft.objects.get().state == "submitted"
    assert RuleVersion.objects.filter(rule__code="evening").count() == 1


def test_tiers_that_change_places_do_not_stand_in_each_others_way(
    shop: Shop, tmp_path: Path, capsys: Any
) -> None:
    file, written = exported(shop, tmp_path, capsys)
    basic, silver, gold = written["tiers"]
    written["tiers"] = [
        basic,
        gold | {"threshold_minor": 10_000},
        {"code": "amber", "name": "Amber", "threshold_minor": 30_000},
        silver | {"threshold_minor": 50_000},
    ]
    file.write_text(json.dumps(written))

    said(capsys, file)

    wanted = [("basic", None), ("gold", 10_000), ("amber", 30_000), ("silver", 50_000)]
    assert list(Tier.objects.order_by("rank").values_list("code", flat=True)) == [code for code, _ in wanted]
    ladder = find_ladder(shop.programme.pk, now=datetime.now(UTC))
    assert ladder is not None
    assert [(step.tier, step.threshold_minor) for step in ladder.steps] == wanted


def _no_terms(written: dict[str, Any]) -> None:
    written["terms"] = None


def _no_silver(written: dict[str, Any]) -> None:
    del written["tiers"][1]


def _falling(written: dict[str, Any]) -> None:
    written["tiers"][2]["threshold_minor"] = 10


def _twice(written: dict[str, Any]) -> None:
    written["rules"].append(written["rules"][0])


def _other_money(written: dict[str, Any]) -> None:
    written["programme"]["currency"] = "EUR"


def _unknown_field(written: dict[str, Any]) -> None:
    written["terms"]["bonus"] = 1


def _bare_moment(written: dict[str, Any]) -> None:
    bare = {"type": "period", "starts_at": "2026-01-01T00:00:00", "ends_at": "2026-02-01T00:00:00"}
    written["rules"][0]["definition"]["conditions"] = [bare]


def _day_out_of_time(written: dict[str, Any]) -> None:
    written["terms"] |= {"expiry_kind": "date", "expiry_on": "9999-12-31"}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_no_terms, "has no terms"),
        (_no_silver, "tier Silver"),
        (_falling, "must ask for more spend"),
        (_twice, "stands in the file twice"),
        (_other_money, "runs in USD"),
        (_bare_moment, "timezone"),
        (_day_out_of_time, "between 2000 and 2199"),
        (_unknown_field, "unknown field `bonus`"),
    ],
)
def test_a_file_that_cannot_be_here_is_refused_as_a_whole(
    shop: Shop, tmp_path: Path, capsys: Any, spoil: Callable[[dict[str, Any]], None], words: str
) -> None:
    file, written = exported(shop, tmp_path, capsys)
    written["tiers"][1]["name"] = "Renamed"
    spoil(written)
    file.write_text(json.dumps(written))

    for more in (["--dry-run"], []):
        with pytest.raises(CommandError, match=words):
            call_command("import_programme", str(file), *more)

    assert not Tier.objects.filter(name="Renamed").exists()


def test_a_draft_that_somebody_is_writing_is_not_written_over(
    shop: Shop, tmp_path: Path, capsys: Any
) -> None:
    file, written = exported(shop, tmp_path, capsys)
    written["rules"][0]["definition"]["effect"]["points"] = 20
    written["terms"]["burn_minor"] = 2
    file.write_text(json.dumps(written))
    write_draft(
        programme_id=shop.programme.pk,
        code="base",
        name="Base",
        definition=RuleDefinition(effect=Multiplier(percent=200)),
        by="staff:1",
        now=datetime.now(UTC),
    )

    with pytest.raises(CommandError, match="decide it first"):
        call_command("import_programme", str(file))

    assert ProgrammeTerms.objects.get().burn_minor == 1


def _doubled(written: dict[str, Any], *, rules_need_approval: bool) -> None:
    written["rules"][0]["definition"]["effect"]["points"] = 20
    written["terms"]["rules_need_approval"] = rules_need_approval


def test_a_file_cannot_let_go_of_the_second_person_while_rules_wait_for_one(
    shop: Shop, tmp_path: Path, capsys: Any
) -> None:
    file, written = exported(shop, tmp_path, capsys)
    _doubled(written, rules_need_approval=True)
    file.write_text(json.dumps(written))
    said(capsys, file)
    written["terms"]["rules_need_approval"] = False
    file.write_text(json.dumps(written))

    with pytest.raises(CommandError, match="Base waits for a second one"):
        call_command("import_programme", str(file))

    assert ProgrammeTerms.objects.get().rules_need_approval


def test_every_term_that_a_programme_declares_is_in_the_file() -> None:
    declared = {field.name for field in ProgrammeTerms._meta.get_fields()}

    assert declared - {"events"} - {"id", "programme", "stamp", "updated_at"} == set(
        TermsPart.__struct_fields__
    )


def test_a_programme_that_is_not_there_cannot_be_exported(db: None) -> None:
    with pytest.raises(CommandError, match="no programme"):
        call_command("export_programme", "nowhere")
    assert not Programme.objects.exists()


def test_its_own_event_types_go_with_a_programme(shop: Shop, tmp_path: Path, capsys: Any) -> None:
    """A rule about a type that nobody knows would give nothing there."""
    declare_event_type(
        shop.programme.pk,
        EventType(
            code="tasting", title="Tasting", properties=[Property(name="tea", allowed=["green", "black"])]
        ),
    )
    file, written = exported(shop, tmp_path, capsys)

    told = said(capsys, file, "--as", "elsewhere")

    assert "Event type Tasting: new" in told
    there = Programme.objects.get(code="elsewhere").pk
    assert list_declared_types(there) == list_declared_types(shop.programme.pk)
    written["event_types"][0]["properties"] *= 2
    file.write_text(json.dumps(written))
    with pytest.raises(CommandError, match="The property 'tea' is declared twice"):
        call_command("import_programme", str(file))
    written["event_types"] = []
    written["rules"][0]["definition"] = {"effect": {"type": "fixed", "points": 5}, "act": {"type": "tasting"}}
    file.write_text(json.dumps(written))
    with pytest.raises(CommandError, match="There is no act 'tasting' that may earn points"):
        call_command("import_programme", str(file))


def test_a_dry_run_is_refused_by_whatever_would_refuse_the_file(
    shop: Shop, tmp_path: Path, capsys: Any
) -> None:
    publish_rule(
        programme_id=shop.programme.pk,
        code="tea",
        name="Tea",
        definition=RuleDefinition(effect=Multiplier(percent=200)),
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )
    file, told = exported(shop, tmp_path, capsys)
    (rule,) = [one for one in told["rules"] if one["code"] == "tea"]
    rule["definition"]["effect"]["percent"] = 300
    file.write_text(json.dumps(told))
    write_draft(
        programme_id=shop.programme.pk,
        code="tea",
        name="Tea",
        definition=RuleDefinition(effect=Multiplier(percent=400)),
        by="staff:1",
        now=datetime.now(UTC),
    )
    for dry_run in ([], ["--dry-run"]):
        with pytest.raises(CommandError, match="has a draft of the rule Tea open"):
            said(capsys, *dry_run, file)


def test_days_of_another_timezone_are_refused(shop: Shop, tmp_path: Path, capsys: Any) -> None:
    file, told = exported(shop, tmp_path, capsys)
    told["programme"]["timezone"] = "Asia/Tokyo"
    file.write_text(json.dumps(told))
    with pytest.raises(CommandError, match="begin and end in America/New_York"):
        said(capsys, "--dry-run", file)


def test_a_rule_that_has_ended_is_said_to_be_left_out(shop: Shop, tmp_path: Path, capsys: Any) -> None:
    file, told = exported(shop, tmp_path, capsys)
    (rule,) = told["rules"]
    told["rules"].append({**rule, "code": "spring", "name": "Spring", "live_until": "2026-03-31T00:00:00Z"})
    file.write_text(json.dumps(told))
    assert said(capsys, "--dry-run", file) == said(capsys, file)
    assert said(capsys, file) == ["Left out, for it has ended: the rule Spring"]
