# Builds all images with one command, from the root:
#
#   docker buildx bake --file docker/bake.hcl
#   export SERVICE_VERSION=1.2.3 BUILD_COMMIT=$(git rev-parse HEAD) REGISTRY=registry.example.com/
#   docker buildx bake --file docker/bake.hcl --push
#
# The ladder, releases that misbehave in known ways (ladder/README.md), from the same compilation:
#
#   docker buildx bake --file docker/bake.hcl ladder
#
# One service: add its name; one rung: hello-1-3-0. Another platform: add --set '*.platform=linux/amd64,linux/arm64'.

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

# The files of ladder/ (a test holds the two together).
variable "RUNGS" {
  default = [
    "hello/1.0.0",
    "hello/1.1.0",
    "hello/1.2.0",
    "hello/1.3.0",
    "hello/1.4.0",
    "hello/1.5.0",
    "hello/1.6.0",
    "hello/1.7.0",
    "hello/1.8.0",
    "hello/1.9.0",
    "hello/1.10.0",
    "product-api/1.0.0",
    "product-api/1.1.0",
    "product-api/1.2.0",
    "product-api/1.3.0",
    "product-api/1.4.0",
    "auxiliary-service/1.0.0",
    "auxiliary-service/1.1.0",
  ]
}

group "ladder" {
  targets = ["rung"]
}

target "rung" {
  name = replace(replace(rung, "/", "-"), ".", "-")
  matrix = {
    rung = RUNGS
  }
  context = "ladder"
  contexts = {
    service = "target:${split("/", rung)[0]}"
  }
  args = {
    IMAGE = "service"
    SERVICE = split("/", rung)[0]
    VERSION = split("/", rung)[1]
  }
  tags = ["${REGISTRY}flotilla/${replace(rung, "/", ":")}"]
}
