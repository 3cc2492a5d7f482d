"""Ladders: what a programme's tiers ask for and how long they are held, from a moment on."""

from collections.abc import Sequence
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from config.ground.guards import append_only
from loyalty.models.drafts import Draft, DraftState, approved_by_another, one_open_draft


class Ladder(models.Model):
    """A version of a programme's ladder. The one of a moment is the last that has begun; it is never rewritten.

    One that waits for its time can be withdrawn until then.
    """

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    version = models.PositiveIntegerField()
    definition = models.JSONField(help_text="`loyalty.rules.ladders.LadderDefinition`")
    live_from = models.DateTimeField()
    made_by = models.CharField(max_length=60)
    approved_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    made_at = models.DateTimeField()
    withdrawn_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "version"], name="ladders_are_numbered"),
            CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__lt=F("live_from")),
                name="a_ladder_is_withdrawn_before_it_begins",
            ),
            CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("made_by")),
                name="nobody_approves_their_own_ladder",
            ),
        ]
        indexes = [models.Index(fields=["programme", "live_from", "version"], name="ladder_of_a_moment")]
        ordering = ["programme", "version"]
        triggers = [
            pgtrigger.Protect(name="ladders_are_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="ladders_are_never_rewritten",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "programme", "version", "definition", "live_from", "made_by", "made_at", "approved_by"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"ladder {self.version}"


class LadderDraft(Draft):
    """What somebody wants the ladder to be. `live_from` empty: from the moment it is approved.

    `movers` is who would move, as `loyalty.queries.ladder_moves.Move`, counted at `counted_at`; it is counted again
    whenever the draft changes.
    """

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    definition = models.JSONField(help_text="`loyalty.rules.ladders.LadderDefinition`")
    live_from = models.DateTimeField(null=True, blank=True)
    ladder = models.OneToOneField(Ladder, on_delete=models.PROTECT, null=True, related_name="draft")
    movers = models.JSONField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_open_draft("programme", name="a_programme_has_one_open_ladder_draft"),
            CheckConstraint(
                condition=Q(state=DraftState.APPROVED, ladder__isnull=False)
                | ~Q(state=DraftState.APPROVED) & Q(ladder=None),
                name="an_approved_draft_is_a_ladder",
            ),
            approved_by_another("a_ladder_is_approved_by_another"),
        ]

    def __str__(self) -> str:
        return "another ladder"

    def said(self) -> Sequence[Any]:
        return self.definition, self.live_from


class TierReview(models.Model):
    """A day's review of a programme's members by a ladder. It goes on where it stood, however often it is killed."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    ladder = models.ForeignKey(Ladder, on_delete=models.PROTECT, related_name="+")
    reviewed_on = models.DateField()
    last_wallet_id = models.BigIntegerField(default=0, help_text="Reviewed up to this wallet.")
    lifted = models.PositiveIntegerField(default=0)
    prolonged = models.PositiveIntegerField(default=0)
    lowered = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    shared_tier = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether households shared the tier when they were levelled last.",
    )

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["programme", "ladder", "reviewed_on"], name="a_ladder_is_reviewed_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"review of {self.reviewed_on}"


class TierNotice(models.Model):
    """Something was announced of the end of a member's tier: that it comes near, or that it has come. Once each."""

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey("loyalty.Wallet", on_delete=models.PROTECT, db_index=False, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    tier = models.ForeignKey("loyalty.Tier", on_delete=models.PROTECT, db_index=False, related_name="+")
    until_at = models.DateTimeField()
    days_before = models.PositiveSmallIntegerField(help_text="0: it has ended.")
    announced_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["wallet", "tier", "until_at", "days_before", "member"],
                name="an_end_is_announced_once",
            )
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.days_before} days before {self.until_at:%Y-%m-%d}"
