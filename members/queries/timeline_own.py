"""What this floor tells in a timeline: how members came, what they allow, who else they were, and their apps."""

from members.queries.timeline_sources import Facts, Source


def _way(facts: Facts) -> str:
    return {"email": "e-mail address", "external": "id elsewhere"}.get(
        facts["identity"], str(facts["identity"])
    )


SOURCES = (
    Source(
        kind="enrolled",
        title="Enrolment",
        table="members_member",
        at="enrolled_at",
        of="id",
        facts={"ref": "t.ref", "via": "t.enrolled_via", "where": "t.enrolled_at_place"},
        words=lambda facts: f"Became a member, by {facts['via']}",
    ),
    Source(
        kind="consent",
        title="Consent",
        table="members_consentevent",
        at="happened_at",
        facts={
            "channel": "t.channel",
            "purpose": "t.purpose",
            "is_given": "t.is_given",
            "source": "t.source",
            "where": "t.place_code",
        },
        words=lambda facts: (
            f"{'Allowed' if facts['is_given'] else 'Forbade'} {facts['purpose']} by {facts['channel']}"
        ),
    ),
    Source(
        kind="identity_taken",
        title="Identity taken over",
        table="members_identitymove",
        at="moved_at",
        facts={"identity": "t.kind", "evidence": "t.evidence"},
        words=lambda facts: f"Took over a {_way(facts)} of another member",
    ),
    Source(
        kind="identity_given",
        title="Identity given up",
        table="members_identitymove",
        at="moved_at",
        of="from_member_id",
        facts={"identity": "t.kind", "evidence": "t.evidence"},
        words=lambda facts: f"Gave up a {_way(facts)} to another member",
    ),
    Source(
        kind="merge",
        title="Merge",
        table="members_merge",
        at="merged_at",
        of="into_id",
        facts={"ref": "t.ref", "other": "m.ref"},
        joins="JOIN members_member m ON m.id = t.member_id",
        words=lambda _facts: "Another member was found to be the same person",
        page="members_merge",
    ),
    Source(
        kind="parting",
        title="Merge undone",
        table="members_merge",
        at="undone_at",
        of="into_id",
        only="t.undone_at IS NOT NULL",
        facts={"ref": "t.ref", "other": "m.ref"},
        joins="JOIN members_member m ON m.id = t.member_id",
        words=lambda _facts: "That merge was taken apart again",
        page="members_merge",
    ),
    Source(
        kind="sign_in",
        title="Sign-in",
        table="members_signin",
        at="signed_in_at",
        facts={"device": "t.device"},
        words=lambda facts: f"Signed in{' on ' + facts['device'] if facts['device'] else ''}",
        is_personal=lambda facts: bool(facts["device"]),
    ),
)
"""Merges and moved identities are acts of colleagues, a handful in a life: their tables are read by member alone."""
