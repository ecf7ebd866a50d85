"""An overlay's namespace. Its name is fixed and tests run beside each other, so each waits until it is nobody else's."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support.kubectl import apply, kubectl
from support.namespace import OWNER, remove
from support.rendering import Document, of_kind, text


@contextmanager
def alone(*names: str) -> Iterator[None]:
    """Namespaces of fixed names, empty, for this test alone; they are gone afterwards."""
    with ExitStack() as held:
        # In one order everywhere, or two tests would wait for each other.
        for name in sorted(names):
            lock = held.enter_context((Path(tempfile.gettempdir()) / f"flotilla-tests-{name}.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            held.callback(remove, name)
            remove(name)
        yield


@contextmanager
def namespace_of(found: list[Document]) -> Iterator[str]:
    """The namespace of what an overlay renders."""
    [document] = of_kind(found, "Namespace")
    name = document["metadata"]["name"]
    with alone(name):
        apply(text([document]))
        kubectl("label", "namespace", name, OWNER)
        yield name
