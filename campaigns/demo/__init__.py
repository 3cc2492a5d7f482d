"""The demo shop: a small grocer with real sales and made-up people. Loaded by `manage.py load_demo`."""
