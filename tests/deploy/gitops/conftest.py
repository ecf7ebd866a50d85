"""Makes `support` importable for the tests of the kits: pytest adds the folder of a conftest.py to its path."""
