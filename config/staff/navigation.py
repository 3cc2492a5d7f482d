"""The sidebar: which pages stand together, under which sign. What a person may not see is not there."""

from collections import Counter
from typing import Any, Protocol, cast

from django.contrib import admin
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "People": {
        "members.member": ("group", "Members"),
        "members.likelypair": ("people_alt", "Likely twice"),
        "members.merge": ("merge", "Merges"),
        "members.household": ("family_restroom", "Households"),
        "omnichannel.servicecase": ("support_agent", "Service cases"),
        "omnichannel.interaction": ("forum", "Conversations"),
        "omnichannel.survey": ("sentiment_satisfied", "Surveys"),
        "members.consent": ("approval", "Consent"),
        "members.memberimport": ("upload_file", "Imports"),
        "members.attribute": ("contact_support", "What we ask"),
        "members.dataexport": ("folder_zip", "Copies of data"),
        "members.erasurerequest": ("person_off", "Erasures"),
    },
    "Sales": {
        "omnichannel.order": ("receipt_long", "Orders"),
        "omnichannel.unclaimedorder": ("unpublished", "Without a member"),
        "omnichannel.returnslip": ("assignment_return", "Returns without receipt"),
        "omnichannel.product": ("shopping_basket", "Products"),
        "omnichannel.category": ("category", "Categories"),
        "omnichannel.eventtype": ("touch_app", "Event types"),
        "omnichannel.place": ("storefront", "Stores and web shops"),
        "omnichannel.till": ("point_of_sale", "Tills"),
    },
    "Points": {
        "loyalty.wallet": ("account_balance_wallet", "Wallets"),
        "loyalty.entry": ("list_alt", "Ledger"),
        "loyalty.lot": ("layers", "Lots"),
        "loyalty.correction": ("exposure", "Corrections"),
        "loyalty.settlement": ("fact_check", "Settlements"),
        "loyalty.actsettlement": ("volunteer_activism", "Acts"),
        "loyalty.rule": ("rule", "Earning rules"),
        "loyalty.ruledraft": ("approval_delegation", "Drafts and approvals"),
        "loyalty.backtest": ("history_toggle_off", "Back-tests"),
        "loyalty.challenge": ("trophy", "Challenges"),
        "loyalty.tier": ("military_tech", "Tiers"),
        "loyalty.ladder": ("stairs", "Ladders"),
        "loyalty.benefit": ("redeem", "Benefits"),
        "loyalty.reward": ("featured_seasonal_and_gifts", "Rewards"),
        "loyalty.redemption": ("local_shipping", "Redemptions"),
        "loyalty.benefitdate": ("event_seat", "Dates and seats"),
        "loyalty.benefitbooking": ("how_to_reg", "Bookings"),
        "loyalty.grant": ("loyalty", "Personal offers"),
        "loyalty.voucherseries": ("confirmation_number", "Voucher series"),
        "loyalty.voucher": ("local_activity", "Vouchers"),
        "loyalty.codebatch": ("qr_code_2", "Codes in bulk"),
        "loyalty.goodwilllimit": ("volunteer_activism", "Limits of goodwill"),
        "loyalty.correctionlimit": ("social_distance", "Limits of corrections"),
        "loyalty.programmeterms": ("gavel", "Terms"),
        "loyalty.seal": ("lock", "Seals"),
    },
    "Finance": {
        "loyalty.fraudflag": ("flag", "Flags"),
        "loyalty.fraudrule": ("policy", "Fraud rules"),
        "loyalty.bookmonth": ("menu_book", "Books"),
        "loyalty.pointcost": ("price_change", "Costs per point"),
        "loyalty.journalaccount": ("account_tree", "Accounts of the journal"),
    },
    "Campaigns": {
        "campaigns.campaign": ("campaign", "Campaigns"),
        "campaigns.segment": ("filter_alt", "Segments"),
        "campaigns.campaignrun": ("outgoing_mail", "Runs"),
        "campaigns.recipient": ("how_to_reg", "Recipients"),
        "omnichannel.message": ("mail", "Messages"),
    },
    "Operation": {
        "omnichannel.programme": ("store", "Programmes"),
        "omnichannel.apikey": ("key", "Keys"),
        "outbox.delivery": ("outbox", "Deliveries"),
        "outbox.event": ("news", "Events"),
        "ground.jobrun": ("work_history", "Jobs"),
        "django_celery_beat.periodictask": ("schedule", "Ticks"),
    },
    "Staff": {
        "staff.staff": ("badge", "People who sign in"),
        "omnichannel.staffplace": ("location_on", "Who serves where"),
        "auth.group": ("assignment_ind", "Roles"),
        "axes.accesslog": ("login", "Sign-ins"),
        "axes.accessattempt": ("block", "Wrong attempts"),
        "admin.logentry": ("history", "History"),
        "staff.listexport": ("file_save", "Exports of lists"),
    },
}
"""group -> model -> its sign in Material Symbols and its name. Pages named nowhere here stand under "More"."""

WITHIN = {"loyalty.ladderdraft": "loyalty.ruledraft", "loyalty.programmedraft": "loyalty.ruledraft"}
"""Pages that another page leads to: *Drafts and approvals*."""


class WaitingPage(Protocol):
    """A page on which things wait for a second person."""

    def list_waiting(self, request: HttpRequest) -> QuerySet[Any]:
        """Those that wait for the person who asks; none without the right to decide."""


def groups_for(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar's groups for the person who asks, in the form the theme takes."""
    from config.staff.site import site  # noqa: PLC0415 - the site is made after the settings name this function

    pages = {model._meta.label_lower: page for model, page in site._registry.items()}
    visible = {label: page for label, page in pages.items() if page.has_view_permission(request)}
    named = WITHIN.keys() | {label for signs in GROUPS.values() for label in signs}
    more = {
        label: ("article", capfirst(str(visible[label].opts.verbose_name_plural)))
        for label in sorted(visible.keys() - named)
    }
    dashboard = {"title": "Dashboard", "icon": "monitoring", "link": reverse("admin:index")}
    groups = {**GROUPS, "More": more}
    waiting = _count_waiting(visible, request)
    return [
        {"items": [dashboard]},
        *(_group(title, lines, visible, waiting) for title, lines in groups.items()),
    ]


def _count_waiting(visible: dict[str, admin.ModelAdmin], request: HttpRequest) -> Counter[str]:
    """How much waits for this person's decision, by the page in the sidebar that leads to it. One statement."""
    waiting = [
        cast("WaitingPage", page)
        .list_waiting(request)
        .order_by()
        .values_list(Value(WITHIN.get(label, label)))
        for label, page in visible.items()
        if hasattr(page, "list_waiting")
    ]
    return Counter(label for (label,) in waiting[0].union(*waiting[1:], all=True)) if waiting else Counter()


def _group(
    title: str,
    lines: dict[str, tuple[str, str]],
    visible: dict[str, admin.ModelAdmin],
    waiting: Counter[str],
) -> dict[str, Any]:
    items = [
        {"title": name, "icon": sign, "link": _address(visible[label]), "badge": waiting.get(label)}
        for label, (sign, name) in lines.items()
        if label in visible
    ]
    return {"title": title, "items": items}


def _address(page: admin.ModelAdmin) -> str:
    return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
