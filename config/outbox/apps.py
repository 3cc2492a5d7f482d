from django.apps import AppConfig

from config.outbox.watch import add_to_watch


class OutboxConfig(AppConfig):
    name = "config.outbox"
    label = "outbox"

    def ready(self) -> None:
        add_to_watch()
