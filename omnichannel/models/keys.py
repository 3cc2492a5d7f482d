"""Keys of tills and integrations. The text of a key is shown once; here lies only its SHA-256."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from config.ground.history import before_each_change
from omnichannel.models.places import Place, Programme, Till


@pghistory.track(*before_each_change(), exclude=["secret_hash", "last_used_on"])
class ApiKey(models.Model):
    """What a till or an integration proves itself with, and what it may do.

    The key of a till also names the till's place and programme, the key of a web shop its programme, so that
    one row says where the caller stands.
    """

    name = models.CharField(max_length=120)
    prefix = models.CharField(
        max_length=12, unique=True, help_text="The visible part, by which people tell keys apart."
    )
    secret_hash = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=20), default=list)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, null=True, blank=True, related_name="keys"
    )
    place = models.ForeignKey(Place, on_delete=models.PROTECT, null=True, blank=True, related_name="keys")
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="keys")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150, blank=True, db_default="")
    rotated_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="successors"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                condition=Q(till__isnull=True) | Q(place__isnull=False),
                name="the_key_of_a_till_names_its_place",
            ),
            models.CheckConstraint(
                condition=Q(place__isnull=True) | Q(programme__isnull=False),
                name="the_key_of_a_place_names_its_programme",
            ),
            models.CheckConstraint(condition=Q(scopes__len__gt=0), name="a_key_may_do_something"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (rk_{self.prefix}…)"
