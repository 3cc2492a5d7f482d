"""Drafts of ladders: what would change, and who would move."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from config.ground.typed import load
from config.staff.site import site
from loyalty.admin.cells import link_to_member
from loyalty.admin.draft_page import DraftPage
from loyalty.admin.ladders import said
from loyalty.models import LadderDraft
from loyalty.models.drafts import OPEN
from loyalty.queries.ladder_moves import Move
from loyalty.queries.ladders import find_last_ladder
from loyalty.queries.people import list_people
from loyalty.queries.vocabulary import Home, list_names
from loyalty.rules.ladder_words import ladder_changes
from loyalty.rules.ladders import LadderDefinition
from loyalty.services.ladder_drafts import LADDER_DRAFTS


@admin.register(LadderDraft, site=site)
class LadderDraftAdmin(DraftPage):
    """A draft is written on the form of the ladder."""

    road = LADDER_DRAFTS
    template = "loyalty/admin/ladder_draft.html"
    of_what = "ladders"
    list_display = ("called", "state_label", "waits_for_me", "made", "submitted_at", "live_from", "programme")

    def rights_to_write(self, _draft: LadderDraft) -> Sequence[str]:
        return ("loyalty.add_ladder",)

    def outcome(self, _draft: LadderDraft) -> str:
        return "it is scheduled"

    def tell(self, _request: HttpRequest, draft: LadderDraft, home: Home) -> dict[str, Any]:
        """Once it is a ladder it is told by itself; of an open one, what it would change of the one before."""
        names = list_names([home.id])[home.id].tiers
        changes = []
        if draft.state in OPEN:
            definition = load(LadderDefinition, draft.definition)
            changes = ladder_changes(find_last_ladder(home.id), definition, names, home.currency)
        moves: list[Move] = load(list[Move], draft.movers or [])
        people = list_people([ref for move in moves for ref in move.examples])
        return {
            "title": f"Another ladder for {home.name}",
            "says": said(draft.definition, home),
            "changes": changes,
            "moves": [
                {
                    "before": names.get(move.before, move.before),
                    "after": names.get(move.after, move.after),
                    "members": move.members,
                    "examples": [link_to_member(*people[ref]) for ref in move.examples if ref in people],
                }
                for move in moves
            ],
            "write_url": f"{reverse('admin:loyalty_ladder_add')}?programme={home.id}",
        }
