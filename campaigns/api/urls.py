"""The doors of the campaigns floor, under `/api/v1/`."""

from django.urls import path

from campaigns.api import campaigns, segments

urlpatterns = [
    path("segments", segments.Segments.as_view()),
    path("segments/count", segments.CountSegment.as_view()),
    path("segments/schema", segments.SegmentSchema.as_view()),
    path("segments/<str:ref>", segments.OneSegment.as_view()),
    path("segments/<str:ref>/members", segments.SegmentMembers.as_view()),
    path("segments/<str:ref>/why", segments.WhyInSegment.as_view()),
    path("campaigns", campaigns.Campaigns.as_view()),
    path("campaigns/<str:ref>", campaigns.OneCampaign.as_view()),
    path("campaigns/<str:ref>/schedule", campaigns.ScheduleCampaign.as_view()),
    path("campaigns/<str:ref>/pause", campaigns.PauseCampaign.as_view()),
    path("campaigns/<str:ref>/runs", campaigns.CampaignRuns.as_view()),
    path("campaigns/<str:ref>/recipients", campaigns.CampaignRecipients.as_view()),
]
