"""Labels: segments that rules may ask for, written down by the floor above so that the till need not ask upward."""

from django.db import models
from django.db.models import UniqueConstraint


class Label(models.Model):
    """A segment by its code; members of it are in `MemberLabel`."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [UniqueConstraint(fields=["programme", "code"], name="a_label_code_names_one_label")]

    def __str__(self) -> str:
        return self.name


class MemberLabel(models.Model):
    """A member carries a label. Written by `loyalty.services.labels` alone."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    label = models.ForeignKey(Label, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [UniqueConstraint(fields=["member", "label"], name="a_label_is_carried_once")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.label_id}"
