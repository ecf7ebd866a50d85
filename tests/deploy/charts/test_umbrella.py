"""The charts as dependencies of another: whatever Helm puts at a subchart's root renders, and typos are refused still."""

import json
import shutil

import pytest
import yaml

from lib import schemas, wiring
from lib.render import CHARTS, HELM, Refused, documents, kinds, run, scratch

DEPENDENCIES = [
    {"name": "hello", "condition": "hello.enabled", "tags": ["front"]},
    {"name": "hello", "alias": "helloBlue", "condition": "helloBlue.enabled,global.blue"},
    {"name": "storefront", "tags": ["front"], "import-values": ["links", {"child": "ports", "parent": "shop.ports"}]},
    {"name": "product-api", "condition": "product-api.enabled"},
]


@pytest.fixture(scope="module")
def umbrella():
    """A parent chart as a user has it: its dependencies built from the folders."""
    folder = scratch() / "umbrella"
    (folder / "templates").mkdir(parents=True)
    given = [{"version": "0.1.0", "repository": f"file://{CHARTS / d['name']}"} | d for d in DEPENDENCIES]
    about = {"apiVersion": "v2", "name": "fleet", "version": "1.0.0", "dependencies": given}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(about))
    # What is imported has to be in a file of the parent's own.
    (folder / "values.yaml").write_text("storefront: {exports: {links: {shop: {link: a}}}}\n")
    (folder / "templates" / "seen.yaml").write_text("seen: {{ toJson .Values.shop }}\n")
    run(HELM, "dependency", "build", folder, env=own_helm())
    return folder


def own_helm():
    return {f"HELM_{kind}_HOME": str(scratch() / "helm" / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}


def rendered(umbrella, data):
    file = umbrella / "given.json"
    file.write_text(json.dumps(data))
    found = documents(run(HELM, "template", "fleet", umbrella, "-f", file))
    return [document for document in found if "kind" in document], [d["seen"] for d in found if "seen" in d]


def workloads(found):
    return {d["metadata"]["name"]: d for d in found if d["kind"] in wiring.WORKLOADS}


EVERYTHING = {
    "tags": {"front": True},
    "global": {"blue": True, "anything": {"of": "the parent"}},
    "hello": {"enabled": True, "networkPolicy": {"enabled": True}},
    "helloBlue": {"enabled": True, "networkPolicy": {"enabled": True}},
    "storefront": {"networkPolicy": {"enabled": True}},
    "product-api": {"enabled": True},
}


def test_all_that_a_parent_can_say_renders(umbrella):
    found, [seen] = rendered(umbrella, EVERYTHING)
    names = {"fleet-hello", "fleet-helloblue", "fleet-storefront", "fleet-product-api"}
    assert workloads(found).keys() == names
    assert seen == {"link": "a", "ports": {"container": 8088, "service": 8088}}
    assert schemas.problems(found) == []
    assert wiring.problems(found) == []


def test_the_pods_of_an_alias_are_its_own(umbrella):
    """Policies of one release add up: each must select its own pods alone."""
    found, _ = rendered(umbrella, EVERYTHING)
    pods = {name: workload["spec"]["template"]["metadata"]["labels"] for name, workload in workloads(found).items()}
    for document in found:
        if document["kind"] == "NetworkPolicy" and document["metadata"]["name"] in pods:
            selected = [name for name, labels in pods.items() if wiring.matches(document["spec"]["podSelector"], labels)]
            assert selected == [document["metadata"]["name"]]


@pytest.mark.parametrize(
    ("data", "gone"),
    [
        ({"hello": {"enabled": False}}, "fleet-hello"),
        ({"helloBlue": {"enabled": False}}, "fleet-helloblue"),
        ({"product-api": {"enabled": False}}, "fleet-product-api"),
        ({"tags": {"front": False}}, "fleet-storefront"),
    ],
)
def test_conditions_and_tags_take_a_chart_away(umbrella, data, gone):
    given = EVERYTHING | {key: EVERYTHING[key] | value for key, value in data.items()}
    # Without storefront there is nothing to import from it.
    given["shop"] = {}
    found, _ = rendered(umbrella, given)
    assert gone not in workloads(found)


def test_null_in_a_parent_is_null_in_the_chart(umbrella):
    nothing = {"replicas": None, "securityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}}
    found, _ = rendered(umbrella, EVERYTHING | {"hello": EVERYTHING["hello"] | nothing})
    spec = workloads(found)["fleet-hello"]["spec"]
    assert "replicas" not in spec
    assert "runAsUser" not in spec["template"]["spec"]["securityContext"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"hello": {"enable": True}}, "Additional property enable is not allowed"),
        ({"helloBlue": {"replica": 2}}, "Additional property replica is not allowed"),
        ({"hello": {"enabled": "yes"}}, "enabled: Invalid type. Expected: boolean, given: string"),
        ({"hello": {"tags": {"front": "yes"}}}, "tags.front: Invalid type. Expected: boolean, given: string"),
    ],
)
def test_a_typo_in_a_parent_is_refused_by_its_name(umbrella, data, said):
    with pytest.raises(Refused, match=said):
        rendered(umbrella, EVERYTHING | {key: EVERYTHING[key] | value for key, value in data.items()})


def test_a_chart_alone_takes_the_switch_of_a_parent():
    text = run(HELM, "template", "hello", CHARTS / "hello", "--set", "enabled=true,tags.front=true")
    assert "Deployment" in kinds(documents(text))


def links(folder, names):
    return [name for name in names if (CHARTS / folder / name).is_symlink()]


def test_a_parent_is_built_from_a_copy_without_links_too():
    copy = scratch() / "unlinked"
    shutil.copytree(CHARTS, copy, ignore=links)
    run(HELM, "dependency", "build", copy / "hello", env=own_helm())
    folder = scratch() / "parent"
    folder.mkdir()
    dependency = {"name": "hello", "version": "0.1.0", "repository": f"file://{copy / 'hello'}"}
    about = {"apiVersion": "v2", "name": "parent", "version": "1.0.0", "dependencies": [dependency]}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(about))
    run(HELM, "dependency", "build", folder, env=own_helm())
    assert "Deployment" in kinds(documents(run(HELM, "template", "fleet", folder)))
