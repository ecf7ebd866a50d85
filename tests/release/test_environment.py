"""A version of an environment is one line of its overlay and one of each chart's values, and nothing else changes."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import ROOT, Clone

OVERLAY = "kustomize/overlays/dev/kustomization.yaml"
# By which Flux finds the line, in dev.
MARKER = ' # {"$imagepolicy": "flux-system:hello:tag"}'
SERVICES = ["auxiliary-service", "hello", "main-api", "product-api", "storefront"]


def changes(clone: Clone) -> list[str]:
    """Every line that differs from the last commit, with its file."""
    diff = clone.git("diff", "--unified=0", "--no-prefix")
    lines = re.findall(r"^\+\+\+ (.*)|^([+-] .*)", diff, re.MULTILINE)
    return [file or line for file, line in lines]


@pytest.fixture(autouse=True)
def committed(clone: Clone) -> None:
    clone.git("add", "--all")
    clone.commit()


def test_a_version_of_one_service_is_a_line_in_each_door(clone: Clone) -> None:
    answer = clone.release("set", "dev", "v0.2.0-rc.1", "hello")
    assert answer.output.split() == [OVERLAY, "charts/hello/values-dev.yaml"]
    assert changes(clone) == [
        "charts/hello/values-dev.yaml",
        '-  tag: "0.1.0"',
        '+  tag: "0.2.0-rc.1"',
        OVERLAY,
        f"-    newTag: 0.1.0{MARKER}",
        f"+    newTag: 0.2.0-rc.1{MARKER}",
    ]
    assert clone.release("running", "dev", "hello").output == "0.2.0-rc.1\n"


def test_without_a_service_all_of_them_change(clone: Clone) -> None:
    assert len(clone.release("set", "production", "1.0.0").output.split()) == 1 + len(SERVICES)
    assert clone.release("running", "production").output == "".join(f"{service} 1.0.0\n" for service in SERVICES)
    assert all("production" in line for line in changes(clone) if line.endswith(".yaml"))


def test_promotion_copies_the_version_of_each_service(clone: Clone) -> None:
    clone.release("set", "dev", "0.2.0")
    clone.release("set", "dev", "0.3.0", "hello", "storefront")
    assert clone.release("promote", "dev", "qa").code == 0
    assert clone.release("running", "qa").output == clone.release("running", "dev").output
    assert clone.release("running", "staging", "hello").output == "0.1.0\n"
    assert clone.release("promote", "dev", "qa").output == "", "there is nothing left to promote"


def test_a_lower_version_is_refused_with_the_way_back(clone: Clone) -> None:
    clone.release("set", "qa", "0.2.0", "storefront")
    assert "storefront 0.1.0 is lower than 0.2.0, which runs in qa: to go back, revert" in clone.refusal("promote", "dev", "qa")
    assert "0.2.0-rc.1 is lower" in clone.refusal("set", "qa", "0.2.0-rc.1", "hello", "storefront")


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    "written",
    [
        '    newTag: 0.1.0 # {"$imagepolicy": "fleet:hello:tag"}',
        "    newTag: '0.1.0'  # not 0.1.0 but '0.1.0'",
        '    newTag: "0.1.0"   ',
        "    # newTag: 9.9.9\n    newTag:   0.1.0",
        "    newName: registry.example.com:5000/0.1.0/hello\n    newTag: 0.1.0 # \u00fc\u2028\U0001f680",
    ],
)
def test_comments_quotes_and_line_ends_stay(clone: Clone, written: str, ending: str) -> None:
    before = f"flotilla/hello\n{written}\n".replace("\n", ending)
    after = re.sub(r"(?m)^(    newTag: +[\"']?)0\.1\.0", r"\g<1>0.10.0", before)
    clone.edit(OVERLAY, lambda text: text.replace("\n", ending).replace(f"flotilla/hello{ending}    newTag: 0.1.0{MARKER}{ending}", before))
    overlay = (clone.root / OVERLAY).read_bytes().decode()
    assert clone.release("set", "dev", "0.10.0", "hello").code == 0
    assert (clone.root / OVERLAY).read_bytes().decode() == overlay.replace(before, after)


def test_a_list_may_stand_as_far_left_as_its_key_and_be_in_any_order(clone: Clone) -> None:
    entry = "images:\n- newTag: 0.1.0\n  newName: ghcr.io/example/flotilla/hello\n  name: flotilla/hello\n"
    clone.edit(OVERLAY, lambda text: re.sub(r"(?s)images:\n.*?(?=\w+:\n)", entry, text))
    assert clone.release("set", "dev", "0.2.0").output.split() == [OVERLAY, "charts/hello/values-dev.yaml"]
    assert entry.replace("0.1.0", "0.2.0") in (clone.root / OVERLAY).read_text()


REFUSED = {
    "digest": ("    newTag: 0.1.0", "    newTag: 0.1.0\n    digest: sha256:00", "has a digest, which goes before a tag"),
    "no tag": ("    newTag: 0.1.0", "    newName: example.com/hello", "is there 0 times where it has to be once"),
    "two tags": ("    newTag: 0.1.0", "    newTag: 0.1.0\n    newTag: 0.2.0", "is there 2 times"),
    "no version": ("    newTag: 0.1.0", "    newTag: latest", "'latest' is no version"),
    "anchor": ("    newTag: 0.1.0", "    newTag: &tag 0.1.0", "is there 0 times"),
    "entry twice": ("flotilla/hello\n", "flotilla/hello\n    newTag: 0.1.0\n  - name: flotilla/hello\n", "is there twice"),
    "other names": ("flotilla/", "registry.example.com/flotilla/", "no image is called flotilla/<service>"),
    "flow style": ("images:\n", "images: []\nothers:\n", "`images:` is there 0 times"),
    "block twice": ("images:\n", "images:\nimages:\n", "`images:` is there 2 times"),
}


@pytest.mark.parametrize(("old", "new", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_an_overlay_that_is_written_otherwise_is_refused_and_named(clone: Clone, old: str, new: str, why: str) -> None:
    clone.edit(OVERLAY, lambda text: text.replace(old, new))
    refusal = clone.refusal("set", "dev", "0.2.0")
    assert why in refusal and OVERLAY in refusal


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["running", "prod"], "'prod' is no environment: dev, production, qa, staging"),
        (["running", "../overlays/dev"], "is no environment"),
        (["running", "dev", "postgres"], "'postgres' is no service of dev: auxiliary-service, hello"),
        (["set", "dev", "0.2.0", "hello", "../hello"], "'../hello' is no service"),
        (["set", "dev", "0.2.0+1"], "no build metadata"),
        (["promote", "dev", "nowhere"], "'nowhere' is no environment"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(clone: Clone, arguments: list[str], why: str) -> None:
    assert why in clone.refusal(*arguments)


def test_a_chart_without_the_environment_changes_nothing_at_all(clone: Clone) -> None:
    (clone.root / "charts/storefront/values-dev.yaml").unlink()
    assert "charts/storefront/values-dev.yaml: No such file or directory" in clone.refusal("set", "dev", "0.2.0")


def test_an_overlay_that_is_no_text_is_refused(clone: Clone) -> None:
    (clone.root / OVERLAY).write_bytes(b"\xff\xfe")
    assert f"{OVERLAY}: 'utf-8' codec" in clone.refusal("set", "dev", "0.2.0")


def test_kustomize_deploys_what_was_set(clone: Clone) -> None:
    if not shutil.which("kubectl"):
        if os.environ.get("CI") == "true":
            pytest.fail("kubectl is missing")
        pytest.skip("kubectl, which has kustomize in it, is missing")
    shutil.copytree(ROOT / "kustomize", clone.root / "kustomize", dirs_exist_ok=True)
    assert clone.release("set", "dev", "0.1.1-dev.57.g0123456789ab", "hello").code == 0
    command = ["kubectl", "kustomize", (clone.root / OVERLAY).parent]
    built = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "image: flotilla/hello:0.1.1-dev.57.g0123456789ab\n" in built.stdout
    assert "app.kubernetes.io/version: 0.1.1-dev.57.g0123456789ab\n" in built.stdout
    assert "image: flotilla/storefront:0.1.0\n" in built.stdout
