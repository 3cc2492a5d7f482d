"""Staff: the people who sign in to the admin. Members are somebody else; they never have a row here."""

from collections.abc import Callable
from typing import Any, ClassVar

import pghistory
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q

from config.ground import clock


class StaffManager(BaseUserManager["Staff"]):
    """What Django's own commands (`createsuperuser`) call."""

    def create_user(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> "Staff":
        """A person who may sign in. Without a password nobody can, until one is set."""
        person = self.model(username=username, email=self.normalize_email(email), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> "Staff":
        """A person who may do everything, whatever the roles say."""
        return self.create_user(username, email, password, is_superuser=True, **fields)


@pghistory.track(exclude=["password", "last_login"], append_only=True)
class Staff(AbstractBaseUser, PermissionsMixin):
    """A person who works here. What they may do is said by their roles (Django's groups, `config/staff/roles.py`)."""

    username = models.CharField(
        "user name",
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "Somebody signs in with this name already."},
    )
    display_name = models.CharField(
        max_length=150, blank=True, help_text="How colleagues see this person, e.g. in the history."
    )
    email = models.EmailField("e-mail", blank=True)
    is_staff = models.BooleanField("may enter the admin", default=True)
    is_active = models.BooleanField(
        "active", default=True, help_text="Take this away rather than deleting: what they did stays theirs."
    )
    joined_at = models.DateTimeField(default=clock.now, editable=False)

    otp_device: Any
    is_verified: Callable[[], bool]
    """Set by django-otp on who is signed in: the device that proved this session, and whether one did."""

    objects = StaffManager()

    EMAIL_FIELD: ClassVar[str] = "email"
    USERNAME_FIELD: ClassVar[str] = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people who sign in"
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(
                models.functions.Lower("email"),
                condition=Q(email__gt=""),
                name="an_email_signs_in_one_person",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        """The name the admin's own pages show."""
        return str(self)

    def get_short_name(self) -> str:
        """The name the admin's header greets with."""
        return self.display_name.split(" ")[0] or self.username


class ListExport(models.Model):
    """That somebody took a list away as a file: who, when, which, by what filters, and how many rows."""

    list_name = models.CharField(max_length=64, help_text="The rows it held, such as members.Member.")
    format = models.CharField(max_length=8)
    filters = models.CharField(
        max_length=1000, blank=True, help_text="As they stood in the address of the page."
    )
    is_masked = models.BooleanField("masked", help_text="Whether personal data was hidden.")
    rows = models.BigIntegerField(null=True, help_text="Empty while it is under way.")
    exported_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", verbose_name="by")
    exported_at = models.DateTimeField()

    class Meta:
        verbose_name = "export of a list"
        verbose_name_plural = "exports of lists"
        indexes = [models.Index(fields=["exported_at"], name="list_exports_by_moment")]

    def __str__(self) -> str:
        return f"{self.list_name} as {self.format}"
