"""Every list of the admin can be taken away as a file, or says why not."""

from config.staff.list_exports import ExportsList
from config.staff.site import site

APPS = ("members", "omnichannel", "loyalty", "campaigns")
_TERMS = "What holds in a programme: `export_programme` takes all of it along."
_DRAFT = "A draft, which is looked at and decided where it stands."
_FEW = "A handful of lines that somebody set up; what they hold in words is for the people who set them up."
WHY_NOT = {
    "campaigns.Campaign": _FEW,
    "campaigns.Segment": _FEW,
    "loyalty.BackTest": "What a draft would have come to; its page says it.",
    "loyalty.Benefit": _TERMS,
    "loyalty.BenefitDate": _FEW,
    "loyalty.BookMonth": "Has a journal of its own to take away.",
    "loyalty.Challenge": _TERMS,
    "loyalty.CodeBatch": "Has its codes to take away, by those who may.",
    "loyalty.CorrectionLimit": _TERMS,
    "loyalty.FraudRule": _TERMS,
    "loyalty.GoodwillLimit": _TERMS,
    "loyalty.JournalAccount": _TERMS,
    "loyalty.Ladder": _TERMS,
    "loyalty.LadderDraft": _DRAFT,
    "loyalty.PointCost": _TERMS,
    "loyalty.ProgrammeDraft": _DRAFT,
    "loyalty.ProgrammeTerms": _TERMS,
    "loyalty.Reward": _TERMS,
    "loyalty.Rule": _TERMS,
    "loyalty.RuleDraft": _DRAFT,
    "loyalty.Tier": _TERMS,
    "loyalty.VoucherSeries": _TERMS,
    "members.Attribute": _FEW,
    "omnichannel.ApiKey": "Who may call doors is nobody's to take away.",
    "omnichannel.EventType": _FEW,
    "omnichannel.Programme": _TERMS,
    "omnichannel.StaffPlace": _FEW,
    "omnichannel.Survey": _FEW,
}


def test_every_list_can_be_taken_away_or_says_why_not() -> None:
    lists = {
        model._meta.label: page for model, page in site._registry.items() if model._meta.app_label in APPS
    }
    cannot = {label for label, page in lists.items() if not isinstance(page, ExportsList)}

    assert cannot == set(WHY_NOT)
