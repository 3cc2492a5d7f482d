from omnichannel.models.catalogue import Category, Product, ProductPrice
from omnichannel.models.keys import ApiKey
from omnichannel.models.places import Place, Programme, Till

__all__ = [
    "ApiKey",
    "Category",
    "Place",
    "Product",
    "ProductPrice",
    "Programme",
    "Till",
]
