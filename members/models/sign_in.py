"""Signing in, and being there: one-time codes, and what they are exchanged for. Only digests are stored."""

from django.db.models import (
    CASCADE,
    BinaryField,
    CharField,
    CheckConstraint,
    DateTimeField,
    ForeignKey,
    Index,
    Model,
    PositiveSmallIntegerField,
    Q,
    TextChoices,
    UniqueConstraint,
)

from members.models.members import Member
from members.rules.sign_in import MOST_TRIES


class CodePurpose(TextChoices):
    """What a code proves. One told to a cashier signs nobody in."""

    SIGN_IN = "sign_in"
    PRESENCE = "presence"


class SignInCode(Model):
    """Somebody asked for a code. The row looks the same whether a member goes by the identity or not.

    `code_hash` is empty until the code is made, at the moment it is handed to the carrier.
    """

    purpose = CharField(
        max_length=8, choices=CodePurpose, default=CodePurpose.SIGN_IN, db_default=CodePurpose.SIGN_IN
    )
    identity_kind = CharField(max_length=8)
    identity_value = CharField(max_length=254)
    member = ForeignKey(Member, on_delete=CASCADE, null=True, related_name="+", db_index=False)
    requested_at = DateTimeField()
    expires_at = DateTimeField()
    code_hash = BinaryField(max_length=32, null=True)
    tries = PositiveSmallIntegerField(default=0)
    used_at = DateTimeField(null=True)

    not_sharded_because = "it is asked for by phone or address, before anybody knows whose that is"

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(tries__lte=MOST_TRIES), name="a_code_is_tried_five_times_at_most")
        ]
        indexes = [
            Index(fields=["identity_kind", "identity_value", "-id"], name="code_by_identity"),
            Index(fields=["expires_at"], name="code_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"Code {self.pk}"


class SignIn(Model):
    """One app of one member being signed in: the family of all tokens that came from one code."""

    member = ForeignKey(Member, on_delete=CASCADE, related_name="sign_ins", db_index=False)
    device = CharField(max_length=200, blank=True, help_text="What the app says about itself.")
    signed_in_at = DateTimeField()
    refreshed_at = DateTimeField()
    expires_at = DateTimeField()
    ended_at = DateTimeField(null=True)
    ended_because = CharField(max_length=16, blank=True, help_text="logout, reuse, moved, parted, erased.")
    card_key = BinaryField(
        max_length=32,
        null=True,
        help_text="The device's public key (Ed25519): it signs card codes that tills verify without a network.",
    )

    class Meta:
        indexes = [
            Index(fields=["member", "id"], name="sign_in_by_member"),
            Index(fields=["member", "signed_in_at", "id"], name="sign_in_by_moment"),
            Index(fields=["expires_at"], name="sign_in_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"Sign-in {self.pk} of member {self.member_id}"


class AccessToken(Model):
    """Opens the doors of `/me` for a quarter of an hour. Found by the SHA-256 of its 256 bits of chance."""

    token_hash = BinaryField(max_length=32)
    member = ForeignKey(Member, on_delete=CASCADE, related_name="+", db_index=False)
    sign_in = ForeignKey(SignIn, on_delete=CASCADE, related_name="access_tokens")
    expires_at = DateTimeField()

    class Meta:
        indexes = [
            Index(fields=["token_hash"], name="access_token_by_hash"),
            Index(fields=["expires_at"], name="access_token_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"Access token {self.pk}"


class RefreshToken(Model):
    """Is exchanged once for the next pair of tokens. One that comes a second time ends its whole sign-in."""

    token_hash = BinaryField(max_length=32)
    member = ForeignKey(Member, on_delete=CASCADE, related_name="+", db_index=False)
    sign_in = ForeignKey(SignIn, on_delete=CASCADE, related_name="refresh_tokens")
    made_at = DateTimeField()
    used_at = DateTimeField(null=True)

    class Meta:
        indexes = [Index(fields=["token_hash"], name="refresh_token_by_hash")]

    def __str__(self) -> str:
        return f"Refresh token {self.pk}"


class Presence(Model):
    """A member has proven to a till or shop (`caller`, such as key:12) that they are there, until a moment."""

    member = ForeignKey(Member, on_delete=CASCADE, related_name="+", db_index=False)
    caller = CharField(max_length=60)
    proven_at = DateTimeField()
    expires_at = DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "caller"], name="a_member_is_present_once_at_a_till")
        ]
        indexes = [Index(fields=["expires_at"], name="presence_by_expiry")]

    def __str__(self) -> str:
        return f"Member {self.member_id} at {self.caller}"
