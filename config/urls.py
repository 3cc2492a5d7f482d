"""Where the doors are, those at which a customer waits in front. Each floor names its own; refs are checked before a
door sees them."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

admin.autodiscover()

urlpatterns = [
    path("api/v1/", include("loyalty.api.urls")),
    path("api/v1/", include("members.api.urls")),
    path("api/v1/", include("omnichannel.api.urls")),
    path("api/v1/", include("campaigns.api.urls")),
    path("", include("config.ground.api.urls")),
    path("", include("members.api.unsubscribing")),
    path("", include("members.api.preference_page")),
    path("", include("omnichannel.api.answering")),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]

handler400 = "config.ground.api.problems.answer_bad_request"
handler404 = "config.ground.api.problems.answer_unknown_path"
handler500 = "config.ground.api.problems.answer_bug"
