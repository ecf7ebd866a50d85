"""Makes `lib` importable for the tests of charts and overlays, and shares what takes long to start."""
