"""Recording what members allow. Every word is kept as evidence; the newest one holds."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from config.outbox.services import publish
from members.events import ConsentChanged
from members.models import Consent, ConsentEvent
from members.rules.consents import ConsentWord
from members.services.profiles import lock_active


@transaction.atomic
def take_word(
    member_id: int, word: ConsentWord, *, source: str, actor: str, happened_at: datetime, now: datetime
) -> None:
    """`record_consents` of one word, of somebody who may be merged or erased at this very moment: so no withdrawal
    stays behind with who was merged, and nothing is written of who was forgotten.

    :raises MemberNotActive: they were, meanwhile.
    """
    lock_active(member_id)
    record_consents(member_id, [word], source=source, actor=actor, happened_at=happened_at, now=now)


@transaction.atomic
def record_consents(
    member_id: int,
    words: Sequence[ConsentWord],
    *,
    source: str,
    actor: str,
    place_code: str = "",
    happened_at: datetime,
    now: datetime,
) -> None:
    """Write down what a member said, and announce what is different from before.

    A word that was said earlier than the one that holds is kept as evidence and changes nothing.

    :param member_id: of somebody whom the caller has locked, or has just made a member.
    :param source: how it was said: `till`, `app`, `web`, `import`, `admin`, `phone`, `letter`, `email`,
        `unsubscribe_link`, `preference_page`.
    :param actor: who wrote it down, e.g. `member:55`, `key:12`, `staff:3`.
    """
    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            member_id=member_id,
            channel=word.channel.value,
            purpose=word.purpose.value,
            is_given=word.is_given,
            source=source,
            place_code=place_code,
            text_version=word.text_version,
            actor=actor,
            happened_at=happened_at,
            recorded_at=now,
        )
        for word in words
    )
    for channel, purpose, is_given in _let_hold(member_id, words, happened_at):
        changed = ConsentChanged(channel=channel, purpose=purpose, is_given=is_given)
        publish(changed, member_id=member_id, happened_at=happened_at, now=now)


def _let_hold(
    member_id: int, words: Sequence[ConsentWord], happened_at: datetime
) -> list[tuple[str, str, bool]]:
    """Bring the current rows up to date; answers those that say something else than before."""
    newest = {(word.channel.value, word.purpose.value): word.is_given for word in words}
    before = {
        (consent.channel, consent.purpose): consent.is_given
        for consent in Consent.objects.filter(member_id=member_id).select_for_update().order_by("pk")
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_consent AS held (member_id, channel, purpose, is_given, changed_at)"
            " SELECT %s, channel, purpose, is_given, %s"
            " FROM unnest(%s::text[], %s::text[], %s::bool[]) AS w(channel, purpose, is_given)"
            " ON CONFLICT (member_id, channel, purpose) DO UPDATE"
            " SET is_given = excluded.is_given, changed_at = excluded.changed_at"
            " WHERE held.changed_at <= excluded.changed_at"
            " RETURNING channel, purpose, is_given",
            [
                member_id,
                happened_at,
                [channel for channel, _ in newest],
                [purpose for _, purpose in newest],
                list(newest.values()),
            ],
        )
        holding = cursor.fetchall()
    return [
        (channel, purpose, is_given)
        for channel, purpose, is_given in holding
        if before.get((channel, purpose), False) != is_given
    ]
