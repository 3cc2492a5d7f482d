"""The local stack: what `make serve`, `make test` and `make bench` start, watch and stop.

Wiring: nothing in the floors imports it. Start reading at `runner.py`.
"""
