"""What the tests on a cluster share: kubectl, namespaces, loads and renderings."""
