"""Challenges: drafts that are written and tried, and what those that run have done so far."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action, display

from config.ground import clock
from config.ground.amounts import money
from config.ground.refusals import Refusal
from config.ground.words import counted, listed
from config.staff.actors import actor_of, list_colleagues_who_may, name_actors
from config.staff.confirm import confirmed
from config.staff.dashboard import Number
from config.staff.site import site
from loyalty.admin.challenge_answers import SCOPE, is_sayable
from loyalty.admin.challenge_form import ChallengeForm
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.models import Challenge
from loyalty.queries.challenge_board import list_challenge_names, said_of
from loyalty.queries.challenge_preview import Tried, try_on
from loyalty.queries.challenges import Sums, running_of, sums_of
from loyalty.queries.drafts import needs_approval
from loyalty.queries.people import find_member_ids
from loyalty.queries.programmes import get_current_programme
from loyalty.services.challenge_drafts import end_challenge, start_challenge, write_challenge

STATES = {"draft": "info", "scheduled": "info", "live": "success", "ended": "default"}
"""State -> the colour of its label."""

MAY_START = "loyalty.change_challenge"

_PURCHASES = "goal != 'referral' && act == ''"


def state_of(challenge: Challenge) -> str:
    """Where it stands now."""
    now = clock.now()
    if challenge.started_at is None or challenge.live_from is None:
        return "draft"
    if challenge.live_until is not None and challenge.live_until <= now:
        return "ended"
    return "live" if challenge.live_from <= now else "scheduled"


def _says(challenge: Challenge) -> list[str]:
    """All that whoever starts it agrees to."""
    sentences = [said_of(challenge, list_challenge_names(challenge.programme_id))]
    if challenge.words:
        sentences.append(f"Members read: {challenge.words}")
    zone = ZoneInfo(challenge.programme.timezone)
    start, end = (
        f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""
        for at in (challenge.live_from, challenge.live_until)
    )
    until = f" until {end}" if end else ""
    return [*sentences, f"From {start or 'the moment it is started'}{until}."]


def _draft_of(challenge: Challenge, request: HttpRequest) -> dict[str, Any]:
    """Who wrote a draft and, where that may not be its writer, who may start it."""
    writers = challenge.writers()
    is_own = actor_of(request) in writers and needs_approval(challenge.programme_id)
    return {
        "of_what": "challenges",
        "made_by": name_actors(writers).get(challenge.made_by, challenge.made_by),
        "waits": is_own,
        "approvers": list_colleagues_who_may(MAY_START, but=writers) if is_own else [],
    }


@admin.register(Challenge, site=site)
class ChallengeAdmin(OfOneProgramme):
    """A draft is a form; what was started is told in a sentence, with its figures."""

    form = ChallengeForm
    list_display = ("called", "says", "state", "members", "completed", "given", "programme")
    list_display_links = ("called",)
    list_filter = ("programme",)
    list_select_related = ("programme",)
    search_fields = ("name", "code")
    ordering = ("programme", "-pk")
    compressed_fields = True
    warn_unsaved_form = False
    actions_detail = ("start", "end")
    change_form_outer_before_template = "loyalty/admin/challenge_says.html"
    conditional_fields = {
        "needed": "goal != 'referral'",
        "per": "goal == 'stamp_card' && act == ''",
        "amount": "goal == 'stamp_card' && act == '' && per == 'amount'",
        "unit": "goal == 'streak'",
        "different_days": "goal == 'mission'",
        "act": "goal != 'referral'",
        **dict.fromkeys((*SCOPE, "places", "weekdays", "hours_from", "hours_until"), _PURCHASES),
        "spends": "goal == 'referral' || act == ''",
        "kept_days": "goal == 'referral'",
        "friend_points": "goal == 'referral'",
        "points": "gives == 'points'",
        "series": "gives == 'voucher'",
    }

    def get_fieldsets(self, request: HttpRequest, obj: Challenge | None = None) -> Any:
        if not self.has_change_permission(request, obj):
            return [("Challenge", {"fields": ("name", "code", "words")})]
        asks = ("goal", "needed", "per", "amount", "unit", "different_days", "kept_days")
        counts = ("act", *SCOPE, "spends", "places", "weekdays", "hours_from", "hours_until")
        return [
            ("Challenge", {"fields": ("name", "code", "words")}),
            ("What it asks for", {"fields": asks}),
            ("What counts", {"fields": counts}),
            ("What it gives", {"fields": ("gives", "points", "series", "badge", "friend_points", "most")}),
            ("When", {"fields": ("live_from", "live_until")}),
        ]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Challenge | None = None) -> dict[str, Any]:
        return {} if obj else {"code": ("name",)}

    def has_change_permission(self, request: HttpRequest, obj: Challenge | None = None) -> bool:
        """Only what is a draft, and says nothing that the form cannot say, is written over."""
        is_open = obj is None or (obj.started_at is None and is_sayable(running_of(obj).definition))
        return is_open and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Challenge | None = None) -> bool:
        is_draft = obj is not None and obj.started_at is None
        return is_draft and bool(super().has_delete_permission(request, obj))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with its sums and sentences read for the whole page at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        sums = sums_of(page.result_list)
        names = {one.programme_id: list_challenge_names(one.programme_id) for one in page.result_list}
        for one in page.result_list:
            vars(one).update(sums=sums[one.pk], said=said_of(one, names[one.programme_id]))
        return page

    def get_queryset(self, request: HttpRequest) -> QuerySet[Challenge]:
        rows: QuerySet[Challenge] = super().get_queryset(request)
        return rows.select_related("programme")

    def save_model(self, request: HttpRequest, obj: Challenge, form: Any, change: bool) -> None:
        told = form.cleaned_data
        written = write_challenge(
            programme_id=form.home.id,
            code=told["code"],
            name=told["name"],
            words=told["words"],
            definition=told["definition"],
            live_from=told["live_from"],
            live_until=told["live_until"],
            challenge=obj if change else None,
            by=actor_of(request),
            now=form.now,
        )
        obj.pk, obj.programme_id = written.pk, form.home.id

    def response_add(
        self, request: HttpRequest, obj: Challenge, post_url_continue: Any = None
    ) -> HttpResponse:
        """Stay on the draft's page: it is read, tried on a member, and started there."""
        who = "another person starts it" if needs_approval(obj.programme_id) else "start it"
        messages.success(request, f"The draft is written. Read what it says, try it on a member; {who}.")
        return _back(obj.pk)

    def response_change(self, request: HttpRequest, obj: Challenge) -> HttpResponse:
        messages.success(request, "The draft is written over.")
        return _back(obj.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        obj: Challenge | None = more.get("obj")
        if obj is not None:
            whose = request.GET.get("whose", "")
            state = state_of(obj)
            context |= {
                "said": said_of(obj, list_challenge_names(obj.programme_id)),
                "challenge": obj,
                "state": state,
                "colour": STATES[state],
                "numbers": _numbers(obj) if obj.started_at else [],
                "whose": whose,
                "tried": _try(obj, whose) if whose else [],
                **(_draft_of(obj, request) if state == "draft" else {}),
            }
        answer: HttpResponse = super().render_change_form(request, context, *args, **more)
        return answer

    @action(description="Start", icon="play_arrow", permissions=["start"])
    @confirmed("Start this challenge? What it asks for stays as it is from then on.", says=_says)
    def start(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let it count, as it was read."""
        read = request.POST.get("read", "")
        try:
            started = start_challenge(int(object_id), read=read, by=actor_of(request), now=clock.now())
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            self.log_change(request, started, "Started.")
            messages.success(request, f"{started} counts.")
        return _back(object_id)

    @action(description="End", icon="stop", permissions=["end"])
    @confirmed("End this challenge now? What members got stays theirs.")
    def end(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let nothing count any more that happens from now on."""
        now = clock.now()
        try:
            ended = end_challenge(int(object_id), at=now, now=now)
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            self.log_change(request, ended, "Ended.")
            messages.success(request, f"{ended} is over.")
        return _back(object_id)

    def has_start_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_steer(request, object_id, "draft")

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_steer(request, object_id, "live", "scheduled")

    def _may_steer(self, request: HttpRequest, object_id: Any, *states: str) -> bool:
        row = self.get_object(request, str(object_id)) if object_id else None
        return request.user.has_perm(MAY_START) and row is not None and state_of(row) in states

    @display(description="challenge", header=True)
    def called(self, challenge: Challenge) -> tuple[str, str]:
        return challenge.name, challenge.code

    @display(description="says")
    def says(self, challenge: Challenge) -> str:
        return str(vars(challenge)["said"])

    @display(description="state", label=STATES)
    def state(self, challenge: Challenge) -> str:
        return state_of(challenge)

    @display(description="members")
    def members(self, challenge: Challenge) -> str:
        return f"{vars(challenge)['sums'].members:,}"

    @display(description="completions")
    def completed(self, challenge: Challenge) -> str:
        return f"{vars(challenge)['sums'].completions:,}"

    @display(description="given")
    def given(self, challenge: Challenge) -> str:
        return _given(vars(challenge)["sums"])


def _back(object_id: Any) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:loyalty_challenge_change", args=[object_id]))


def _numbers(challenge: Challenge) -> list[tuple[str, Number]]:
    sums = sums_of([challenge])[challenge.pk]
    percent = f"{sums.completed * 100 / sums.members:.0f} % of them" if sums.members else ""
    terms = get_current_programme(challenge.programme_id).terms
    worth = money(sums.points * terms.burn_minor // terms.burn_points, terms.currency)
    counting = "the past is still being counted" if challenge.caught_up_to is not None else ""
    given = f"points worth {worth} by what they pay; less what returns took back" if sums.points else ""
    return [
        ("Take part", Number(f"{sums.members:,}", counting or "members of whom something counted")),
        ("Completed it", Number(f"{sums.completed:,}", percent)),
        ("Completions", Number(f"{sums.completions:,}", "as things stand, after returns")),
        ("Given", Number(_given(sums), given or "less what returns took back")),
    ]


def _given(sums: Sums) -> str:
    points = [counted(sums.points, "point")] if sums.points else []
    vouchers = [counted(sums.vouchers, "voucher")] if sums.vouchers else []
    return listed(points + vouchers) if points or vouchers else "nothing"


def _try(challenge: Challenge, whose: str) -> list[Tried]:
    members = [row["pk"] for row in find_member_ids(whose)[:3]]
    return try_on(running_of(challenge), members, now=clock.now())
