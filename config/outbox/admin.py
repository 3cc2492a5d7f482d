"""What waits and what died, for staff: look, try again, give up."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.ground import clock
from config.outbox import services
from config.outbox.models import Delivery, Event
from config.staff.site import site


class ReadOnly(ModelAdmin):
    """Rows that only the software writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Event, site=site)
class EventAdmin(ReadOnly):
    list_display = ("id", "name", "member_id", "happened_at", "recorded_at")
    list_filter = ("name",)
    search_fields = ("=member_id",)
    search_help_text = "Member id"
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Delivery, site=site)
class DeliveryAdmin(ReadOnly):
    list_display = (
        "id",
        "subscriber",
        "event_name",
        "member_id",
        "attempts",
        "next_attempt_at",
        "state",
        "last_error",
    )
    list_filter = ("is_dead", "subscriber")
    search_fields = ("=member_id", "=event__id")
    search_help_text = "Member id or event id"
    list_select_related = ("event",)
    ordering = ("-is_dead", "id")
    show_full_result_count = False
    actions = ("try_again", "give_up")

    @display(description="Event")
    def event_name(self, delivery: Delivery) -> str:
        return delivery.event.name

    @display(description="State", label={"dead": "danger", "failing": "warning", "waiting": "info"})
    def state(self, delivery: Delivery) -> str:
        if delivery.is_dead:
            return "dead"
        return "failing" if delivery.attempts else "waiting"

    @admin.action(description="Try the dead ones again", permissions=["replay"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        revived = services.replay_dead(list(chosen.values_list("pk", flat=True)), now=clock.now())
        self.message_user(request, f"{revived} will be tried again at once.")

    @admin.action(description="Give the dead ones up", permissions=["replay"])
    def give_up(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        removed = services.give_up_dead(list(chosen.values_list("pk", flat=True)))
        self.message_user(request, f"{removed} given up. Their events are still there.")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("outbox.change_delivery")
