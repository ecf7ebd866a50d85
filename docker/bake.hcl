# Builds all images with one command, from the root:
#
#   docker buildx bake --file docker/bake.hcl
#   export SERVICE_VERSION=1.2.3 BUILD_COMMIT=$(git rev-parse HEAD) REGISTRY=registry.example.com/
#   docker buildx bake --file docker/bake.hcl --push
#
# One service: add its name. Another platform: add --set '*.platform=linux/amd64,linux/arm64'.

variable "SERVICE_VERSION" {
  default = "0.1.0"
}

variable "BUILD_COMMIT" {
  default = "unknown"
}

# With its final slash.
variable "REGISTRY" {
  default = ""
}

# URL of the repository, for the label.
variable "SOURCE" {
  default = ""
}

group "default" {
  targets = ["service"]
}

target "service" {
  name = service
  matrix = {
    service = ["auxiliary-service", "hello", "main-api", "product-api", "storefront"]
  }
  context = "."
  args = {
    SERVICE = service
    SERVICE_VERSION = SERVICE_VERSION
    BUILD_COMMIT = BUILD_COMMIT
    SOURCE = SOURCE
  }
  tags = ["${REGISTRY}flotilla/${service}:${SERVICE_VERSION}"]
}
