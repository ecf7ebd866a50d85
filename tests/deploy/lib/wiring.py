"""Whether names, selectors, ports, probes and policies of rendered objects refer to what exists."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from lib.render import Document

WORKLOADS = ("Deployment", "Rollout", "StatefulSet")
# A gateway's controller starts them.
GATEWAY_PODS = {"matchExpressions": [{"key": "gateway.networking.k8s.io/gateway-name", "operator": "Exists"}]}
AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


# Where a Rollout names what its router weighs.
ROUTERS = (
    ("nginx", "stableIngress", "Ingress"),
    ("traefik", "weightedTraefikServiceName", "TraefikService"),
    ("argoproj-labs/gatewayAPI", "httpRoute", "HTTPRoute"),
)


def problems(found: list[Document], outside: frozenset[str] = frozenset()) -> list[str]:
    """`outside`: `Kind/name` of what is there already, such as an existing Secret."""
    return list(Wiring(found, outside).problems())


def pod_template(document: Document) -> Document | None:
    if document["kind"] == "Pod":
        return document
    return document["spec"]["template"] if document["kind"] in WORKLOADS else None


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a selector takes these labels: that of a Service, or one of the newer form."""
    if not {"matchLabels", "matchExpressions"} & selector.keys():
        return selector.items() <= labels.items()
    expressions = selector.get("matchExpressions", [])
    return selector.get("matchLabels", {}).items() <= labels.items() and all(holds(e, labels) for e in expressions)


def holds(expression: dict[str, Any], labels: dict[str, str]) -> bool:
    if expression["operator"] == "Exists":
        return expression["key"] in labels
    assert expression["operator"] == "In", expression
    return labels.get(expression["key"]) in expression["values"]


class Wiring:
    def __init__(self, found: list[Document], outside: frozenset[str]) -> None:
        self.found = found
        self.names = {f"{d['kind']}/{d['metadata']['name']}" for d in found} | outside
        self.pods = [(document, pod) for document in found if (pod := pod_template(document))]

    def problems(self) -> Iterator[str]:
        count = Counter((d["kind"], d["metadata"]["name"]) for d in self.found)
        yield from (f"{kind}/{name} is there {times} times" for (kind, name), times in count.items() if times > 1)
        for document in self.found:
            check = getattr(self, f"check_{document['kind'].lower()}", None)
            for problem in check(document) if check else ():
                yield f"{document['kind']}/{document['metadata']['name']}: {problem}"
        for document, pod in self.pods:
            for problem in self.check_pod(pod):
                yield f"{document['kind']}/{document['metadata']['name']}: {problem}"

    def missing(self, *references: str) -> Iterator[str]:
        yield from (f"{reference} is not there" for reference in references if reference not in self.names)

    def selected(self, selector: dict[str, Any]) -> list[tuple[Document, Document]]:
        return [(owner, pod) for owner, pod in self.pods if matches(selector, pod["metadata"].get("labels", {}))]

    def check_pod(self, pod: Document) -> Iterator[str]:
        spec = pod["spec"]
        account = spec.get("serviceAccountName", "default")
        if account != "default":
            yield from self.missing(f"ServiceAccount/{account}")
        volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        for volume in volumes.values():
            if "configMap" in volume:
                yield from self.missing(f"ConfigMap/{volume['configMap']['name']}")
            if "secret" in volume:
                yield from self.missing(f"Secret/{volume['secret']['secretName']}")
        for container in spec["containers"]:
            yield from self.check_container(container, volumes)

    def check_container(self, container: dict[str, Any], volumes: dict[str, Any]) -> Iterator[str]:
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            port = container.get(probe, {}).get("httpGet", {}).get("port")
            if port is not None and port not in ports:
                yield f"{probe} asks port {port}, which is not there"
        for source in container.get("envFrom", []):
            [(kind, reference)] = source.items()
            yield from self.missing(f"{'ConfigMap' if kind == 'configMapRef' else 'Secret'}/{reference['name']}")
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"volume {mount['name']} is mounted, but is not there"
            if "subPath" in mount:
                yield f"volume {mount['name']} is mounted by subPath, and so never changes"

    def check_workload(self, document: Document) -> Iterator[str]:
        selector, template = document["spec"]["selector"], document["spec"]["template"]
        if not matches(selector, template["metadata"]["labels"]):
            yield "the selector does not match its own pods"
        if "app.kubernetes.io/version" in selector["matchLabels"]:
            yield "the version is in the selector"
        if len(owners := {id(owner) for owner, _ in self.selected(selector)}) != 1:
            yield f"the selector matches the pods of {len(owners)} workloads"
        for container in template["spec"]["containers"]:
            lacking = {"livenessProbe", "readinessProbe"} - set(container)
            yield from (f"{container['name']} has no {probe}" for probe in sorted(lacking))
        scaled = [d for d in self.found if d["kind"] in AUTOSCALERS and self.scales(d, document)]
        if len(scaled) > 1:
            yield "it has two autoscalers"
        if bool(scaled) == ("replicas" in document["spec"]):
            yield "replicas must be there exactly when there is no autoscaler"

    check_deployment = check_statefulset = check_workload

    def check_rollout(self, document: Document) -> Iterator[str]:
        yield from self.check_workload(document)
        canary = document["spec"]["strategy"]["canary"]
        yield from self.missing(
            *(f"Service/{canary[key]}" for key in ("stableService", "canaryService") if key in canary)
        )
        routing = canary.get("trafficRouting", {})
        for router, key, kind in ROUTERS:
            if settings := routing.get(router) or routing.get("plugins", {}).get(router):
                yield from self.missing(f"{kind}/{settings[key]}")
                yield from self.weighed(kind, settings[key], [canary["stableService"], canary["canaryService"]])

    def weighed(self, kind: str, name: str, services: list[str]) -> Iterator[str]:
        """At rest the stable pods have all of the traffic. Of an Ingress the router makes a second one by itself."""
        for document in self.found:
            if (document["kind"], document["metadata"]["name"]) == (kind, name) and kind != "Ingress":
                spec = document["spec"]
                lists = [spec["weighted"]["services"]] if "weighted" in spec else [r["backendRefs"] for r in spec["rules"]]
                for backends in lists:
                    if [(b["name"], b["weight"]) for b in backends] != [(services[0], 100), (services[1], 0)]:
                        yield f"{kind}/{name} does not weigh {services}"

    def scales(self, autoscaler: Document, workload: Document) -> bool:
        target = autoscaler["spec"]["scaleTargetRef"]
        return (target["apiVersion"], target["kind"], target["name"]) == (
            workload["apiVersion"],
            workload["kind"],
            workload["metadata"]["name"],
        )

    def check_horizontalpodautoscaler(self, document: Document) -> Iterator[str]:
        if not any(self.scales(document, owner) for owner, _ in self.pods):
            yield f"it scales {document['spec']['scaleTargetRef']}, which is not there"

    check_scaledobject = check_horizontalpodautoscaler

    def check_poddisruptionbudget(self, document: Document) -> Iterator[str]:
        owners = [owner for owner, _ in self.selected(document["spec"]["selector"])]
        if len(owners) != 1:
            yield f"it selects the pods of {len(owners)} workloads"
            return
        scaled = [d for d in self.found if d["kind"] == "HorizontalPodAutoscaler" and self.scales(d, owners[0])]
        certain = scaled[0]["spec"]["minReplicas"] if scaled else owners[0]["spec"].get("replicas", 1)
        if certain < 2:
            yield f"only {certain} replica is certain, so it blocks a drain"

    def check_service(self, document: Document) -> Iterator[str]:
        owners = self.selected(document["spec"]["selector"])
        if len(owners) != 1:
            yield f"it selects the pods of {len(owners)} workloads"
        for _, pod in owners:
            ports = {port["name"] for container in pod["spec"]["containers"] for port in container.get("ports", [])}
            absent = {port["targetPort"] for port in document["spec"]["ports"]} - ports
            yield from (f"its target port {port} is not there" for port in absent)

    def check_ingress(self, document: Document) -> Iterator[str]:
        for rule in document["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                yield from self.missing_port(backend["name"], "name", backend["port"]["name"])

    def check_httproute(self, document: Document) -> Iterator[str]:
        for rule in document["spec"]["rules"]:
            for backend in rule["backendRefs"]:
                yield from self.missing_port(backend["name"], "port", backend["port"])

    def check_traefikservice(self, document: Document) -> Iterator[str]:
        for service in document["spec"]["weighted"]["services"]:
            yield from self.missing_port(service["name"], "port", service["port"])

    def check_ingressroute(self, document: Document) -> Iterator[str]:
        for route in document["spec"]["routes"]:
            yield from self.missing(*(f"{service['kind']}/{service['name']}" for service in route["services"]))

    def missing_port(self, service: str, key: str, wanted: str | int) -> Iterator[str]:
        yield from self.missing(f"Service/{service}")
        ports = [
            p
            for d in self.found
            if d["kind"] == "Service" and d["metadata"]["name"] == service
            for p in d["spec"]["ports"]
        ]
        if wanted not in {port[key] for port in ports}:
            yield f"port {wanted} of Service/{service} is not there"

    def check_servicemonitor(self, document: Document) -> Iterator[str]:
        selector = document["spec"]["selector"]
        services = [d for d in self.found if d["kind"] == "Service" and matches(selector, d["metadata"]["labels"])]
        if not services:
            yield "it selects no Service"
        for endpoint in document["spec"]["endpoints"]:
            if any(endpoint["port"] not in {port["name"] for port in d["spec"]["ports"]} for d in services):
                yield f"port {endpoint['port']} is not there"

    def check_networkpolicy(self, document: Document) -> Iterator[str]:
        owners = self.selected(document["spec"]["podSelector"])
        if document["spec"]["podSelector"] not in ({}, GATEWAY_PODS) and not owners:
            yield "it selects no pod"
        if set(document["spec"]["policyTypes"]) != {"Ingress", "Egress"}:
            yield "it leaves a direction open"
        for _, pod in owners:
            ports = {port["name"] for container in pod["spec"]["containers"] for port in container.get("ports", [])}
            for rule in document["spec"].get("ingress", []):
                named = {port["port"] for port in rule.get("ports", []) if isinstance(port["port"], str)}
                yield from (f"its port {port} is not there" for port in named - ports)
