from django.apps import AppConfig
from django.urls import register_converter

from config.ground.api.paths import RefConverter


class GroundConfig(AppConfig):
    name = "config.ground"
    label = "ground"

    def ready(self) -> None:
        from config.ground import folded, sharding  # noqa: F401, PLC0415 - they register their checks

        register_converter(RefConverter, "ref")
