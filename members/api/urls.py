"""Where the doors of members are, below `/api/v1/`."""

from django.urls import URLPattern, URLResolver, path

from members.api.attributes import MyAttributes
from members.api.consents import MemberConsent, MyConsent, MyConsents
from members.api.households import (
    HandOverHousehold,
    JoinHousehold,
    MemberHandsOverHousehold,
    MemberHousehold,
    MemberHouseholdInvitation,
    MemberHouseholdInvitations,
    MemberHouseholdPerson,
    MemberJoinsHousehold,
    MyHousehold,
    MyHouseholdInvitation,
    MyHouseholdInvitations,
    MyHouseholdPerson,
)
from members.api.imports import ApplyImport, ImportColumns, ImportRows, Imports, OneImport, UndoImport
from members.api.me import Me, MyCard, MyPreferences
from members.api.members import Attributes, Members, OneMember, TakeOver
from members.api.merges import MergeMember, PreviewMerge, UndoMerge
from members.api.offline_cards import CardKeys, MyCardKey
from members.api.presence import AskForPresence, ProvePresence
from members.api.privacy import MyErasure, MyExport, MyExportFile
from members.api.sign_in import AskForCode, ExchangeCode, Logout, Refresh
from members.api.timeline import MemberTimeline, MyTimeline

urlpatterns: list[URLPattern | URLResolver] = [
    path("members", Members.as_view(), name="members"),
    path("attributes", Attributes.as_view(), name="attributes"),
    path("members/imports", Imports.as_view(), name="imports"),
    path("members/imports/<ref:ref>", OneImport.as_view(), name="import"),
    path("members/imports/<ref:ref>/columns", ImportColumns.as_view(), name="import-columns"),
    path("members/imports/<ref:ref>/rows", ImportRows.as_view(), name="import-rows"),
    path("members/imports/<ref:ref>/apply", ApplyImport.as_view(), name="apply-import"),
    path("members/imports/<ref:ref>/undo", UndoImport.as_view(), name="undo-import"),
    path("members/<str:ref>", OneMember.as_view(), name="member"),
    path("members/<str:ref>/timeline", MemberTimeline.as_view(), name="member-timeline"),
    path(
        "members/<str:ref>/consents/<str:channel>/<str:purpose>",
        MemberConsent.as_view(),
        name="member-consent",
    ),
    path("members/<str:ref>/identities/take-over", TakeOver.as_view(), name="take-over"),
    path("members/<str:ref>/merge/preview", PreviewMerge.as_view(), name="preview-merge"),
    path("members/<str:ref>/merge", MergeMember.as_view(), name="merge"),
    path("merges/<str:ref>/undo", UndoMerge.as_view(), name="undo-merge"),
    path("till/presence/code", AskForPresence.as_view(), name="presence-code"),
    path("till/presence", ProvePresence.as_view(), name="presence"),
    path("auth/code", AskForCode.as_view(), name="auth-code"),
    path("auth/token", ExchangeCode.as_view(), name="auth-token"),
    path("auth/refresh", Refresh.as_view(), name="auth-refresh"),
    path("auth/logout", Logout.as_view(), name="auth-logout"),
    path("me", Me.as_view(), name="me"),
    path("me/attributes", MyAttributes.as_view(), name="my-attributes"),
    path("me/preferences", MyPreferences.as_view(), name="my-preferences"),
    path("me/consents", MyConsents.as_view(), name="my-consents"),
    path("me/consents/<str:channel>/<str:purpose>", MyConsent.as_view(), name="my-consent"),
    path("me/export", MyExport.as_view(), name="my-export"),
    path("me/export/file", MyExportFile.as_view(), name="my-export-file"),
    path("me/erasure", MyErasure.as_view(), name="my-erasure"),
    path("me/timeline", MyTimeline.as_view(), name="my-timeline"),
    path("me/card", MyCard.as_view(), name="my-card"),
    path("me/card/key", MyCardKey.as_view(), name="my-card-key"),
    path("card/keys", CardKeys.as_view(), name="card-keys"),
    path("me/household", MyHousehold.as_view(), name="my-household"),
    path("me/household/invitations", MyHouseholdInvitations.as_view(), name="my-household-invitations"),
    path(
        "me/household/invitations/<str:invitation>",
        MyHouseholdInvitation.as_view(),
        name="my-household-invitation",
    ),
    path("me/household/join", JoinHousehold.as_view(), name="my-household-join"),
    path("me/household/people/<str:person>", MyHouseholdPerson.as_view(), name="my-household-person"),
    path("me/household/people/<str:person>/head", HandOverHousehold.as_view(), name="my-household-head"),
    path("members/<str:ref>/household", MemberHousehold.as_view(), name="member-household"),
    path(
        "members/<str:ref>/household/invitations",
        MemberHouseholdInvitations.as_view(),
        name="member-household-invitations",
    ),
    path(
        "members/<str:ref>/household/invitations/<str:invitation>",
        MemberHouseholdInvitation.as_view(),
        name="member-household-invitation",
    ),
    path("members/<str:ref>/household/join", MemberJoinsHousehold.as_view(), name="member-household-join"),
    path(
        "members/<str:ref>/household/people/<str:person>",
        MemberHouseholdPerson.as_view(),
        name="member-household-person",
    ),
    path(
        "members/<str:ref>/household/people/<str:person>/head",
        MemberHandsOverHousehold.as_view(),
        name="member-household-head",
    ),
]
