"""Measurements of the hot doors beside their floors: `make bench`."""
