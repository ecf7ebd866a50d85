# One image for every service: its static binary on nothing else.
#
#   docker build --build-arg SERVICE=hello --tag flotilla/hello .       with BuildKit, Docker 20.10 or newer
#   docker buildx bake --file docker/bake.hcl                           all five
#
# The five share the stage `build`, which is built once.
ARG SERVICE=hello

FROM --platform=$BUILDPLATFORM rust:1.95-bookworm AS rust

# What is built for: amd64 or arm64, compiled by this machine whichever it is. Another ends here.
FROM rust AS rust-amd64
ENV PROCESSOR=x86_64
FROM rust AS rust-arm64
ENV PROCESSOR=aarch64

# hadolint ignore=DL3006
FROM rust-${TARGETARCH} AS toolchain
ARG TARGETARCH
COPY docker/toolchain.sh /
RUN /toolchain.sh "${TARGETARCH}"

FROM toolchain AS build
COPY . /context
WORKDIR /src
ARG TARGETARCH
RUN --mount=type=cache,id=flotilla-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=flotilla-build-${TARGETARCH},target=/src,sharing=locked \
    /context/docker/build.sh /context /image
# What else an image holds: the authorities that TLS trusts, and a name for the user.
RUN mkdir -p /image/etc/ssl/certs && \
    cp -L /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ && \
    echo 'flotilla:x:65532:65532::/:/service' >/image/etc/passwd && \
    echo 'flotilla:x:65532:' >/image/etc/group

# The port that each listens on beside 4040. An unknown SERVICE ends here.
FROM scratch AS port-auxiliary-service
EXPOSE 8001
FROM scratch AS port-hello
EXPOSE 8080
FROM scratch AS port-main-api
EXPOSE 8000
FROM scratch AS port-product-api
EXPOSE 3000
FROM scratch AS port-storefront
EXPOSE 8088

# A stage from above has no tag.
# hadolint ignore=DL3006
FROM port-${SERVICE}
ARG SERVICE
COPY --from=build /image/etc /etc
COPY --from=build /image/${SERVICE} /service
# Below everything that is copied, so that a new version or commit costs no new layer.
ARG SERVICE_VERSION=0.1.0
ARG BUILD_COMMIT=unknown
ARG SOURCE=
ENV SERVICE_VERSION=${SERVICE_VERSION} BUILD_COMMIT=${BUILD_COMMIT}
LABEL org.opencontainers.image.title="flotilla/${SERVICE}" \
      org.opencontainers.image.version="${SERVICE_VERSION}" \
      org.opencontainers.image.revision="${BUILD_COMMIT}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 65532:65532
EXPOSE 4040
# Docker only; Kubernetes probes by itself. The binary asks its own management listener, wherever that is.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["/service", "healthcheck"]
ENTRYPOINT ["/service"]
