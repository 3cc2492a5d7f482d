"""What is drafted beside rules: ladders, terms, limits and challenges, each with the page where it is decided."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from msgspec import structs

from config.staff.actors import actor_of, name_actors
from loyalty.queries.drafts import OpenDraft, list_open_drafts

OTHERS = {
    "ladderdraft": ("ladders", "loyalty.approve_rule"),
    "programmedraft": ("terms and limits", "loyalty.approve_terms"),
    "challenge": ("challenges", "loyalty.change_challenge"),
}
"""Model -> of what its drafts are, and the right to approve one."""


def tell_others(request: HttpRequest) -> dict[str, Any]:
    """The open ones that this person may see, those that wait first, and the pages of all."""
    seen = [model for model in OTHERS if request.user.has_perm(f"loyalty.view_{model}")]
    drafts = list_open_drafts(seen)
    names = name_actors(one.made_by for one in drafts)
    return {
        "others": [
            {
                **structs.asdict(one),
                "for_me": _waits_for_me(request, one),
                "maker": names.get(one.made_by, one.made_by),
                "url": reverse(f"admin:loyalty_{one.model}_change", args=[one.id]),
            }
            for one in drafts
        ],
        "pages": [(OTHERS[model][0], reverse(f"admin:loyalty_{model}_changelist")) for model in seen],
    }


def _waits_for_me(request: HttpRequest, draft: OpenDraft) -> bool:
    _, right = OTHERS[draft.model]
    return draft.waits and actor_of(request) not in draft.writers and request.user.has_perm(right)
