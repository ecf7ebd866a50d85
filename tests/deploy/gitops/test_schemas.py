"""Every kit builds, and the CRDs of its controllers know each of its fields."""

import pytest
from support.crds import Unavailable, problems
from support.kits import FOLDERS, built


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_kit_is_valid(folder: str) -> None:
    found, unknown = [], set()
    for document in built(folder):
        try:
            found += problems(document)
        except Unavailable as reason:
            unknown.add(str(reason))
    assert found == []
    if unknown:
        pytest.skip(f"not held against a schema: {'; '.join(sorted(unknown))}")


def project(**spec: object) -> dict:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "fleet"}, "spec": spec}


def test_an_unknown_field_is_an_error() -> None:
    try:
        assert problems(project(sourceRepos=["https://git.example.com/fleet.git"])) == []
    except Unavailable as reason:
        pytest.skip(str(reason))
    [said] = problems(project(sourceRepositories=[]))
    assert "'sourceRepositories' was unexpected" in said
    [said] = problems(project(destinations=[{"namespaces": "fleet"}]))
    assert "'namespaces' was unexpected" in said


def test_a_kind_that_nobody_defines_is_an_error() -> None:
    [said] = problems({"apiVersion": "example.com/v1", "kind": "Fleet", "metadata": {"name": "fleet"}})
    assert "Fleet" in said
