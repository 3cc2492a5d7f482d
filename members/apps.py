from importlib import import_module

from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"

    def ready(self) -> None:
        import_module("members.subscribers")
        import_module("members.services.retention")  # it registers its check
        member_data = import_module("members.member_data")
        member_data.register("members", import_module("members.queries.panels"))
