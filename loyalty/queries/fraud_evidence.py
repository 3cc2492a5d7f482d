"""Evidence of flags in words: who is meant by `till:7` or `member:55`."""

from collections.abc import Iterable

from config.staff.actors import name_actors
from members.models import Member
from members.rules.people import name_of
from omnichannel.models import Order, Place, Till


def name_members(ids: Iterable[int]) -> dict[int, str]:
    """The names of members by their id. One statement."""
    return {member.pk: name_of(member) for member in Member.objects.filter(pk__in=set(ids))}


def list_purchases(refs: Iterable[str]) -> list[Order]:
    """The purchases among the refs of a finding, the first in front, with `place__programme`. One statement."""
    orders = Order.objects.filter(ref__in=list(refs)).select_related("place__programme")
    return list(orders.order_by("placed_at", "pk"))


def name_subjects(subjects: Iterable[str]) -> dict[str, str]:
    """What findings are about, in words, by subject; at most one statement for each kind."""
    wanted = list(subjects)
    parts = [part.split(":", 1) for subject in wanted for part in subject.split()]
    ids: dict[str, list[int]] = {}
    for kind, value in parts:
        if value.isdigit():
            ids.setdefault(kind, []).append(int(value))
    names: dict[str, str] = dict(name_actors(wanted))
    names |= {f"member:{pk}": name for pk, name in name_members(ids.get("member", [])).items()}
    tills = Till.objects.select_related("place").filter(pk__in=ids.get("till", []))
    names |= {f"till:{till.pk}": f"{till.place.name}, {till.name or till.code}" for till in tills}
    places = Place.objects.filter(pk__in=ids.get("place", []))
    names |= {f"place:{place.pk}": place.name for place in places}
    return {
        subject: ", ".join(names.get(part, _unnamed(part)) for part in subject.split()) for subject in wanted
    }


def _unnamed(part: str) -> str:
    kind, _, value = part.partition(":")
    return f"{kind} {value}"
