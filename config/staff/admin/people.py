"""People who sign in, and their roles."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from config.staff import second_factor
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.models import Staff
from config.staff.site import site


@admin.register(Staff, site=site)
class StaffAdmin(UserAdmin, ModelAdmin):
    """Colleagues: what they are called, what they may do, and help when a phone is lost."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    compressed_fields = True
    warn_unsaved_form = True
    list_filter_submit = True

    list_display = (
        "username",
        "display_name",
        "email",
        "in_roles",
        "has_second_factor",
        "is_active",
        "last_login",
    )
    list_filter = ("is_active", "groups", "is_superuser")
    search_fields = ("username", "display_name", "email")
    ordering = ("username",)
    readonly_fields = ("last_login", "joined_at")
    actions = ("remove_second_factor",)
    inlines: ClassVar[tuple[type[TabularInline], ...]] = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "display_name", "email")}),
        ("May do", {"fields": ("is_active", "is_staff", "groups", "is_superuser")}),
        ("Since", {"fields": ("joined_at", "last_login")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("username", "display_name", "email", "password1", "password2")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Staff]:
        device = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        people: QuerySet[Staff] = super().get_queryset(request)
        return people.prefetch_related("groups").annotate(second_factor_is_on=Exists(device))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """There are a handful of roles: boxes to tick say more than two lists."""
        if db_field.name != "groups":
            return super().formfield_for_manytomany(db_field, request, **options)
        options |= {"widget": UnfoldAdminCheckboxSelectMultipleWidget(), "label": "Roles", "help_text": ""}
        return super().formfield_for_manytomany(db_field, request, **options)

    def get_readonly_fields(self, request: HttpRequest, obj: Staff | None = None) -> tuple[str, ...]:
        """Only who may do everything makes another such person."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        """Nobody takes over the account of somebody who may do more, e.g. by setting its password."""
        is_above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not is_above and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        """People are made inactive, so that what they did keeps its name."""
        return False

    @display(description="roles")
    def in_roles(self, person: Staff) -> str:
        return ", ".join(group.name for group in person.groups.all()) or (
            "everything" if person.is_superuser else "none"
        )

    @display(description="second factor", boolean=True)
    def has_second_factor(self, person: Any) -> bool:
        return bool(person.second_factor_is_on)

    @admin.action(description="Remove the second factor (phone lost)", permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, people: QuerySet[Staff]) -> None:
        """For somebody who lost phone and recovery codes, and whom you have seen or called."""
        for person in people:
            if not self.has_change_permission(request, person):
                messages.error(request, f"You may not do this for {person}.")
                continue
            second_factor.remove(person)
            self.log_change(request, person, "Removed the second factor.")
            messages.success(
                request, f"The second factor of {person} is gone. Ask them to set up a new one now."
            )


def add_to_people(inline: type[TabularInline]) -> None:
    """Let an upper floor say more of the people who sign in, on their own page."""
    StaffAdmin.inlines = (*StaffAdmin.inlines, inline)


@admin.register(Group, site=site)
class RoleAdmin(ReadOnlyAdmin):
    """What each role may do; the table is in the code (`config/staff/roles.py`), so nothing is edited here."""

    list_display = ("name", "colleagues", "rights")
    search_fields = ("name",)
    fields = ("name", "permissions")

    @display(description="colleagues")
    def colleagues(self, role: Group) -> int:
        return role.user_set.count()

    @display(description="rights")
    def rights(self, role: Group) -> int:
        return role.permissions.count()
