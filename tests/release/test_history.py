"""What may be released, and what is next, comes from the tags of a real repository."""

import re
import shutil

import pytest
from conftest import Clone
from version import Version


def test_a_version_higher_than_every_tag_is_printed_without_its_v(clone: Clone) -> None:
    clone.commit("v1.2.0", "v1.10.0", "v1.9.0")
    assert clone.release("check", "v1.10.1").output == "1.10.1\n"


@pytest.mark.parametrize("version", ["v1.9.1", "v1.2.0", "1.10.0-rc.1", "v0.0.1"])
def test_a_version_that_is_not_higher_than_the_highest_is_refused(clone: Clone, version: str) -> None:
    clone.commit("v1.2.0", "v1.10.0", "v1.9.0")
    clone.commit()
    assert "is not higher than 1.10.0, which is released already" in clone.refusal("check", version)


def test_a_pre_release_counts_as_released(clone: Clone) -> None:
    clone.commit("v1.3.0-rc.1")
    assert "1.3.0-rc.1" in clone.refusal("check", "v1.2.9")
    assert clone.release("check", "v1.3.0").output == "1.3.0\n"


def test_the_tag_of_the_commit_itself_is_no_earlier_release(clone: Clone) -> None:
    """The workflow runs after the tag was pushed, and can run again."""
    clone.commit("v1.0.0")
    clone.commit("v1.1.0")
    assert clone.release("check", "v1.1.0").output == "1.1.0\n"
    assert "1.1.0" in clone.refusal("check", "v1.0.5")
    clone.commit()
    assert "1.1.0 is not higher than 1.1.0" in clone.refusal("check", "v1.1.0")


def test_tags_that_are_no_versions_are_not_releases(clone: Clone) -> None:
    clone.commit("v9", "9.0.0", "v09.0.0", "vendor", "v\u0669.0.0", "hello-v9.0.0", "v9.0.0+5", "v9.0.0-rc-", "v9.0.0-" + "a" * 58)
    assert clone.release("check", "v0.1.0").output == "0.1.0\n"


def test_before_the_first_release_the_sources_say_what_is_next(clone: Clone) -> None:
    clone.edit("Cargo.toml", lambda text: re.sub(r'^version = ".*"', 'version = "0.4.2"', text, flags=re.MULTILINE))
    assert clone.release("next", "minor").output == "0.5.0\n"
    assert clone.release("check", "v0.4.2").output == "0.4.2\n"


def test_the_next_version_follows_the_highest_tag(clone: Clone) -> None:
    clone.commit("v1.9.0", "v1.10.3")
    printed = [clone.release("next", part).output.strip() for part in ("major", "minor", "patch")]
    assert printed == ["2.0.0", "1.11.0", "1.10.4"]


def test_commits_between_releases_have_ascending_versions(clone: Clone) -> None:
    versions = []
    for tags in [(), (), ("v0.9.0",), (), ("v1.0.0-rc.1",), (), ("v1.0.0",), ()]:
        clone.commit(*tags)
        versions.append(Version.parse(clone.release("next", "commit").output.strip()))
        assert all(Version.parse(tag) < versions[-1] for tag in tags)
    assert versions == sorted(set(versions))
    assert re.fullmatch(r"1\.0\.1-dev\.\d+\.g[0-9a-f]{12}", str(versions[-1]))
    assert versions[-1] < Version.parse("1.0.1")


def test_a_shallow_clone_is_refused(clone: Clone) -> None:
    clone.commit("v1.0.0")
    clone.commit()
    shallow = clone.root.with_name("shallow")
    clone.git("clone", "--quiet", "--depth", "1", f"file://{clone.root}", str(shallow))
    shutil.copytree(clone.root / "gitops", shallow / "gitops")
    for command in (["check", "v0.0.1"], ["next", "commit"], ["next", "patch"]):
        assert "shallow" in Clone(shallow).refusal(*command)


def test_a_folder_that_is_no_repository_is_refused(clone: Clone) -> None:
    shutil.rmtree(clone.root / ".git")
    assert "not a git repository" in clone.refusal("check", "v1.0.0")
