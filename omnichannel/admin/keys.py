"""Keys of tills and integrations: made, rotated and revoked here; each is shown on one answer and never again."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, DropdownFilter
from unfold.decorators import action, display

from config.ground import clock
from config.ground.refusals import Refusal
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.site import site
from omnichannel.admin.key_forms import STANDS_FOR, MakeKeyForm, RevokeKeyForm, RotateKeyForm
from omnichannel.admin.own_stores import of_own_stores
from omnichannel.admin.shown import code
from omnichannel.models import ApiKey
from omnichannel.services.keys import NewKey, make_key, revoke_key, rotate_key

MAY_CHANGE = "omnichannel.change_apikey"
ROTATE_WORDS = "Its successor has the same rights. Put it where the old key is used before that one ends."
REVOKE_WORDS = "Whoever uses this key is refused from the next request on. This cannot be undone."


class StateFilter(DropdownFilter):
    """By whether a key still opens anything."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "works"), ("ended", "ended"), ("revoked", "revoked")]

    def queryset(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        ended = Q(expires_at__lte=clock.now())
        wanted = {
            "live": Q(revoked_at=None) & (Q(expires_at=None) | ~ended),
            "ended": Q(revoked_at=None) & ended,
            "revoked": Q(revoked_at__isnull=False),
        }
        return keys.filter(wanted.get(self.value() or "", Q()))


@admin.register(ApiKey, site=site)
class KeyAdmin(ReadOnlyAdmin):
    """A key is looked at here, and three verbs change it. Its text is not among what is kept."""

    list_display = ("name", "visible_part", "may", "of", "state", "last_used_on", "made_at")
    list_filter = (StateFilter, ("place", AutocompleteSelectFilter), "programme")
    list_filter_submit = True
    list_select_related = ("programme", "place", "till__place")
    search_fields = ("name", "prefix", "place__code", "place__name")
    ordering = ("-pk",)
    sortable_by = ("name", "made_at", "last_used_on")
    autocomplete_fields = tuple(STANDS_FOR)
    actions_detail = ("rotate", "revoke")
    fieldsets = (
        (None, {"fields": ("name", "visible_part", "state", "may", "of")}),
        (
            "Life",
            {"fields": ("made_at", "made_by", "rotated_from", "expires_at", "revoked_at", "last_used_on")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        return of_own_stores(request, keys.defer("secret_hash"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("omnichannel.add_apikey")

    def has_renew_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether this person may rotate or revoke this key: one they see, and that still works."""
        key = self.get_object(request, str(object_id)) if request.user.has_perm(MAY_CHANGE) else None
        return key is not None and _state_of(key) == "works"

    @display(description="begins with")
    def visible_part(self, key: ApiKey) -> str:
        return code(f"rk_{key.prefix}…")

    @display(description="may")
    def may(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description="of")
    def of(self, key: ApiKey) -> str:
        return str(key.till or key.place or key.programme or "the whole house")

    @display(description="state", label={"works": "success", "ended": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        return _state_of(key)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Make a key and show it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = MakeKeyForm(
            request.POST or None, initial=_told_in_address(request), stands=self._stands(request)
        )
        return self._ask(
            request,
            form,
            title="Make a key",
            verb="Make the key",
            act=lambda: make_key(**form.wanted(), made_by=str(request.user), now=clock.now()),
        )

    @action(description="Rotate", permissions=["renew"], url_path="rotate", icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = RotateKeyForm(request.POST or None)
        return self._ask(
            request,
            form,
            title=f"Rotate {self.get_object(request, object_id)}",
            verb="Make its successor",
            words=ROTATE_WORDS,
            act=lambda: rotate_key(
                int(object_id), overlap=form.overlap(), made_by=str(request.user), now=clock.now()
            ),
        )

    @action(description="Revoke", permissions=["renew"], url_path="revoke", icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = RevokeKeyForm(request.POST if request.method == "POST" else None)
        return self._ask(
            request,
            form,
            title=f"Revoke {self.get_object(request, object_id)}",
            verb="Revoke it now",
            words=REVOKE_WORDS,
            act=lambda: self._revoke(request, object_id),
        )

    def _revoke(self, request: HttpRequest, object_id: str) -> None:
        revoke_key(int(object_id), now=clock.now())
        key = ApiKey.objects.get(pk=object_id)
        self.log_change(request, key, "Revoked.")
        messages.success(request, f"{key} is refused from now on.")

    def _ask(
        self,
        request: HttpRequest,
        form: forms.Form,
        *,
        title: str,
        verb: str,
        words: str = "",
        act: Callable[[], NewKey | None],
    ) -> HttpResponse:
        """The page with the form; once it is filled in, what `act` made of it."""
        if form.is_valid():
            try:
                made = act()
            except Refusal as refusal:
                form.add_error(None, refusal.detail)
            else:
                return self._show_once(request, made) if made else HttpResponseRedirect(self._list_page())
        page = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "verb": verb,
            "words": words,
            "list_page": self._list_page(),
        }
        return render(request, "omnichannel/admin/key_form.html", page, status=422 if form.errors else 200)

    def _show_once(self, request: HttpRequest, made: NewKey) -> HttpResponse:
        """The one answer that holds the key's text. Nothing keeps it: no session, no message, no cache."""
        key = ApiKey.objects.select_related("rotated_from").get(pk=made.id)
        self.log_addition(request, key, "Rotated." if key.rotated_from else "Made.")
        page = {
            **self.admin_site.each_context(request),
            "title": f"The key of {key.name}",
            "opts": self.opts,
            "key": key,
            "text": made.text,
            "list_page": self._list_page(),
        }
        answer = render(request, "omnichannel/admin/key_made.html", page)
        answer["Cache-Control"] = "no-store, private"
        return answer

    def _list_page(self) -> str:
        return reverse("admin:omnichannel_apikey_changelist")

    def _stands(self, request: HttpRequest) -> dict[str, forms.Field]:
        """The fields that say where a key stands: choices found while typing, of the stores one may see."""
        fields: dict[str, forms.Field] = {}
        for name, lookup in zip(STANDS_FOR, ("place", "pk", "places"), strict=True):
            field = self.formfield_for_foreignkey(ApiKey._meta.get_field(name), request)
            field.queryset = of_own_stores(request, field.queryset, place=lookup).distinct()
            fields[name] = field
        return fields


def _told_in_address(request: HttpRequest) -> dict[str, Any]:
    """What the page that led here filled in."""
    told = {name: request.GET[name] for name in ("name", *STANDS_FOR) if name in request.GET}
    return {**told, "scopes": request.GET.getlist("scopes")}


def _state_of(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "ended" if key.expires_at is not None and key.expires_at <= clock.now() else "works"
