"""Members, as staff find, read, enrol and change them."""

from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from config.ground import clock
from config.ground.refusals import Refusal
from config.staff.actors import actor_of
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.admin.attributes import change_attributes
from members.admin.consent_form import ConsentForm
from members.admin.consents import proof_file
from members.admin.forms import KINDS, ChangeForm, EnrolForm
from members.admin.page import Titled, facts_of_header, facts_of_timeline, panels_shown
from members.admin.take_over_form import TakeOverForm
from members.errors import MemberNotActive
from members.models import Member
from members.models.members import MemberState
from members.queries.search import find_by_term, newest_identity
from members.rules.masking import masked
from members.rules.people import Person, name_of
from members.services.cards import give_card
from members.services.consents import take_word
from members.services.enrolment import enrol
from members.services.identities import move_identity
from members.services.profiles import change_member

NAMES = ("given_name", "family_name", "display_name", "language")
BIRTHDAY = ("birth_date", ("birth_month", "birth_day"))


def may_see_personal_data(request: HttpRequest) -> bool:
    return request.user.has_perm("members.see_personal_data")


@admin.register(Member, site=site)
class MemberAdmin(ExportsList):
    """Found by phone in any spelling, card, e-mail, ref or name. The page shows what every floor holds."""

    compressed_fields = True
    list_filter = ("state", "enrolled_via", "enrolled_at")
    list_filter_submit = True
    search_fields = ("ref",)
    search_help_text = "Phone or its last digits, card, e-mail, ref or pieces of the name"
    ordering = ("-pk",)
    sortable_by = ()
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    change_form_outer_before_template = "members/admin/page.html"
    actions_detail = ("consent",)
    export_columns = {
        "ref": "ref",
        **{name: name for name in NAMES},
        "phone": newest_identity("phone"),
        "email": newest_identity("email"),
        "card": newest_identity("card"),
        "birth_date": "birth_date",
        "state": "state",
        "came_by": "enrolled_via",
        "store": "enrolled_at_place",
        "member_since": "enrolled_at",
    }
    export_masked = {
        **{kind: partial(masked, kind) for kind in KINDS},
        "birth_date": partial(masked, "words"),
    }

    class Media:
        css = {"all": ("members/member_page.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        members: QuerySet[Member] = super().get_queryset(request)
        return members.prefetch_related("identities")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Member], search_term: str
    ) -> tuple[QuerySet[Member], bool]:
        term = search_term.strip()
        return (queryset.filter(pk__in=find_by_term(term).values("pk")) if term else queryset), False

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        phone = "phone_number" if may_see_personal_data(request) else "masked_phone"
        return ("known_as", phone, "status", "came_by", "enrolled_at_place", "enrolled_at")

    def has_change_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        """Nothing is written of a person again who was erased."""
        is_erased = obj is not None and obj.state == MemberState.ERASED
        return super().has_change_permission(request, obj) and not is_erased

    def has_delete_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        """What a member did stays in the books; a person is erased, never deleted."""
        return False

    @display(description="name")
    def known_as(self, member: Member) -> str:
        return name_of(member)

    def search_title(self, member: Member) -> str:
        """What the quick search calls a member; the log of what staff did keeps to the ref, which names nobody."""
        return name_of(member)

    @display(description="phone")
    def phone_number(self, member: Member) -> str:
        return _newest(member, "phone") or "–"

    @display(description="phone")
    def masked_phone(self, member: Member) -> str:
        number = _newest(member, "phone")
        return masked("phone", number) if number else "–"

    @display(description="state", label={"active": "success", "merged": "info", "erased": "danger"})
    def status(self, member: Member) -> str:
        return str(member.state)

    @display(description="came by", label=True)
    def came_by(self, member: Member) -> str:
        return member.enrolled_via

    def get_form(
        self, request: HttpRequest, obj: Member | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        kwargs["form"] = ChangeForm if obj else EnrolForm
        form: type[ModelForm] = super().get_form(request, obj, change, **kwargs)
        return form

    def get_fieldsets(
        self, request: HttpRequest, obj: Member | None = None
    ) -> list[tuple[str, dict[str, Any]]]:
        """Who may not see a birthday is not shown one; who may not change anything is offered nothing to add."""
        if obj is None:
            return [
                ("Known by", {"fields": KINDS}),
                ("Person", {"fields": (*NAMES, *BIRTHDAY)}),
                ("What may we send?", {"fields": ("by_email", "by_sms")}),
            ]
        fieldsets = [("Person", {"fields": (*NAMES, *(BIRTHDAY if may_see_personal_data(request) else ()))})]
        if self.has_change_permission(request, obj):
            fieldsets.append(("Also known by", {"fields": (*KINDS, "new_card")}))
        return fieldsets

    def save_model(self, request: HttpRequest, obj: Member, form: Any, change: bool) -> None:
        if change:
            self._change(obj, form)
        else:
            self._enrol(request, obj, form)

    def _enrol(self, request: HttpRequest, obj: Member, form: EnrolForm) -> None:
        enrolled = enrol(
            identities=form.claims,
            person=form.person,
            via="admin",
            consents=form.consents(),
            actor=actor_of(request),
            now=clock.now(),
        )
        obj.pk, obj.ref = enrolled.member_id, enrolled.ref
        if not enrolled.is_new:
            messages.warning(request, "This person is a member already; here they are. Nothing was changed.")

    def _change(self, obj: Member, form: ChangeForm) -> None:
        now = clock.now()
        changed = {
            name: form.cleaned_data[name] for name in form.changed_data if name in Person.__struct_fields__
        }
        change_member(obj.pk, changes=changed, identities=form.claims, source="admin", now=now)
        if form.cleaned_data.get("new_card"):
            give_card(obj.pk, now=now)

    def response_add(
        self, request: HttpRequest, obj: Member, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Straight to the member's page: that is what one wants to see next."""
        return HttpResponseRedirect(reverse("admin:members_member_change", args=[obj.pk]))

    def has_consent_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Named by a method, because Unfold looks up a dotted permission in tables that `migrate` has yet to make."""
        return request.user.has_perm("members.change_member")

    @action(description="Write down consent", icon="approval", permissions=["consent"])
    def consent(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What the member said to a colleague, by any way that is not a door of ours."""
        member = self.get_object(request, str(object_id))
        if member is None or not self.has_change_permission(request, member):
            raise Http404
        now = clock.now()
        form = ConsentForm(request.POST or None, now=now)
        page_of_member = reverse("admin:members_member_change", args=[member.pk])
        if form.is_valid() and self._took_word(request, member, form, now):
            self.log_change(request, member, f"Consent: {form.words()}.")
            messages.success(request, f"Written down: {form.words()}.")
            return HttpResponseRedirect(page_of_member)
        page = {
            **self.admin_site.each_context(request),
            "title": f"What did {name_of(member)} say?",
            "what_happens": "It holds at once, and stays as evidence with your name.",
            "button": "Write it down",
            "form": form,
            "page_of_member": page_of_member,
        }
        return render(request, "members/admin/form.html", page)

    def _took_word(self, request: HttpRequest, member: Member, form: ConsentForm, now: datetime) -> bool:
        """False where it was refused; why stands on the form."""
        source, actor = form.cleaned_data["source"], actor_of(request)
        try:
            take_word(member.pk, form.word, source=source, actor=actor, happened_at=form.said_at, now=now)
        except MemberNotActive as refused:
            form.add_error(None, f"{refused.detail}. Open who they are by now, and write it down there.")
            return False
        return True

    def get_urls(self) -> list[Any]:
        take_over = self.admin_site.admin_view(self.take_over)
        timeline = self.admin_site.admin_view(self.timeline)
        attributes = self.admin_site.admin_view(self.attributes)
        proof = self.admin_site.admin_view(self.proof)
        return [
            path("<int:pk>/take-over/", take_over, name="members_member_take_over"),
            path("<int:pk>/timeline/", timeline, name="members_member_timeline"),
            path("<int:pk>/consents/<str:channel>/<str:purpose>/", proof, name="members_member_proof"),
            path("<int:pk>/attributes/", attributes, name="members_member_attributes"),
            *super().get_urls(),
        ]

    def timeline(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Everything that happened with a member, page after page."""
        member = self.get_object(request, str(pk))
        if member is None or not self.has_view_permission(request, member):
            raise PermissionDenied
        page = {
            **self.admin_site.each_context(request),
            **facts_of_timeline(
                member, request, is_masked=not may_see_personal_data(request), now=clock.now()
            ),
            "media": self.media,
        }
        return render(request, "members/admin/timeline.html", page)

    def proof(self, request: HttpRequest, pk: int, channel: str, purpose: str) -> HttpResponse:
        """How a consent came to be, as a file to hand on; that it was taken is written down."""
        member = self.get_object(request, str(pk))
        if member is None or not self.has_view_permission(request, member):
            raise PermissionDenied
        answer = proof_file(pk, channel, purpose, now=clock.now())
        self.log_change(request, member, f"Took the proof of consent: {purpose} by {channel}.")
        return answer

    def attributes(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What a member told a colleague."""
        member = self.get_object(request, str(pk))
        if member is None or not self.has_change_permission(request, member):
            raise PermissionDenied
        answer = change_attributes(request, member, self.admin_site.each_context(request))
        if answer.status_code == 302:
            self.log_change(request, member, "Wrote down what they said of themselves.")
        return answer

    def take_over(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A card or phone that is another member's so far."""
        member = self.get_object(request, str(pk))
        if member is None or not self.has_change_permission(request, member):
            raise PermissionDenied
        form = TakeOverForm(request.POST or None, member_id=pk)
        page_of_member = reverse("admin:members_member_change", args=[pk])
        if form.is_valid() and self._moved(request, form):
            self.log_change(request, member, f"Took over: {form.claim.kind}.")
            return HttpResponseRedirect(page_of_member)
        page = {
            **self.admin_site.each_context(request),
            "title": f"What does {name_of(member)} take over?",
            "what_happens": "Whoever goes by it now goes by it no more, and it has to be proven anew. The move stays on"
            " both pages, with your name.",
            "button": "Move it",
            "form": form,
            "page_of_member": page_of_member,
        }
        return render(request, "members/admin/form.html", page)

    def _moved(self, request: HttpRequest, form: TakeOverForm) -> bool:
        try:
            move_identity(
                form.claim,
                from_member_id=form.holder_id,
                to_member_id=form.member_id,
                evidence=form.evidence_of_move,
                source="admin",
                actor=actor_of(request),
                now=clock.now(),
            )
        except Refusal as refused:
            messages.error(request, refused.detail)
            return False
        messages.success(request, "It is theirs now; who had it so far goes by it no more.")
        return True

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,
        obj: Member | None = None,
        **kwargs: Any,
    ) -> HttpResponse:
        if obj is not None:
            is_masked = not may_see_personal_data(request)
            context["header"] = header = facts_of_header(obj)
            context |= {"original": Titled(obj, header.name), "subtitle": header.name}
            context["panels"] = panels_shown(
                obj.pk, viewer=request.user, is_masked=is_masked, now=clock.now()
            )
        response: HttpResponse = super().render_change_form(request, context, *args, obj=obj, **kwargs)
        return response


def _newest(member: Member, kind: str) -> str:
    """Of the identities fetched beforehand."""
    values = [known.value for known in member.identities.all() if known.kind == kind]
    return values[-1] if values else ""
