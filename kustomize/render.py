"""Renders the charts into what kustomize builds on: a base for each service, and what components take from the charts.

Helm's marks go, and ConfigMaps and Secrets become input of kustomize's own generators: only those give their objects
names with a hash, and the hash is what rolls the pods on a change.
"""
import argparse
import base64
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

HERE = pathlib.Path(__file__).resolve().parent
CHARTS = HERE.parent / "charts"
HELM = pathlib.Path(sys.executable).with_name("helm")
# Each gets what neither the base nor one before it has.
COMPONENTS = ("ingress", "gateway", "autoscaling", "high-availability", "canary")
NOTE = "# GENERATED from the charts by kustomize/render.sh: do not edit.\n"
CARRIER = "# Never applied: kustomize/versions reads the tag from it, whichever kind the workload is of.\n"
HELM_LABELS = ("helm.sh/chart", "app.kubernetes.io/managed-by")
GENERATORS = {"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=pathlib.Path, default=HERE, help="folder to write to, laid out as this one")
    into = parser.parse_args().into
    bases = {service: render(service, HERE / "base") for service in services()}
    write_bases(into / "base", bases)
    seen = {key for objects in bases.values() for key in objects}
    for component in COMPONENTS:
        write_component(into / "components" / component, HERE / "components" / component, bases, seen)
    write(into / "versions" / "versions.yaml", versions(bases))


def services():
    """The charts that have values: all but the library."""
    return sorted(path.parent.name for path in CHARTS.glob("*/values.yaml") if (path.parent / "Chart.yaml").exists())


def render(service, *folders):
    """What the chart gives with the values of the folders, by kind and name."""
    names = ("values.yaml", f"values-{service}.yaml")
    sources = [folder / name for folder in folders for name in names if (folder / name).exists()]
    library = CHARTS / service / "charts" / "service-lib"
    if library.is_file():
        sys.exit(f"{library} is a file, not a link: charts/README.md says what a checkout without links needs.")
    with tempfile.TemporaryDirectory() as scratch:
        command = [HELM, "template", service, CHARTS / service, "--skip-tests"]
        for number, source in enumerate(sources):
            values = pathlib.Path(scratch, f"{number}.yaml")
            values.write_text(source.read_text().replace("SERVICE", service))
            command += ["--values", values]
        helm = subprocess.run(command, capture_output=True, text=True)
    if helm.returncode != 0:
        sys.exit(helm.stderr)
    objects = filter(None, yaml.safe_load_all(helm.stdout))
    return {(obj["kind"], obj["metadata"]["name"]): without_helm(obj) for obj in objects}


def without_helm(obj):
    """Takes away what means something to Helm alone."""
    for label in HELM_LABELS:
        obj["metadata"]["labels"].pop(label, None)
    pod = obj.get("spec", {}).get("template", {}).get("metadata", {})
    for annotation in [name for name in pod.get("annotations", {}) if name.startswith("checksum/")]:
        del pod["annotations"][annotation]
    if not pod.get("annotations"):
        pod.pop("annotations", None)
    return obj


def write_bases(folder, bases):
    for stale in folder.glob("*/"):
        shutil.rmtree(stale)
    for service, objects in bases.items():
        write_base(folder / service, objects | {("PodTemplate", service): carrier(service, objects)})
    write(folder / "kustomization.yaml", kustomization(resources=list(bases)))


def write_base(folder, objects):
    """One file a kind; ConfigMaps and Secrets go into the kustomization."""
    fields = {"resources": []}
    for (kind, _), obj in sorted(objects.items()):
        if kind in GENERATORS:
            fields.setdefault(GENERATORS[kind], []).append(generator(obj))
        else:
            fields["resources"].append(f"{kind.lower()}.yaml")
            write(folder / f"{kind.lower()}.yaml", obj, note=CARRIER if kind == "PodTemplate" else "")
    write(folder / "kustomization.yaml", kustomization(**fields))


def generator(obj):
    data = obj["data"]
    if obj["kind"] == "Secret":
        data = {name: base64.b64decode(value).decode() for name, value in data.items()}
    return {
        "name": obj["metadata"]["name"],
        "literals": [f"{name}={value}" for name, value in sorted(data.items())],
        "options": {"labels": obj["metadata"]["labels"]},
    }


def write_component(folder, source, bases, seen):
    """Objects that the component's values add, and patches where they change a Deployment."""
    added, patches = [], []
    for service, base in bases.items():
        if not any((source / name).exists() for name in ("values.yaml", f"values-{service}.yaml")):
            continue
        for key, obj in render(service, HERE / "base", source).items():
            if key not in seen and allowed(service, obj):
                seen.add(key)
                added.append(obj)
            elif key[0] == "Deployment" and (changed := difference(base[key], obj)):
                patches.append(identity(obj) | changed)
    if added:
        write(folder / "rendered.yaml", *added)
    if patches:
        write(folder / "rendered-patches.yaml", *patches)


def allowed(service, obj):
    """A way from outside to a service that may not be called from there would only answer 504."""
    edges = yaml.safe_load((CHARTS / service / "values.yaml").read_text())["edges"]
    return obj["kind"] not in ("Ingress", "HTTPRoute") or edges["ingressController"]


def identity(obj):
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": {"name": obj["metadata"]["name"]}}


def difference(old, new):
    """A strategic merge patch: what is gone as null, lists as they are now. Containers are the overlay's own business."""
    changed = {name: None for name in old if name not in new}
    for name, value in new.items():
        if name == "containers":
            continue
        if isinstance(value, dict) and isinstance(old.get(name), dict):
            if inner := difference(old[name], value):
                changed[name] = inner
        elif value != old.get(name):
            changed[name] = value
    return changed


def carrier(service, base):
    """An object that is never applied: it has the image, for `versions` to read."""
    [container] = base["Deployment", service]["spec"]["template"]["spec"]["containers"]
    annotations = {"config.kubernetes.io/local-config": "true"}
    return {
        "apiVersion": "v1",
        "kind": "PodTemplate",
        "metadata": {"name": service, "annotations": annotations},
        "template": {"spec": {"containers": [{"name": service, "image": container["image"]}]}},
    }


def versions(services):
    """What carries the tag of each image into app.kubernetes.io/version; kustomize/README.md says why it is a transformer."""
    return {
        "apiVersion": "builtin",
        "kind": "ReplacementTransformer",
        "metadata": {"name": "versions"},
        "replacements": [each for service in services for each in version(service)],
    }


def version(service):
    """From the carrier's image to the label, wherever it is."""
    label = "metadata.labels.[app.kubernetes.io/version]"
    image = "template.spec.containers.0.image"
    source = {"kind": "PodTemplate", "name": service}

    def part(delimiter, index):
        return source | {"fieldPath": image, "options": {"delimiter": delimiter, "index": index}}

    targets = [{"select": {"labelSelector": f"app.kubernetes.io/name={service}"}, "fieldPaths": [label]}]
    targets += [
        {"select": {"kind": kind, "name": service}, "fieldPaths": [f"spec.template.{label}"]}
        for kind in ("Deployment", "Rollout")
    ]
    itself = {"select": source, "fieldPaths": [image]}
    # The tag is what follows the last colon, which is the second where the registry has a port, and no index says "the
    # last". With the second part once more at the end, `name:tag:tag` or `host:port/name:tag:port/name`, the tag is
    # the third part either way. An index beyond the end appends.
    appended = itself | {"options": {"delimiter": ":", "index": 9}}
    return [
        # A digest may follow the tag, and no label may hold it.
        {"source": part("@", 0), "targets": [itself]},
        {"source": part(":", 1), "targets": [appended]},
        {"source": part(":", 2), "targets": targets},
    ]


def kustomization(**fields):
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **fields}


class Dumper(yaml.SafeDumper):
    """Block style, lists indented, nothing by reference."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data):
        return True


def write(path, *documents, note=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.dump_all(documents, Dumper=Dumper, sort_keys=False, width=110, allow_unicode=True)
    path.write_text(NOTE + note + text)


if __name__ == "__main__":
    main()
