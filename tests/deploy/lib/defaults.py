"""What the API server would add to the items of lists.

Argo CD and others compare some lists as a whole: an item that lacks a default is then a difference for ever. Of custom
resources the defaults are in their schemas. Of Kubernetes' own kinds, whose schemas have none, they are in the table below:
what a server of 1.36 adds.
"""

import functools
import json
from collections.abc import Iterator
from typing import Any

from lib.render import ROOT, Document
from lib.schemas import is_custom

CRDS = ROOT.parent / "shared" / "crd-schemas"

PROBE = {name: {} for name in ("failureThreshold", "periodSeconds", "successThreshold", "timeoutSeconds")}
PROBE |= {"httpGet?": {"scheme": {}}, "grpc?": {"service": {}}}
CONTAINER = {
    "imagePullPolicy": {},
    "terminationMessagePath": {},
    "terminationMessagePolicy": {},
    "ports?": [{"protocol": {}}],
    "env?": [{"valueFrom?": {"fieldRef?": {"apiVersion": {}}}}],
    **{f"{name}?": PROBE for name in ("startupProbe", "readinessProbe", "livenessProbe")},
}
POD = {
    "containers": [CONTAINER],
    "initContainers?": [CONTAINER],
    "volumes?": [{"configMap?": {"defaultMode": {}}, "secret?": {"defaultMode": {}}, "hostPath?": {"type": {}}}],
}
CLAIM = {"apiVersion": {}, "kind": {}, "spec": {"volumeMode": {}}, "status": {"phase": {}}}
RULES = [{"ports?": [{"protocol": {}}]}]
# Keys that have to be there; with `?` only what is in them, if they are.
BUILT_IN: dict[str, dict[str, Any]] = {
    "Deployment": {"template": {"spec": POD}},
    "StatefulSet": {"template": {"spec": POD}, "volumeClaimTemplates?": [CLAIM]},
    "Pod": POD,
    "Service": {"ports": [{"protocol": {}, "targetPort": {}}]},
    "NetworkPolicy": {"ingress?": RULES, "egress?": RULES},
}


def omitted(document: Document) -> list[str]:
    """The paths of what is left to the API server."""
    name = f"{document['kind']}/{document['metadata']['name']}"
    if is_custom(document):
        found = by_schema(schema(document["apiVersion"], document["kind"]), document, False)
    else:
        found = by_table(BUILT_IN.get(document["kind"], {}), document.get("spec", {}))
    return [f"{name}: {path}" for path in found]


@functools.cache
def schema(version: str, kind: str) -> dict[str, Any]:
    group, _, version = version.rpartition("/")
    return json.loads((CRDS / group / f"{kind.lower()}_{version}.json").read_text())


def by_schema(schema: dict[str, Any], value: Any, in_list: bool) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from (f"[].{path}" for path in by_schema(schema.get("items", {}), item, True))
    if isinstance(value, dict):
        for name, field in schema.get("properties", {}).items():
            if name in value:
                yield from (f"{name}.{path}" for path in by_schema(field, value[name], in_list))
            elif in_list and "default" in field:
                yield name


def by_table(table: Any, value: Any) -> Iterator[str]:
    if isinstance(table, list):
        for item in value:
            yield from (f"[].{path}" for path in by_table(table[0], item))
        return
    for key, inner in table.items():
        name = key.removesuffix("?")
        if name in value:
            yield from (f"{name}.{path}" for path in by_table(inner, value[name]))
        elif name == key:
            yield name
