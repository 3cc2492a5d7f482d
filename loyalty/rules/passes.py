"""A member's card as a pass for the wallets of phones: what it says, in the forms that Apple and Google want.

A pass shows a card number, which a till scans like the plastic card; points and tier are of the moment it was made. The
rotating code cannot stand in it: a phone shows a pass without asking anybody.
"""

from datetime import datetime
from typing import Any

import msgspec

BRAND, INK = "rgb(6, 95, 70)", "rgb(255, 255, 255)"
SAVE_PAGE = "https://pay.google.com/gp/v/save/"


class CardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a pass says. `tier` is "" where the programme has none."""

    member_ref: str
    called: str
    number: str
    programme_code: str
    programme_name: str
    points: int
    tier: str


class AppleIssuer(msgspec.Struct, frozen=True, kw_only=True):
    """As Apple knows who issues the pass."""

    pass_type: str
    team: str


class GoogleAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The service account that signs, and what its cards are issued under.

    :ivar logo_url: a public picture; Google takes no card without one.
    """

    email: str
    private_key: str
    issuer: str
    logo_url: str


def apple_pass(card: CardFacts, issuer: AppleIssuer) -> dict[str, Any]:
    """`pass.json` of a store card. A pass of the same serial number takes the place of an older one.

    Source: Apple, Wallet Passes, `Pass` (format version 1).
    """
    tier = [{"key": "tier", "label": "TIER", "value": card.tier}] if card.tier else []
    return {
        "formatVersion": 1,
        "passTypeIdentifier": issuer.pass_type,
        "teamIdentifier": issuer.team,
        "serialNumber": f"{card.member_ref}.{card.programme_code}",
        "organizationName": card.programme_name,
        "description": f"{card.programme_name}, member card",
        "logoText": card.programme_name,
        "backgroundColor": BRAND,
        "foregroundColor": INK,
        "labelColor": INK,
        "barcodes": [
            {
                "format": "PKBarcodeFormatCode128",
                "message": card.number,
                "messageEncoding": "iso-8859-1",
                "altText": card.number,
            }
        ],
        "storeCard": {
            "headerFields": [{"key": "points", "label": "POINTS", "value": card.points}],
            "primaryFields": [{"key": "name", "label": "MEMBER", "value": card.called}],
            "secondaryFields": tier,
            "backFields": [{"key": "number", "label": "Card number", "value": card.number}],
        },
    }


def google_claims(card: CardFacts, account: GoogleAccount, *, now: datetime) -> dict[str, Any]:
    """Claims of the token behind *Save to Google Wallet*.

    Source: Google Wallet, loyalty cards, `LoyaltyClass` and `LoyaltyObject`.
    """
    class_id = f"{account.issuer}.{card.programme_code}"
    tier = (
        {"secondaryLoyaltyPoints": {"label": "Tier", "balance": {"string": card.tier}}} if card.tier else {}
    )
    return {
        "iss": account.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(now.timestamp()),
        "payload": {
            "loyaltyClasses": [
                {
                    "id": class_id,
                    "issuerName": card.programme_name,
                    "programName": card.programme_name,
                    "programLogo": {"sourceUri": {"uri": account.logo_url}},
                    "reviewStatus": "UNDER_REVIEW",
                }
            ],
            "loyaltyObjects": [
                {
                    "id": f"{class_id}.{card.member_ref}",
                    "classId": class_id,
                    "state": "ACTIVE",
                    "accountId": card.number,
                    "accountName": card.called,
                    "loyaltyPoints": {"label": "Points", "balance": {"int": card.points}},
                    "barcode": {"type": "CODE_128", "value": card.number, "alternateText": card.number},
                    **tier,
                }
            ],
        },
    }
