"""Labels: which segments members are in, written down by the floor that knows."""

from collections.abc import Sequence

from django.db import connection, transaction

from loyalty.models import Label, MemberLabel


def write_label(
    *, programme_id: int, code: str, name: str, carriers: Sequence[int], only: Sequence[int] | None = None
) -> None:
    """Make true who carries a label, by difference: those who carry it already are not touched.

    :param carriers: ids of the members who are to carry it.
    :param only: look at these members alone, and leave all others as they are.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        label, _ = Label.objects.update_or_create(
            programme_id=programme_id, code=code, defaults={"name": name}
        )
        cursor.execute(
            "DELETE FROM loyalty_memberlabel WHERE label_id = %(label)s AND member_id <> ALL (%(carriers)s::bigint[])"
            " AND (%(only)s::bigint[] IS NULL OR member_id = ANY (%(only)s::bigint[]))",
            {"label": label.pk, "carriers": list(carriers), "only": None if only is None else list(only)},
        )
        cursor.execute(
            "INSERT INTO loyalty_memberlabel (member_id, label_id) SELECT unnest(%s::bigint[]), %s"
            " ON CONFLICT DO NOTHING",
            [sorted(carriers), label.pk],
        )


@transaction.atomic
def drop_label(*, programme_id: int, code: str) -> None:
    """Nobody carries this label any more, and rules cannot choose it."""
    MemberLabel.objects.filter(label__programme_id=programme_id, label__code=code).delete()
    Label.objects.filter(programme_id=programme_id, code=code).delete()
