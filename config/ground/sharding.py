"""The rules that keep the way to sharding by member open: `manage.py check --tag sharding`, without any cluster.

A table is *member-owned* when its rows name a member: by a column `member_id`, or by being the history of a member.
Two declarations on a model take it out, and both are read aloud here:

- `is_directory = True`: a narrow table that decides something for the whole house (`key -> member_id`);
- `not_sharded_because = "..."`: everything else that stays in one place, with its reason.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, register
from django.db.models import BigAutoField, BigIntegerField, Field, Model, UniqueConstraint

OUR_APPS = frozenset({"ground", "outbox", "staff", "members", "omnichannel", "loyalty", "campaigns"})


@register("sharding")
def check_sharding(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Every rule, over the tables of our own apps."""
    chosen = app_configs or list(apps.get_app_configs())
    ours = [
        model
        for app in chosen
        if app.label in OUR_APPS
        for model in app.get_models(include_auto_created=True)
    ]
    return [message for model in ours for message in faults_of(model)]


def faults_of(model: type[Model]) -> Iterator[CheckMessage]:
    """What is wrong with one model, if anything."""
    if getattr(model, "is_directory", False) or getattr(model, "not_sharded_because", ""):
        return
    owner = member_column(model)
    if owner is None:
        yield from _references_to_member_owned(model)
        return
    if owner.null:
        yield _fault(model, 1, f"{owner.attname} may be empty, so the row would live nowhere.")
    if not isinstance(model._meta.pk, BigAutoField | BigIntegerField):
        yield _fault(model, 2, "its key is not a bigint.")
    yield from _uniques_without_member(model, owner)


def member_column(model: type[Model]) -> "Field[Any, Any] | None":
    """The column that says whose row it is; None if the table belongs to nobody in particular."""
    for field in model._meta.concrete_fields:
        target = getattr(field.related_model, "_meta", None)
        points_at_a_member = target is not None and target.label == "members.Member"
        if field.attname == "member_id" or (points_at_a_member and field.name == "pgh_obj"):
            return field
    return None


def is_member_owned(model: type[Model]) -> bool:
    """Whether its rows would be spread by member."""
    return model._meta.label == "members.Member" or member_column(model) is not None


def _uniques_without_member(model: type[Model], owner: "Field[Any, Any]") -> Iterator[CheckMessage]:
    names = {owner.name, owner.attname}
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and not names & set(constraint.fields):
            yield _fault(
                model, 3, f"the unique constraint {constraint.name} does not contain {owner.attname}."
            )
    for field in model._meta.concrete_fields:
        if field.unique and not field.primary_key and field is not owner:
            yield _fault(model, 3, f"{field.attname} is unique by itself, without {owner.attname}.")


def _references_to_member_owned(model: type[Model]) -> Iterator[CheckMessage]:
    if model._meta.label == "members.Member":
        return
    for field in model._meta.concrete_fields:
        target = field.related_model
        if isinstance(target, type) and is_member_owned(target):
            yield _fault(
                model, 4, f"{field.name} points from a table of the house into {target._meta.label}."
            )


def _fault(model: type[Model], number: int, words: str) -> CheckMessage:
    hint = "See docs/scale.md; a table that decides for the whole house says `is_directory = True`."
    return Error(f"{model._meta.label}: {words}", hint=hint, obj=model, id=f"sharding.E00{number}")
