from django.apps import AppConfig


class GroundConfig(AppConfig):
    name = "config.ground"
    label = "ground"

    def ready(self) -> None:
        from config.ground import sharding  # noqa: F401, PLC0415 - registers its check
