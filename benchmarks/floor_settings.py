"""The product's settings with nothing around the views."""

from config import settings as product
from config.settings import *  # noqa: F403 - the floor runs on the very same database settings

ROOT_URLCONF = "benchmarks.floor"
MIDDLEWARE = product.MIDDLEWARE[:0]
