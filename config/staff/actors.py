"""Who wrote something down: `staff:3` in a row means a colleague with a name."""

from collections.abc import Iterable

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from config.staff.models import Staff

_PREFIX = "staff:"


def actor_of(request: HttpRequest) -> str:
    """The colleague in front of a page, as tables name them."""
    return f"{_PREFIX}{request.user.pk}"


def list_colleagues_who_may(*permissions: str, but: Iterable[str] = ()) -> list[str]:
    """The names of those who hold all permissions such as `loyalty.approve_rule`, without these actors."""
    first, *others = permissions
    people = ModelBackend().with_perm(first)
    for permission in others:
        people = people & ModelBackend().with_perm(permission)
    return [str(person) for person in people.order_by("pk") if f"{_PREFIX}{person.pk}" not in but]


def id_of(actor: str) -> int:
    """The id of a colleague by what tables call them.

    >>> id_of("staff:3")
    3
    """
    return int(actor.removeprefix(_PREFIX))


def name_actors(actors: Iterable[str]) -> dict[str, str]:
    """The names of the colleagues among actors such as `staff:3`, by actor; whoever else is left out. One statement."""
    ids = {
        int(number)
        for actor in actors
        if (number := actor.removeprefix(_PREFIX)) != actor and number.isdigit()
    }
    return {f"{_PREFIX}{person.pk}": str(person) for person in Staff.objects.filter(pk__in=ids)}
