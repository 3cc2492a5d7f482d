from omnichannel.models.catalogue import Category, Product, ProductPrice
from omnichannel.models.keys import ApiKey
from omnichannel.models.orders import Order, OrderLine, OrderSource, OrderState, Receipt, UnclaimedOrder
from omnichannel.models.places import Place, Programme, Till

__all__ = [
    "ApiKey",
    "Category",
    "Order",
    "OrderLine",
    "OrderSource",
    "OrderState",
    "Place",
    "Product",
    "ProductPrice",
    "Programme",
    "Receipt",
    "Till",
    "UnclaimedOrder",
]
