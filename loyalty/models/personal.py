"""What this floor holds of a member, and what is left of it after an erasure: points without a word about the person.

Figures, causes and refs stay, so that the ledger is proven as before; sealed entries keep their digest.
"""

from config.ground.personal import EMPTY, ERASED, Held
from config.ground.retention import Period

_POINTS = "To keep your points, and to prove that none was lost."
_WORTH = "To tell what a purchase was worth, and to undo it when goods come back."
_TIERS = "To know your tier, and what it brings."
_PLAYS = "To know how far you are in challenges, and to give what they promise."
_VOUCHERS = "To give you vouchers, and to let each be used as often as promised."
_GIVEN = "To give what was promised, once."
_REWARDS = "To hand over what you chose for your points."

_DIGEST = """coalesce(t.sealed_digest, (
    SELECT loyalty_digest_of_entry(t, s.digest_version) FROM loyalty_seal s
    WHERE s.programme_id = t.programme_id AND s.sealed_on = (t.recorded_at AT TIME ZONE 'UTC')::date))"""
_SETTLED = """'{"order":' || coalesce((t.answer::json->'order')::text, '{}') || ',"settlement":' || (
    coalesce(t.answer::jsonb->'settlement', '{}') || '{"earned":[],"not_applied":[],"vouchers_used":[]}'
    )::text || ',"wallet":null}'"""
_UNDONE = """'{"return":' || coalesce((t.answer::json->'return')::text, '{}') || ',"undone":' || (
    coalesce(t.answer::jsonb->'undone', '{}') || '{"vouchers_back":[]}')::text || ',"wallet":null}'"""
_EVIDENCE = """jsonb_build_object('subject', t.evidence->'subject', 'measured', t.evidence->'measured',
    'member_ids', t.evidence->'member_ids')"""
_ISSUED_FOR = "CASE WHEN t.cause ~ '^(goodwill|staff):' THEN 'erased:' || t.id ELSE t.cause END"
_OF_GRANTS = """t.grant_id IN (
    SELECT g.id FROM loyalty_wallet w JOIN loyalty_benefitgrant g ON g.wallet_id = w.id
    WHERE w.member_id = %(member)s)"""
_GIVEN_OR_GOT = """t.ref IN (SELECT split_part(e.cause, ':', 2) FROM loyalty_entry e
    WHERE e.member_id = %(member)s AND e.kind IN ('transfer_in', 'transfer_out'))
    AND (t.member_id = %(member)s OR EXISTS (
        SELECT FROM loyalty_wallet w WHERE w.id = t.to_wallet_id AND w.member_id = %(member)s))"""
_AS_EXAMPLE = "strpos(t.movers::text, (SELECT m.ref FROM members_member m WHERE m.id = %(member)s)) > 0"


def _by(column: str, owner: str, key: str = "id") -> str:
    """Tables that tills write have no index by member, which each purchase would pay for: their rows are found by what
    they belong to, which is the same member's."""
    return f"t.{column} IN (SELECT p.{key} FROM {owner} p WHERE p.member_id = %(member)s)"  # noqa: S608 - our own words


def _if_told(column: str) -> str:
    """Empty where it is empty; where something has to stand, that it was erased."""
    return f"CASE WHEN t.{column} = '' THEN '' ELSE {ERASED} END"


_OF_WALLET = _by("wallet_id", "loyalty_wallet")
_OF_ORDER = _by("order_ref", "omnichannel_order", "ref")

HELD = (
    Held(table="loyalty.Wallet", why=_POINTS),
    Held(
        table="loyalty.Entry",
        why=_POINTS,
        where=_OF_WALLET,
        blank={"sealed_digest": _DIGEST, "reason": EMPTY},
        keeps=("cause", "order_ref", "actor"),
        lock="loyalty_seal",
    ),
    Held(table="loyalty.Lot", why=_POINTS, keeps=("order_ref",)),
    Held(table="loyalty.LotMove", why=_POINTS, where=_by("lot_id", "loyalty_lot")),
    Held(table="loyalty.Hold", why=_POINTS, blank={"reference": EMPTY}, keeps=("ref", "order_ref", "actor")),
    Held(table="loyalty.HoldShare", why=_POINTS),
    Held(
        table="loyalty.Transfer",
        why=_POINTS,
        where=_GIVEN_OR_GOT,
        keeps=("ref", "number"),
    ),
    Held(table="loyalty.MergedWallet", why=_POINTS, where=_OF_WALLET),
    Held(table="loyalty.MergedLot", why=_POINTS, where=_OF_WALLET),
    Held(table="loyalty.MergedDay", why=_TIERS, where=_OF_WALLET),
    Held(
        table="loyalty.PooledLot",
        why=_POINTS,
        of=("member_id", "from_member_id"),
        hides=("wallet_id", "member_id", "from_wallet_id", "from_member_id"),
    ),
    Held(table="loyalty.ExpiryWarning", why=_POINTS, where=_OF_WALLET),
    Held(
        table="loyalty.Correction",
        why=_POINTS,
        blank={"note": ERASED},
        keeps=("ref", "asked_by", "decided_by"),
    ),
    Held(
        table="loyalty.Settlement",
        why=_WORTH,
        where=_OF_ORDER,
        blank={"answer": _SETTLED},
        keeps=("order_ref", "weights"),
    ),
    Held(
        table="loyalty.Reversal",
        why=_WORTH,
        where=_OF_ORDER,
        blank={"answer": _UNDONE},
        keeps=("return_ref", "order_ref"),
    ),
    Held(table="loyalty.Forgiven", why=_WORTH, where=_OF_WALLET),
    Held(
        table="loyalty.ActSettlement",
        why=_GIVEN,
        blank={"answer": """'{"earned":[],"not_applied":[]}'"""},
        keeps=("act_ref", "type_code", "title"),
    ),
    Held(table="loyalty.ActCounted", why=_GIVEN, keeps=("key", "act_ref")),
    Held(table="loyalty.MemberRuleUse", why=_GIVEN, keeps=("bucket",)),
    Held(table="loyalty.TierDay", why=_TIERS, where=_OF_WALLET),
    Held(
        table="loyalty.TierStanding",
        why=_TIERS,
        blank={"reason": _if_told("reason"), "end_reason": _if_told("end_reason")},
        keeps=("given_by", "ended_by"),
    ),
    Held(table="loyalty.TierNotice", why=_TIERS, where=_OF_WALLET),
    Held(
        table="loyalty.LadderDraft",
        why=_TIERS,
        where=_AS_EXAMPLE,
        blank={"movers": "NULL", "counted_at": "NULL"},
        keeps=("made_by", "submitted_by", "decided_by", "note", "definition"),
        is_told=False,
    ),
    Held(table="loyalty.BenefitGrant", why=_TIERS, where=_OF_WALLET, keeps=("cause", "ref")),
    Held(
        table="loyalty.BenefitBooking",
        why=_TIERS,
        where=_OF_GRANTS,
        blank={"where": EMPTY},
        keeps=("ref", "actor"),
    ),
    Held(table="loyalty.ChallengeStep", why=_PLAYS, keeps=("cause",)),
    Held(table="loyalty.ChallengeProgress", why=_PLAYS),
    Held(table="loyalty.ChallengeReward", why=_PLAYS, keeps=("completed_by",)),
    Held(table="loyalty.ReferralCode", why="To thank you for friends.", becomes="deleted"),
    Held(table="loyalty.ReferredFriend", why="To thank you for friends.", of=("member_id", "referred_by_id")),
    Held(
        table="loyalty.Grant",
        why=_GIVEN,
        blank={"title": ERASED, "mention": EMPTY},
        keeps=("ref", "cause", "effect", "last_order_ref"),
    ),
    Held(
        table="loyalty.MemberLabel",
        why="To give you what your segments get.",
        becomes="deleted",
        is_derived=True,
    ),
    Held(
        table="loyalty.VoucherReservation",
        why=_VOUCHERS,
        where=_by("voucher_id", "loyalty_voucher"),
        blank={"reference": EMPTY},
        keeps=("ref", "order_ref", "actor"),
    ),
    Held(table="loyalty.VoucherUse", why=_VOUCHERS, keeps=("cause", "order_ref", "actor")),
    Held(
        table="loyalty.Voucher",
        why=_VOUCHERS,
        blank={"cause": _ISSUED_FOR, "revoked_because": _if_told("revoked_because")},
        keeps=("code", "shown", "issued_by", "revoked_by"),
    ),
    Held(
        table="loyalty.RedemptionStep",
        why=_REWARDS,
        where=_by("redemption_id", "loyalty_redemption"),
        blank={"note": EMPTY},
        keeps=("actor",),
    ),
    Held(table="loyalty.Redemption", why=_REWARDS, keeps=("ref", "cash_receipt", "number", "actor")),
    Held(
        table="loyalty.FraudFlag",
        why="To keep others from your points, and everybody to the rules.",
        blank={"note": _if_told("note"), "evidence": _EVIDENCE},
        keeps=("ref", "cause", "hold_ref", "decided_by", "agreed_by", "correction_ref"),
    ),
)

RETENTION = (
    Period(
        code="correction_notes",
        says="What colleagues noted when they corrected points; points and reasons stay.",
        table="loyalty.Correction",
        since="asked_at",
        days=1_095,
        where=f"t.state <> 'waiting' AND t.note <> {ERASED}",
        blank={"note": ERASED},
    ),
    Period(
        code="fraud_notes",
        says="What colleagues noted when they decided about a flag; the decision stays.",
        table="loyalty.FraudFlag",
        since="decided_at",
        days=1_095,
        where=f"t.note NOT IN ('', {ERASED})",
        blank={"note": ERASED},
    ),
)
