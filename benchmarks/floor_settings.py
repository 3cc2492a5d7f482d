"""The product's settings with nothing around the views."""

from config.settings import *  # noqa: F403 - the floor runs on the very same database settings

ROOT_URLCONF = "benchmarks.floor"
MIDDLEWARE: list[str] = []
