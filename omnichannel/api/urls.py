from django.urls import path

from omnichannel.api.behaviour import ClaimVisits, Events, MyEvents
from omnichannel.api.cases import Cases, OneCase
from omnichannel.api.event_types import EventTypeByCode, EventTypes
from omnichannel.api.inbox import Inbox, ReadInboxMessage
from omnichannel.api.interactions import Interactions, KeepPromise
from omnichannel.api.products import ProductBySku, Products
from omnichannel.api.stores import Store, Stores, StoreTills
from omnichannel.api.surveys import SurveyAnswers, SurveyByCode, SurveyInvitations, Surveys, SurveyScores

urlpatterns = [
    path("stores", Stores.as_view(), name="stores"),
    path("stores/<str:code>", Store.as_view(), name="store"),
    path("stores/<str:code>/tills", StoreTills.as_view(), name="store-tills"),
    path("products", Products.as_view(), name="products"),
    path("products/<path:sku>", ProductBySku.as_view(), name="product"),
    path("event-types", EventTypes.as_view(), name="event-types"),
    path("event-types/<slug:code>", EventTypeByCode.as_view(), name="event-type"),
    path("events", Events.as_view(), name="events"),
    path("events/claim", ClaimVisits.as_view(), name="claim-visits"),
    path("interactions", Interactions.as_view(), name="interactions"),
    path("interactions/<str:ref>/kept", KeepPromise.as_view(), name="keep-promise"),
    path("cases", Cases.as_view(), name="cases"),
    path("cases/<str:ref>", OneCase.as_view(), name="case"),
    path("surveys", Surveys.as_view(), name="surveys"),
    path("surveys/<slug:code>", SurveyByCode.as_view(), name="survey-by-code"),
    path("surveys/<slug:code>/invitations", SurveyInvitations.as_view(), name="survey-invitations"),
    path("surveys/<slug:code>/answers", SurveyAnswers.as_view(), name="survey-answers"),
    path("surveys/<slug:code>/scores", SurveyScores.as_view(), name="survey-scores"),
    path("me/events", MyEvents.as_view(), name="me-events"),
    path("me/inbox", Inbox.as_view(), name="me-inbox"),
    path("me/inbox/<str:ref>/read", ReadInboxMessage.as_view(), name="me-inbox-read"),
]
