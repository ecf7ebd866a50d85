"""Makes `lib` importable for the tests of charts and overlays: pytest adds the folder of a conftest.py to its path."""
