"""PostgreSQL and Redis where an environment expects them to be there already, and volumes where a cluster has no class for them."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from support.kubectl import Refused, apply, kubectl
from support.rendering import Document, overlay, text

# Of the images: PostgreSQL's user owns its volume.
POSTGRES_USER = 70


def backends(namespace: str) -> list[Document]:
    """The qa environment's, in another namespace."""
    names = ("redis", "postgres", "product-api-cache", "product-api-database")
    found = [d for d in overlay("qa") if d["metadata"]["name"].startswith(names) and d["kind"] != "ConfigMap"]
    for document in found:
        document["metadata"]["namespace"] = namespace
        # The name that product-api looks for, without the hash that a generator adds.
        if document["kind"] == "Secret" and document["metadata"]["name"].startswith("product-api-"):
            document["metadata"]["name"] = document["metadata"]["name"].rpartition("-")[0]
    return found


@contextmanager
def volume(namespace: str) -> Iterator[None]:
    """A volume for a namespace's PostgreSQL, where the cluster makes none by itself (a directory of this machine, its node)."""
    classes = json.loads(kubectl("get", "storageclass", "-o", "json"))["items"]
    if any(c["metadata"].get("annotations", {}).get("storageclass.kubernetes.io/is-default-class") == "true" for c in classes):
        yield
        return
    name = f"{namespace}-postgres"
    directory = Path(tempfile.mkdtemp(prefix="flotilla-volume-"))
    os.chown(directory, POSTGRES_USER, POSTGRES_USER)
    persistent = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": {"flotilla-tests/owned": "true"}},
        "spec": {
            "claimRef": {"namespace": namespace, "name": "data-postgres-0"},
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": str(directory)},
        },
    }
    try:
        apply(text([persistent]))
        yield
    finally:
        kubectl("delete", "persistentvolume", name, "--ignore-not-found", "--wait=false")
        # Its claim may be gone before it, and take it along at any moment.
        with suppress(Refused):
            kubectl("patch", "persistentvolume", name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        shutil.rmtree(directory, ignore_errors=True)
