"""The shop that is measured: members, ten rules of which two apply, a till."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from loyalty.models import ProgrammeTerms, Rule, Tier
from loyalty.queries.programmes import get_current_programme
from loyalty.rules.definition import Multiplier, PerStep, RuleDefinition, Scope
from loyalty.rules.ladders import Demand, LadderDefinition
from loyalty.services.ladders import publish_ladder
from loyalty.services.ledger import Credit, post_credit
from loyalty.services.rules import publish_rule
from members.rules.identities import IdentityClaim
from members.services.sign_in import sign_in
from omnichannel.models import Place, Programme, Till
from omnichannel.services.keys import make_key

SILVER_MINOR = 10**9
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NUMBERS = itertools.count(1)
"""Numbers for receipts and causes, each used once."""

_MEMBERS = """
WITH fresh AS (
  INSERT INTO members_member (ref, given_name, family_name, display_name, language, state, enrolled_at, enrolled_via,
    enrolled_at_place, card_secret, recorded_at)
  SELECT 'mem_' || lpad(n::text, 26, '0'), 'Member', n::text, '', 'en', 'active', now(), 'import', '', ''::bytea, now()
  FROM generate_series(%s::int, %s::int) n RETURNING id, family_name::int AS n),
phones AS (
  INSERT INTO members_identity (kind, value, member_id, source, recorded_at)
  SELECT 'phone', '+1212' || 2000000 + n, id, 'bench', now() FROM fresh)
INSERT INTO loyalty_wallet (member_id, programme_id, figures_hold_from) SELECT id, %s, now() FROM fresh
"""


@dataclass
class Shop:
    """Ids of the rows that requests name, and the till's key."""

    programme_id: int
    place_id: int
    till_id: int
    key: str
    members: list[tuple[int, int]]
    """(member id, wallet id) of those who come to the till."""

    @property
    def headers(self) -> dict[str, str]:
        """The till's key."""
        return {"Authorization": f"Bearer {self.key}"}

    def turn(self, number: int) -> int:
        """Whose turn it is: members come in an order that no cache can guess."""
        return number * 7919 % len(self.members)

    def grow(self, upto: int) -> None:
        """Have so many members in all; the first 2,000 are the ones who shop."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM members_member")
            (have,) = cursor.fetchone()
            if upto > have:
                cursor.execute(_MEMBERS, [have + 1, upto, self.programme_id])
                cursor.execute("ANALYZE")
            cursor.execute("SELECT member_id, id FROM loyalty_wallet ORDER BY id LIMIT 2000")
            self.members = cursor.fetchall()

    def have_rules(self, upto: int) -> None:
        """Have so many bonus rules in all, for products that nobody buys."""
        have = Rule.objects.filter(programme_id=self.programme_id, code__startswith="bonus-").count()
        for number in range(have, upto):
            publish_rule(
                programme_id=self.programme_id,
                code=f"bonus-{number}",
                name=f"Bonus {number}",
                definition=RuleDefinition(
                    effect=Multiplier(percent=200, scope=Scope(categories=[f"C{number}"]))
                ),
                live_from=LONG_AGO,
                made_by="bench",
                now=LONG_AGO,
            )

    def hold(self, many: int) -> list[str]:
        """Refs of so many holds of one point, spread over the members."""
        self.fill(many // len(self.members) + 1)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO loyalty_hold (ref, wallet_id, member_id, points, reference, actor, held_at, expires_at)"
                " SELECT 'hld_' || left(md5(random()::text), 26), w.id, w.member_id, 1, '', 'bench', now(),"
                " now() + interval '1 hour'"
                " FROM (SELECT id, member_id FROM loyalty_wallet ORDER BY id LIMIT %s) w, generate_series(1, %s)"
                " RETURNING ref",
                [len(self.members), many // len(self.members)],
            )
            refs = [ref for (ref,) in cursor.fetchall()]
            wallets = [wallet_id for _, wallet_id in self.members]
            cursor.execute("SELECT loyalty_renew_figures(w, now()) FROM unnest(%s::bigint[]) w", [wallets])
        return refs

    def fill(self, points: int) -> None:
        """Give everybody who shops so many points to spend."""
        programme, now = get_current_programme(self.programme_id), datetime.now(UTC)
        for member_id, _ in self.members:
            credit = Credit(
                member_id=member_id,
                points=points,
                kind="adjust",
                cause=f"bench:{next(NUMBERS)}",
                reason="to be spent",
                actor="bench",
                happened_at=now,
            )
            post_credit(credit, programme=programme, now=now)

    def apps(self, many: int) -> list[str]:
        """Access tokens of so many members."""
        now = datetime.now(UTC)
        return [
            sign_in(
                member_id, proven=IdentityClaim("phone", phone_of(index)), device="bench", now=now
            ).access_token
            for index, (member_id, _) in enumerate(self.members[:many])
        ]


def open_shop(members: int) -> Shop:
    """A programme with its terms, three tiers, the basic rule and one that doubles dairy, and so many members."""
    programme = Programme.objects.create(
        code="bench", name="Bench", timezone="America/New_York", currency="USD", region="US"
    )
    ProgrammeTerms.objects.create(programme=programme)
    ladder = {"basic": None, "silver": SILVER_MINOR, "gold": 10 * SILVER_MINOR}
    for rank, code in enumerate(ladder):
        Tier.objects.create(programme=programme, code=code, name=code, rank=rank)
    steps = [Demand(tier=code, threshold_minor=threshold) for code, threshold in ladder.items()]
    publish_ladder(
        programme_id=programme.pk,
        definition=LadderDefinition(steps=steps),
        made_by="bench",
        now=datetime.now(UTC),
    )
    for code, effect in (
        ("base", PerStep(points=10, step_minor=100)),
        ("dairy", Multiplier(percent=200, scope=Scope(categories=["dairy"]))),
    ):
        publish_rule(
            programme_id=programme.pk,
            code=code,
            name=code,
            definition=RuleDefinition(effect=effect),
            live_from=LONG_AGO,
            made_by="bench",
            now=LONG_AGO,
        )
    place = Place.objects.create(programme=programme, code="S1", name="Main street", kind="store")
    till = Till.objects.create(place=place, code="T1", name="Till 1")
    key = make_key(name="bench", scopes=["till"], till_id=till.pk, made_by="bench", now=datetime.now(UTC))
    shop = Shop(programme.pk, place.pk, till.pk, key.text, [])
    shop.have_rules(8)
    shop.grow(members)
    return shop


def phone_of(index: int) -> str:
    """The phone number of a member, counted from 0."""
    return f"+1212{2_000_001 + index}"
