from importlib import import_module

from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    name = "loyalty"

    def ready(self) -> None:
        import_module("loyalty.subscribers")
        member_data = import_module("members.member_data")
        member_data.register(
            "loyalty",
            import_module("loyalty.member_data").Points(),
            merging=import_module("loyalty.services.merging"),
        )
