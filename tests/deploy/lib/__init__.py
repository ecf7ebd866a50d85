"""What the tests of charts and overlays share."""
