"""`helm template --values values-<environment>.yaml` and `kubectl kustomize overlays/<environment>` agree."""
import copy
import re

import pytest
from lib.render import ENVIRONMENTS
from overlay import WORKLOADS, charts, data, overlay, plain_name

# What an environment has beside the services: its namespace's own, and what the components postgres and redis bring.
ENVIRONMENTS_OWN = {("Namespace", "flotilla-{}"), ("ResourceQuota", "environment"), ("LimitRange", "defaults"),
                    ("NetworkPolicy", "default-deny")}
BACKENDS = {(kind, name) for name in ("postgres", "redis") for kind in ("StatefulSet", "Service", "NetworkPolicy", "Secret")}
BACKENDS |= {("Secret", "product-api-cache"), ("Secret", "product-api-database")}


def neutral(obj):
    """Without what each door does in its own way: Helm's marks, hashes, the namespace, and the tag."""
    obj = copy.deepcopy(obj)
    metadata = obj["metadata"]
    metadata.pop("namespace", None)
    metadata["name"] = plain_name(metadata["name"])
    for label in ("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"):
        metadata["labels"].pop(label, None)
    if obj["kind"] in ("ConfigMap", "Secret"):
        return {"kind": obj["kind"], "metadata": metadata, "data": {k: v for k, v in data(obj).items() if k != "SERVICE_VERSION"}}
    if obj["kind"] in WORKLOADS:
        neutral_pod(obj["spec"]["template"])
    return obj


def neutral_pod(template):
    template["metadata"]["labels"].pop("app.kubernetes.io/version")
    annotations = template["metadata"].pop("annotations", {})
    assert all(name.startswith("checksum/") for name in annotations)
    for each in template["spec"]["containers"]:
        each["image"] = re.sub(r":[^:/]*$", "", each["image"])
        for source in each.get("envFrom", []):
            for reference in source.values():
                reference["name"] = plain_name(reference["name"])


def neutral_all(objects):
    return {(kind, plain_name(name)): neutral(obj) for (kind, name), obj in objects.items()}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_same_objects_come_out_of_both_doors(environment):
    by_helm, by_kustomize = neutral_all(charts(environment)), neutral_all(overlay_of_services(environment))
    assert by_helm.keys() == by_kustomize.keys()
    for key in by_helm:
        assert by_helm[key] == by_kustomize[key], key


def overlay_of_services(environment):
    own = {(kind, name.format(environment)) for kind, name in ENVIRONMENTS_OWN}
    objects = overlay(environment)
    assert own <= objects.keys()
    return {(kind, name): obj for (kind, name), obj in objects.items() if (kind, plain_name(name)) not in own | BACKENDS}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_both_doors_give_the_same_tag_today(environment):
    tags = {name: image(obj) for (kind, name), obj in charts(environment).items() if kind in WORKLOADS}
    assert tags == {name: image(obj) for (kind, name), obj in overlay(environment).items() if kind in WORKLOADS and name in tags}


def image(workload):
    return workload["spec"]["template"]["spec"]["containers"][0]["image"]
