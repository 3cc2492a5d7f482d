"""The catalogue: rewards are opened, and what there is of them."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import transaction

from loyalty.errors.rewards import RewardNotFound
from loyalty.models import Reward, RewardStock, RewardWords, Tier, VoucherSeries


class RewardDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A reward that is to be opened; `loyalty.models.rewards.Reward` says what each means.

    :ivar series, tier: codes; "": none.
    :ivar words: language -> title and description.
    :ivar stock: in all; `stocks`: store id -> of its own. None: no limit.
    """

    code: str
    title: str
    kind: str
    points: int
    description: str = ""
    picture_url: str = ""
    series: str = ""
    cash_minor: int = 0
    tier: str = ""
    label: str = ""
    most_per_member: int | None = None
    most_per_period: int | None = None
    period: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    happens_at: datetime | None = None
    cancel_hours: int = 24
    is_shown: bool = True
    words: Mapping[str, tuple[str, str]] = {}
    stock: int | None = None
    stocks: Mapping[int, int | None] = {}


@transaction.atomic
def open_reward(programme_id: int, draft: RewardDraft) -> Reward:
    """Put a reward into the catalogue; one of this code that is there already stays as it is.

    :raises RewardNotFound: the programme has no such series or tier.
    """
    known = Reward.objects.filter(programme_id=programme_id, code=draft.code).first()
    if known is not None:
        return known
    told = msgspec.structs.asdict(draft)
    for name in ("words", "stock", "stocks"):
        del told[name]
    told["series"] = _named(VoucherSeries, programme_id, draft.series)
    told["tier"] = _named(Tier, programme_id, draft.tier)
    reward = Reward.objects.create(programme_id=programme_id, **told)
    RewardWords.objects.bulk_create(
        RewardWords(reward=reward, language=language, title=title, description=description)
        for language, (title, description) in draft.words.items()
    )
    set_stock(reward.pk, None, draft.stock)
    for place_id, stock in draft.stocks.items():
        set_stock(reward.pk, place_id, stock)
    return reward


def set_stock(reward_id: int, place_id: int | None, stock: int | None) -> None:
    """Say how many there are, those taken among them; what is taken is never told anew.

    :param place_id: None: in all.
    """
    known = RewardStock.objects.filter(reward_id=reward_id)
    here = known.filter(place=None) if place_id is None else known.filter(place_id=place_id)
    if not here.update(stock=stock):
        RewardStock.objects.create(reward_id=reward_id, place_id=place_id, stock=stock)


def _named(
    model: type[VoucherSeries] | type[Tier], programme_id: int, code: str
) -> VoucherSeries | Tier | None:
    if not code:
        return None
    found = model._default_manager.filter(programme_id=programme_id, code=code).first()
    if found is None:
        raise RewardNotFound(f"There is no {model._meta.verbose_name} {code}.")
    return found
