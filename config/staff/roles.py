"""Roles: what each kind of colleague may do, in one table. A role is a group of Django's; people may have several.

`manage.py sync_roles` brings the database in line with the table; it is safe to repeat and runs at each start. What was
changed by hand in a group of these names is set back; other groups are left alone.
"""

from collections.abc import Iterable, Mapping

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

CASHIER = "cashier"
STORE_MANAGER = "store manager"
MARKETER = "marketer"
FINANCE = "finance"
ADMINISTRATOR = "administrator"

SEE = ("view",)
KEEP = ("view", "add", "change")
OWN = ("view", "add", "change", "delete")

Table = Mapping[str, Mapping[str, tuple[str, ...]]]

OWN_PERMISSIONS = {
    "members.member": {"see_personal_data": "Can see phones, e-mails and birthdays unmasked"},
    "members.erasurerequest": {"agree_erasurerequest": "Can agree to erasures that somebody else asked for"},
    "members.likelypair": {"decide_likelypair": "Can decide whether two members are one person"},
    "members.merge": {"merge_members": "Can merge members, and undo it"},
    "staff.listexport": {"export_lists": "Can take lists away as files"},
    "omnichannel.order": {"hand_over_order": "Can say that the goods of a purchase were collected"},
    "loyalty.correction": {"approve_correction": "Can approve corrections that somebody else asked for"},
    "loyalty.fraudflag": {"review_fraudflag": "Can decide about flags of fraud rules"},
    "loyalty.bookmonth": {"close_bookmonth": "Can close months of the books"},
    "loyalty.redemption": {
        "fulfil_redemption": "Can pack and hand over what members redeemed",
        "cancel_redemption": "Can cancel redemptions",
    },
    "loyalty.rule": {"approve_rule": "Can approve rules that somebody else wrote"},
    "loyalty.programmeterms": {"approve_terms": "Can approve terms and limits that somebody else wrote"},
}
"""Permissions beyond view, add, change and delete: model -> code -> what it says."""

ROLES: Table = {
    CASHIER: {
        "members.member": ("view", "add"),
        "omnichannel.interaction": ("view", "add"),
        "omnichannel.servicecase": ("view", "add"),
        "loyalty.wallet": SEE,
        "loyalty.tierstanding": SEE,
        "loyalty.grant": SEE,
    },
    STORE_MANAGER: {
        "members.*": SEE,
        "members.member": ("view", "add", "change", "see_personal_data"),
        "members.household": ("view", "change"),
        "members.likelypair": ("view", "decide_likelypair"),
        "members.dataexport": ("view", "add"),
        "members.memberimport": (),
        "members.erasurerequest": ("view", "add", "agree_erasurerequest"),
        "omnichannel.*": SEE,
        "omnichannel.order": (*SEE, "hand_over_order"),
        "omnichannel.interaction": KEEP,
        "omnichannel.servicecase": KEEP,
        "loyalty.*": SEE,
        "loyalty.benefitbooking": ("view", "change"),
        "loyalty.correction": ("view", "add"),
        "loyalty.fraudflag": ("view", "review_fraudflag"),
        "loyalty.tierstanding": KEEP,
        "loyalty.voucher": ("add",),
        "loyalty.codebatch": (),
        "loyalty.bookmonth": (),
        "loyalty.pointcost": (),
        "loyalty.journalaccount": (),
        "loyalty.redemption": ("view", "fulfil_redemption", "cancel_redemption"),
        "campaigns.*": SEE,
        "staff.listexport": ("export_lists",),
    },
    MARKETER: {
        "members.*": SEE,
        "members.attribute": KEEP,
        "members.attributewords": OWN,
        "members.likelypair": (),
        "members.merge": (),
        "members.dataexport": (),
        "members.memberimport": (),
        "members.erasurerequest": (),
        "omnichannel.product": SEE,
        "omnichannel.category": SEE,
        "omnichannel.message": SEE,
        "omnichannel.place": SEE,
        "omnichannel.eventtype": KEEP,
        "omnichannel.eventproperty": OWN,
        "omnichannel.behaviourevent": SEE,
        "omnichannel.interaction": SEE,
        "omnichannel.servicecase": SEE,
        "omnichannel.survey": KEEP,
        "loyalty.wallet": SEE,
        "loyalty.rule": (*KEEP, "approve_rule"),
        "loyalty.ruleversion": KEEP,
        "loyalty.ruledraft": KEEP,
        "loyalty.backtest": ("view", "add"),
        "loyalty.challenge": OWN,
        "loyalty.tier": SEE,
        "loyalty.ladder": ("view", "add"),
        "loyalty.ladderdraft": ("view", "add"),
        "loyalty.benefit": KEEP,
        "loyalty.voucherseries": KEEP,
        "loyalty.voucher": KEEP,
        "loyalty.codebatch": ("view", "add"),
        "loyalty.benefitdate": KEEP,
        "loyalty.benefitbooking": ("view", "change"),
        "loyalty.grant": SEE,
        "loyalty.tierstanding": KEEP,
        "loyalty.reward": KEEP,
        "loyalty.rewardstock": KEEP,
        "loyalty.rewardwords": OWN,
        "loyalty.redemption": SEE,
        "campaigns.*": OWN,
        "staff.listexport": ("export_lists",),
    },
    FINANCE: {
        "members.member": SEE,
        "omnichannel.programme": SEE,
        "omnichannel.place": SEE,
        "omnichannel.order": SEE,
        "omnichannel.orderline": SEE,
        "omnichannel.unclaimedorder": SEE,
        "omnichannel.returnslip": SEE,
        "loyalty.*": SEE,
        "loyalty.correction": ("view", "add", "approve_correction"),
        "loyalty.voucher": (),
        "loyalty.codebatch": (),
        "loyalty.rule": ("view", "approve_rule"),
        "loyalty.programmeterms": (*KEEP, "approve_terms"),
        "loyalty.fraudflag": ("view", "review_fraudflag"),
        "loyalty.fraudrule": OWN,
        "loyalty.bookmonth": ("view", "close_bookmonth"),
        "loyalty.pointcost": OWN,
        "loyalty.journalaccount": OWN,
        "staff.listexport": ("export_lists",),
    },
    ADMINISTRATOR: {
        "members.*": OWN,
        "members.member": (*OWN, "see_personal_data"),
        "members.likelypair": ("view", "decide_likelypair"),
        "members.merge": ("view", "merge_members"),
        "members.dataexport": ("view", "add"),
        "members.memberimport": ("view", "add"),
        "members.erasurerequest": ("view", "add", "agree_erasurerequest"),
        "omnichannel.*": OWN,
        "omnichannel.order": (*SEE, "hand_over_order"),
        "omnichannel.orderline": SEE,
        "omnichannel.unclaimedorder": SEE,
        "omnichannel.receipt": SEE,
        "omnichannel.returnslip": SEE,
        "omnichannel.message": SEE,
        "omnichannel.productprice": SEE,
        "omnichannel.behaviourevent": SEE,
        "omnichannel.visitorevent": SEE,
        "omnichannel.knownvisitor": SEE,
        "omnichannel.eventtold": SEE,
        "omnichannel.interaction": KEEP,
        "omnichannel.servicecase": KEEP,
        "omnichannel.casestep": SEE,
        "omnichannel.survey": KEEP,
        "omnichannel.surveyinvitation": SEE,
        "loyalty.*": OWN,
        "loyalty.correction": ("view", "add", "approve_correction"),
        "loyalty.redemption": (*SEE, "fulfil_redemption", "cancel_redemption"),
        "loyalty.rule": (*OWN, "approve_rule"),
        "loyalty.programmeterms": (*OWN, "approve_terms"),
        "loyalty.fraudflag": ("view", "review_fraudflag"),
        "loyalty.bookmonth": ("view", "close_bookmonth"),
        "campaigns.*": OWN,
        "staff.*": OWN,
        "staff.listexport": ("view", "export_lists"),
        "outbox.*": OWN,
        "ground.*": OWN,
        "admin.logentry": SEE,
        "auth.group": SEE,
        "axes.accesslog": SEE,
        "axes.accessattempt": ("view", "delete"),
        "django_celery_beat.periodictask": ("view", "change"),
    },
}
"""role -> model, or `app.*` for every model of an app -> actions. What a single model says stands in place of its
app's line."""


@transaction.atomic
def sync_roles(roles: Table = ROLES) -> list[str]:
    """Make each role's group hold exactly what the table says.

    :returns: names in the table for which there is no model or permission; nothing was granted for them.
    """
    _make_own_permissions()
    known = _permissions_by_name()
    unknown: list[str] = []
    for role, lines in roles.items():
        granted = set()
        for name in sorted(_names(lines, known)):
            if name in known:
                granted.add(known[name])
            else:
                unknown.append(f"{role}: {name}")
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(granted)
    return unknown


def _names(lines: Mapping[str, tuple[str, ...]], known: Iterable[str]) -> set[str]:
    """The permissions that the lines of one role come to, as `app.action_model` (`app.code` for our own)."""
    names = set()
    for line, actions in lines.items():
        app, model = line.split(".")
        models = [model] if model != "*" else _models_of(app, known, named_in=lines)
        for one in models:
            own = OWN_PERMISSIONS.get(f"{app}.{one}", {})
            names |= {f"{app}.{action}" if action in own else f"{app}.{action}_{one}" for action in actions}
    return names


def _models_of(app: str, known: Iterable[str], *, named_in: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Every model of the app that has no line of its own."""
    start = f"{app}.view_"
    models = [name.removeprefix(start) for name in known if name.startswith(start)]
    return [model for model in models if f"{app}.{model}" not in named_in]


def _permissions_by_name() -> dict[str, Permission]:
    """Every permission there is, by `app.codename`."""
    permissions = Permission.objects.select_related("content_type")
    return {f"{one.content_type.app_label}.{one.codename}": one for one in permissions}


def _make_own_permissions() -> None:
    """See that the rows of our own permissions are there."""
    for line, codes in OWN_PERMISSIONS.items():
        app, model = line.split(".")
        kind = ContentType.objects.filter(app_label=app, model=model).first()
        for code, words in codes.items() if kind else ():
            Permission.objects.get_or_create(content_type=kind, codename=code, defaults={"name": words})
