"""push.sh brings a change to main, with a real remote and others who push to it meanwhile."""

import subprocess
from pathlib import Path

import pytest
from conftest import ENVIRONMENT, Answer, Clone


@pytest.fixture
def remote(clone: Clone) -> Clone:
    """What `origin` is; its branch main is that of the clone."""
    clone.git("add", "--all")
    clone.commit()
    clone.git("init", "--quiet", "--bare", "--initial-branch", "main", "../remote")
    clone.git("remote", "add", "origin", "../remote")
    clone.git("push", "--quiet", "origin", "main")
    return Clone(clone.root.parent / "remote")


def push(clone: Clone, *arguments: str) -> Answer:
    done = subprocess.run([clone.root / "gitops/release/push.sh", *arguments], capture_output=True, text=True, env=ENVIRONMENT, cwd="/")
    return Answer(done.returncode, done.stdout, done.stderr)


def elsewhere(clone: Clone, folder: str = "elsewhere") -> Clone:
    """Somebody else's clone."""
    clone.git("clone", "--quiet", "../remote", f"../{folder}")
    return Clone(clone.root.parent / folder)


def test_a_change_is_one_commit_on_main(clone: Clone, remote: Clone) -> None:
    before = remote.git("rev-parse", "main")
    assert push(clone, "dev runs 0.2.0", "set", "dev", "0.2.0").code == 0
    assert remote.git("log", "--format=%s by %an", f"{before}..main") == "dev runs 0.2.0 by github-actions[bot]"
    assert elsewhere(clone).release("running", "dev", "hello").output == "0.2.0\n"


def test_nothing_to_change_is_no_commit(clone: Clone, remote: Clone) -> None:
    before = remote.git("rev-parse", "main")
    answer = push(clone, "qa runs what dev runs", "promote", "dev", "qa")
    assert (answer.code, answer.output) == (0, "push.sh: nothing to change\n")
    assert remote.git("rev-parse", "main") == before


def test_the_change_is_made_to_what_others_have_pushed(clone: Clone, remote: Clone) -> None:
    other = elsewhere(clone)
    push(other, "dev runs 0.2.0", "set", "dev", "0.2.0")
    assert push(clone, "qa runs what dev runs", "promote", "dev", "qa").code == 0
    assert elsewhere(clone, "result").release("running", "qa", "hello").output == "0.2.0\n"


def test_somebody_who_is_faster_makes_it_start_again(clone: Clone, remote: Clone) -> None:
    """The hook of the clone pushes another commit between its fetch and its push, once."""
    push(clone, "dev runs 0.2.0", "set", "dev", "0.2.0")
    other = elsewhere(clone)
    hook = clone.root / ".git/hooks/pre-push"
    hook.write_text(f'#!/bin/sh\nrm "$0"\nunset GIT_DIR\n{other.root}/gitops/release/push.sh "dev runs 0.3.0" set dev 0.3.0\n')
    hook.chmod(0o755)
    assert push(clone, "qa runs what dev runs", "promote", "dev", "qa").code == 0
    assert not hook.exists()
    assert elsewhere(clone, "result").release("running", "qa", "hello").output == "0.3.0\n"


def test_a_push_that_is_refused_is_not_tried_again(clone: Clone, remote: Clone) -> None:
    """As a protected branch, or a token that may not write, refuses it."""
    before = remote.git("rev-parse", "main")
    hook = remote.root / "hooks/pre-receive"
    hook.write_text('#!/bin/sh\necho once >>"$GIT_DIR/tries"\nexit 1\n')
    hook.chmod(0o755)
    answer = push(clone, "dev runs 0.2.0", "set", "dev", "0.2.0")
    assert answer.code == 1 and "push.sh: the push is refused, and main has not moved\n" in answer.error
    assert (remote.root / "tries").read_text() == "once\n"
    assert remote.git("rev-parse", "main") == before


@pytest.mark.parametrize(("arguments", "why"), [(["set", "dev", "0.0.1"], "is lower than"), (["set", "dev"], "usage:"), ([], "usage:")])
def test_what_the_program_refuses_is_not_pushed(clone: Clone, remote: Clone, arguments: list[str], why: str) -> None:
    before = remote.git("rev-parse", "main")
    answer = push(clone, "message", *arguments)
    assert answer.code != 0 and why in answer.error
    assert remote.git("rev-parse", "main") == before


def test_a_clone_with_changes_is_not_touched(clone: Clone, remote: Clone) -> None:
    (clone.root / "work").write_text("in progress")
    answer = push(clone, "dev runs 0.2.0", "set", "dev", "0.2.0")
    assert (answer.code, answer.error) == (1, "push.sh: the clone is not clean\n")
    assert Path(clone.root / "work").read_text() == "in progress"
