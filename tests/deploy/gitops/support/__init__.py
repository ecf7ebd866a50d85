"""What the tests of the delivery kits share."""
