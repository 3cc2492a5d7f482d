"""The sidebar: which pages stand together, under which sign. What a person may not see is not there."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

GROUPS: dict[str, dict[str, str]] = {
    "People": {
        "members.member": "group",
        "members.consent": "approval",
        "members.preference": "tune",
    },
    "Sales": {
        "omnichannel.order": "receipt_long",
        "omnichannel.unclaimedorder": "unpublished",
        "omnichannel.product": "shopping_basket",
        "omnichannel.category": "category",
        "omnichannel.place": "storefront",
        "omnichannel.till": "point_of_sale",
    },
    "Points": {
        "loyalty.wallet": "account_balance_wallet",
        "loyalty.entry": "list_alt",
        "loyalty.rule": "rule",
        "loyalty.tier": "military_tech",
        "loyalty.benefit": "redeem",
        "loyalty.grant": "loyalty",
        "loyalty.programmeterms": "gavel",
        "loyalty.seal": "lock",
    },
    "Campaigns": {
        "campaigns.campaign": "campaign",
        "campaigns.segment": "filter_alt",
        "omnichannel.message": "mail",
    },
    "Operation": {
        "omnichannel.programme": "store",
        "omnichannel.apikey": "key",
        "outbox.delivery": "outbox",
        "outbox.event": "news",
        "ground.jobrun": "work_history",
        "django_celery_beat.periodictask": "schedule",
    },
    "Staff": {
        "staff.staff": "badge",
        "auth.group": "assignment_ind",
        "axes.accesslog": "login",
        "axes.accessattempt": "block",
        "admin.logentry": "history",
    },
}
"""group -> model -> its sign in Material Symbols. Pages named nowhere here stand under "More"."""


def groups_for(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar's groups for the person who asks, in the form the theme takes."""
    from config.staff.site import site  # noqa: PLC0415 - the site is made after the settings name this function

    pages = {model._meta.label_lower: page for model, page in site._registry.items()}
    visible = {label: page for label, page in pages.items() if page.has_view_permission(request)}
    named = {label for signs in GROUPS.values() for label in signs}
    more = dict.fromkeys(sorted(visible.keys() - named), "article")
    dashboard = {"title": "Dashboard", "icon": "monitoring", "link": reverse("admin:index")}
    return [
        {"items": [dashboard]},
        *(_group(title, signs, visible) for title, signs in {**GROUPS, "More": more}.items()),
    ]


def _group(title: str, signs: dict[str, str], visible: dict[str, admin.ModelAdmin]) -> dict[str, Any]:
    items = [
        {
            "title": capfirst(visible[label].opts.verbose_name_plural),
            "icon": sign,
            "link": _address(visible[label].model),
        }
        for label, sign in signs.items()
        if label in visible
    ]
    return {"title": title, "items": items}


def _address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
