from importlib import import_module

from django.apps import AppConfig


class OmnichannelConfig(AppConfig):
    name = "omnichannel"

    def ready(self) -> None:
        import_module("omnichannel.subscribers")
        registry = import_module("members.member_data")
        registry.register("omnichannel", import_module("omnichannel.member_data"))
