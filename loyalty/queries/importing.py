"""What an import has to know beforehand."""

from omnichannel.models import Place


def find_place_ids(programme_id: int) -> dict[str, int]:
    """Code -> id of all places of a programme."""
    return dict(Place.objects.filter(programme_id=programme_id).values_list("code", "id"))
