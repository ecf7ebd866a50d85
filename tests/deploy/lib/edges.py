"""Who talks to whom, in one place for both doors. A service that calls another is one line here."""

# Of services; by the `http` port of the one that is called.
CALLS = {
    ("main-api", "auxiliary-service"),
    ("storefront", "product-api"),
}
# To what is no service, with the port of its pod.
BACKENDS = {
    ("product-api", "redis", 6379),
    ("product-api", "postgres", 5432),
}
# Every other service is for clients outside the cluster.
INTERNAL = {"auxiliary-service"}
