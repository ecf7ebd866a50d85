"""Lists leave no default to the API server: a tool that compares them as a whole would see a difference for ever."""
import pytest
from lib import defaults, schemas
from lib.render import ROOT, documents, kustomize
from test_references import case  # noqa: F401  (a fixture)

needs_schemas = pytest.mark.skipif(not defaults.CRDS.is_dir(), reason="the schemas of custom resources are not there")


def test_lists_of_an_environment_are_whole(case):  # noqa: F811
    built_in = [obj for obj in case[1].values() if not schemas.is_custom(obj)]
    assert [path for obj in built_in for path in defaults.omitted(obj)] == []


@needs_schemas
def test_lists_of_custom_resources_are_whole(case):  # noqa: F811
    custom = [obj for obj in case[1].values() if schemas.is_custom(obj)]
    assert [path for obj in custom for path in defaults.omitted(obj)] == []


@needs_schemas
def test_lists_of_monitoring_are_whole():
    assert [path for obj in documents(kustomize(ROOT / "monitoring")) for path in defaults.omitted(obj)] == []


@needs_schemas
@pytest.mark.parametrize("kind, spec, paths", [
    ("gateway.networking.k8s.io/v1 HTTPRoute", {"parentRefs": [{"name": "a"}]}, ["[].group", "[].kind"]),
    ("monitoring.coreos.com/v1 ServiceMonitor", {"endpoints": [{"relabelings": [{}]}]}, ["[].relabelings.[].action"]),
    ("argoproj.io/v1alpha1 Rollout", {"template": {"spec": {"containers": [{"ports": [{}]}]}}}, ["[].ports.[].protocol"]),
])
def test_what_a_custom_resource_omits_is_found(kind, spec, paths):
    version, name = kind.split()
    found = defaults.omitted({"apiVersion": version, "kind": name, "metadata": {"name": "it"}, "spec": spec})
    assert all(any(line.endswith(path) for line in found) for path in paths), found


@pytest.mark.parametrize("kind, spec, path", [
    ("Service", {"ports": [{"port": 80, "protocol": "TCP"}]}, "ports.[].targetPort"),
    ("NetworkPolicy", {"egress": [{}, {"ports": [{"port": 80}]}]}, "egress.[].ports.[].protocol"),
    ("Deployment", {"template": {"spec": {"containers": [{"livenessProbe": {"httpGet": {}}}]}}}, "httpGet.scheme"),
])
def test_what_another_object_omits_is_found(kind, spec, path):
    found = defaults.omitted({"apiVersion": "v1", "kind": kind, "metadata": {"name": "it"}, "spec": spec})
    assert any(line.endswith(path) for line in found), found
