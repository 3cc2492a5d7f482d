from django.urls import path

from loyalty.api import back_tests, checkout, holds, orders, return_slips, returns, sandbox, till, wallets

urlpatterns = [
    path("back-tests", back_tests.BackTests.as_view()),
    path("back-tests/<ref:ref>", back_tests.OneBackTest.as_view()),
    path("checkout/commit", checkout.Commit.as_view()),
    path("checkout/quote", checkout.Quote.as_view()),
    path("holds", holds.Holds.as_view()),
    path("holds/<ref:ref>", holds.OneHold.as_view()),
    path("holds/<ref:ref>/capture", holds.CaptureHold.as_view()),
    path("holds/<ref:ref>/release", holds.ReleaseHold.as_view()),
    path("till/lookup", till.Lookup.as_view()),
    path("me/wallet", wallets.MyWallet.as_view()),
    path("orders", orders.Orders.as_view()),
    path("orders/batch", orders.Batch.as_view()),
    path("orders/<ref:ref>", orders.OneOrder.as_view()),
    path("orders/<ref:ref>/returns", returns.Returns.as_view()),
    path("orders/<ref:ref>/cancel", returns.Cancel.as_view()),
    path("returns", return_slips.ReturnsWithoutReceipt.as_view()),
    path("members/<ref:ref>/wallet", wallets.MemberWallet.as_view()),
    path("members/<ref:ref>/entries", wallets.MemberEntries.as_view()),
    path("me/entries", wallets.MyEntries.as_view()),
    path("me/tier", wallets.MyTier.as_view()),
    path("me/offers", wallets.MyOffers.as_view()),
    path("me/orders", orders.MyOrders.as_view()),
    path("sandbox/clock", sandbox.MoveClock.as_view()),
]
