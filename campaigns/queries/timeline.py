"""What this floor tells in a timeline: the offers that were made."""

from members.queries.timeline_sources import Source

SOURCES = (
    Source(
        kind="offer",
        title="Offer",
        table="campaigns_recipient",
        at="decided_at",
        only="t.verdict = 'sent'",
        facts={
            "campaign": "c.name",
            "offer": "t.offer->>'title'",
            "is_letter_alone": "t.offer->>'words' = ''",
            "where": "g.name",
        },
        joins="JOIN campaigns_campaignrun u ON u.id = t.run_id JOIN campaigns_campaign c ON c.id = u.campaign_id"
        " JOIN omnichannel_programme g ON g.id = c.programme_id",
        programme="(SELECT c.programme_id FROM campaigns_campaignrun u"
        " JOIN campaigns_campaign c ON c.id = u.campaign_id WHERE u.id = t.run_id)",
        words=lambda facts: (
            f"{'Was written to:' if facts['is_letter_alone'] else 'Was offered'} {facts['offer'] or facts['campaign']}"
        ),
        page="campaigns_recipient",
    ),
)
