from django.urls import URLPattern, URLResolver, path

from config.ground.api import watch

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", watch.healthz),
    path("readyz", watch.readyz),
    path("metrics", watch.show_metrics),
    path("api/docs", watch.docs),
    path("api/v1/openapi.json", watch.openapi),
]
