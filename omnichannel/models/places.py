"""Where things happen: programmes (brands), their stores and web shops, and the tills in them."""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q

from config.ground.history import before_each_change
from config.ground.ids import new_ref


def new_place_ref() -> str:
    return new_ref("plc")


def new_till_ref() -> str:
    return new_ref("til")


@pghistory.track(*before_each_change())
class Programme(models.Model):
    """A brand with its own loyalty programme. Days are days of its timezone, money is its one currency."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=64, default="UTC", help_text="An IANA name such as Asia/Taipei.")
    currency = models.CharField(max_length=3, help_text="ISO 4217, such as USD.")
    region = models.CharField(
        max_length=2, help_text="ISO 3166, such as US: how phone numbers without a country code are read."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="a_currency_is_three_capital_letters"
            ),
            models.CheckConstraint(
                condition=Q(region__regex=r"^[A-Z]{2}$"), name="a_region_is_two_capital_letters"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track(*before_each_change())
class Place(models.Model):
    """A store or a web shop of one programme."""

    class Kind(models.TextChoices):
        STORE = "store", "Store"
        WEB_SHOP = "web_shop", "Web shop"

    ref = models.CharField(max_length=30, unique=True, default=new_place_ref, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="places", db_index=False)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.STORE, db_default=Kind.STORE)
    is_open = models.BooleanField(default=True, db_default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "code"], name="a_place_code_is_unique_in_its_programme"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["store", "web_shop"]), name="a_place_is_a_store_or_a_web_shop"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


@pghistory.track(*before_each_change())
class Till(models.Model):
    """A cash desk of a store, or one checkout of a web shop."""

    ref = models.CharField(max_length=30, unique=True, default=new_till_ref, editable=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="tills", db_index=False)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place", "code"], name="a_till_code_is_unique_in_its_place"),
        ]

    def __str__(self) -> str:
        return f"{self.place.code} / {self.name or self.code}"


@pghistory.track(*before_each_change())
class StaffPlace(models.Model):
    """A store that a member of staff serves. Who serves none sees every store, if their role allows it."""

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "place"], name="a_person_serves_a_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.staff} serves {self.place}"
