from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns import subscribers  # noqa: F401, PLC0415 - importing registers them
        from campaigns.member_data import CampaignData  # noqa: PLC0415 - models are ready from here on
        from members.member_data import register  # noqa: PLC0415

        register("campaigns", CampaignData())
