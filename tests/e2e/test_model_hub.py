"""Models from a hub on this machine, with the hub's real client in its own environment, through the commands."""

import hashlib
import json
import os
import pickle
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import BIN
from tests.e2e.desk import Desk
from tests.models import hub
from tests.models.hub import FIRST, LARGE, SECOND, Behaviour
from tests.models.test_families import weights
from tests.models.test_integrity import safetensors
from tests.prepare.test_recognition_model import STAGE, WORKFLOW

CHUNK = 1 << 18  # bytes
SOURCE = f"huggingface:{hub.REPOSITORY}"


def test_a_model_is_added_fetched_verified_and_removed(desk: Desk, behaviour: Behaviour) -> None:
    added = desk("add", "tiny", SOURCE, "--files", "*.bin", "--files", "*.json", "--language", "eng")
    assert added.code == 0, added.err
    assert (desk.lock["revision"], desk.lock["license"], desk.lock["gated"]) == (FIRST, "mit", False)
    assert behaviour.sent == 0
    assert {row["name"]: row["languages"] for row in desk("list", "--json").data}["tiny"] == ["en"]
    fetched = desk("fetch", "tiny")
    assert fetched.code == 0, fetched.err
    assert desk.files() == {name: data for name, data in hub.content().items() if name != "README.md"}
    assert behaviour.sent == LARGE
    assert desk("verify").code == 0
    rows = {row["name"]: row for row in desk("status", "--json").data}
    assert (rows["tiny"]["state"], rows["tiny"]["size"]) == ("ready", LARGE + len(b'{"seed": 0}'))
    assert desk("remove", "tiny").code == 0
    assert not list((desk.sandbox.root / "models" / ".store").glob("tiny-*"))


def test_what_was_locked_is_what_is_fetched_until_it_is_upgraded(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE)
    behaviour.revisions[SECOND] = {**hub.content(1), "more.json": b"{}"}
    behaviour.main = SECOND
    assert desk("fetch", "tiny").code == 0
    assert desk.files()["config.json"] == b'{"seed": 0}'
    assert desk("lock", "tiny").code == 0
    assert desk.lock["revision"] == FIRST
    upgraded = desk("lock", "tiny", "--upgrade", "--json").data[0]
    assert upgraded["revision"] == SECOND
    assert upgraded["files"] == {"config.json": "changed", "model.bin": "changed", "more.json": "added"}
    assert desk("fetch", "tiny").code == 0
    assert {row["why"] for row in desk("gc", "--json").data["removed"]} == {"replaced"}
    assert desk.files()["config.json"] == b'{"seed": 1}'


def test_the_first_fetch_of_a_catalogued_model_locks_it(desk: Desk) -> None:
    desk.sandbox.write(
        "config/model-catalogue.yaml", f"tiny: {{files: ['*.json'], sources: [{{huggingface: {hub.REPOSITORY}}}]}}\n"
    )
    before = {row["name"]: row["state"] for row in desk("list", "--json").data}
    assert before["tiny"] == "not locked"
    assert desk("fetch", "tiny").code == 0
    assert desk.lock["revision"] == FIRST
    assert set(desk.files()) == {"config.json"}


def test_an_answer_that_breaks_off_goes_on_where_it_stopped(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE)
    behaviour.cuts = 2
    assert desk("fetch", "tiny").code == 0
    assert behaviour.sent < LARGE + 2 * CHUNK  # what was being read when it broke off comes again
    assert desk.files()["model.bin"] == hub.content()["model.bin"]


def test_a_fetch_that_was_killed_goes_on_where_it_stopped(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE)
    store = desk.sandbox.root / "models" / ".store"
    behaviour.cuts = 1  # half of it comes, then the client pauses for a second
    child = subprocess.Popen(
        [BIN / "pipeline", "--root", desk.sandbox.root, "model", "fetch", "tiny"],
        env=desk.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    while not any(path.stat().st_size >= LARGE // 2 - CHUNK for path in store.glob("*/model.bin.partial")):
        assert time.monotonic() < end
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = behaviour.sent
    assert desk("fetch", "tiny").code == 0
    assert behaviour.sent - before <= LARGE - LARGE // 2 + CHUNK
    assert desk.files()["model.bin"] == hub.content()["model.bin"]


def test_a_damaged_part_of_a_killed_fetch_is_fetched_again(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE, "--files", "*.bin")
    digest = hashlib.sha256(hub.content()["model.bin"]).hexdigest()
    assert desk("fetch", "tiny").code == 0
    (folder,) = (desk.sandbox.root / "models" / ".store").glob("tiny-*")
    part = folder.with_name(f".tiny+{folder.name.rpartition('-')[2]}.part")
    part.mkdir()
    (part / "model.bin.partial").write_bytes(b"other bytes")
    (folder / "model.bin").unlink()
    assert desk("fetch", "tiny").code == 0
    assert hashlib.sha256(desk.files()["model.bin"]).hexdigest() == digest


def test_a_gated_repository_leads_to_its_terms_and_takes_a_token_that_nobody_sees(
    desk: Desk, behaviour: Behaviour
) -> None:
    behaviour.token = "hf_secret"
    refused = desk("add", "tiny", SOURCE)
    assert (refused.code, f"https://huggingface.co/{hub.REPOSITORY}" in refused.err) == (3, True)
    wrong = desk("add", "tiny", SOURCE, HF_TOKEN="hf_wrong")
    assert (wrong.code, "of that account" in wrong.err, "hf_wrong" in wrong.err) == (3, True, False)
    assert not (desk.sandbox.root / "requirements" / "models").exists()
    assert desk("add", "tiny", SOURCE, HF_TOKEN="hf_secret").code == 0
    assert desk.lock["gated"] is True
    without = desk("fetch", "tiny")
    assert (without.code, "HF_TOKEN" in without.err) == (3, True)
    assert desk("fetch", "tiny", HF_TOKEN="hf_secret").code == 0
    written = [path for path in desk.sandbox.root.rglob("*") if path.is_file() and b"hf_secret" in path.read_bytes()]
    assert written == []


def test_a_token_is_not_sent_to_another_host(desk: Desk, behaviour: Behaviour) -> None:
    behaviour.token = "hf_secret"
    other = Behaviour()
    with hub.serving(other) as address:
        behaviour.elsewhere = address.replace("127.0.0.1", "localhost")
        assert desk("add", "tiny", SOURCE, HF_TOKEN="hf_secret").code == 0
        assert desk("fetch", "tiny", HF_TOKEN="hf_secret").code == 0
    assert other.sent == LARGE
    assert set(other.tokens) == {None}


def test_a_revision_that_is_gone(desk: Desk, behaviour: Behaviour) -> None:
    assert desk("add", "tiny", f"{SOURCE}@nowhere").code == 3
    desk("add", "tiny", SOURCE)
    behaviour.revisions = {SECOND: hub.content(1)}
    refused = desk("fetch", "tiny")
    assert refused.code == 3
    assert FIRST[:8] in refused.err


@pytest.mark.parametrize("fault", ["other", "longer", "shorter", "small"])
def test_content_that_is_not_what_was_locked_is_refused(desk: Desk, behaviour: Behaviour, fault: str) -> None:
    desk("add", "tiny", SOURCE)
    data = hub.content()["model.bin"]
    if fault == "longer":
        behaviour.longer = 10
    elif fault == "small":
        behaviour.revisions = {FIRST: {**hub.content(), "config.json": b'{"seed": 9}'}}
    else:
        changed = data[:-1] + b"?" if fault == "other" else data[:-1]
        behaviour.revisions = {FIRST: {**hub.content(), "model.bin": changed}}
    refused = desk("fetch", "tiny")
    named = "config.json" if fault == "small" else "model.bin"
    assert (refused.code, named in refused.err) == (3, True)
    assert not list((desk.sandbox.root / "models" / ".store").glob("tiny-*"))


def test_a_busy_hub_is_asked_again(desk: Desk, behaviour: Behaviour) -> None:
    behaviour.busy = 1
    assert desk("add", "tiny", SOURCE).code == 0
    behaviour.busy = 1
    assert desk("fetch", "tiny").code == 0


def test_a_hub_that_is_gone_is_told_and_not_waited_for(desk: Desk) -> None:
    before = time.monotonic()
    refused = desk("add", "tiny", SOURCE, HF_ENDPOINT="http://127.0.0.1:1")
    assert refused.code == 3
    assert time.monotonic() - before < 30  # the hub's own client tries for a minute and a half
    assert not (desk.sandbox.root / "config" / "models.yaml").exists()


def test_two_commands_fetch_a_model_once(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE)
    command: list[str | Path] = [BIN / "pipeline", "--root", desk.sandbox.root, "model", "fetch", "tiny"]
    both = [subprocess.Popen(command, env=desk.variables, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [child.wait(60) for child in both] == [0, 0]
    assert behaviour.sent == LARGE


def test_one_altered_file_is_named_and_it_alone_is_fetched(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE)
    desk("fetch", "tiny")
    (folder,) = (desk.sandbox.root / "models" / ".store").glob("tiny-*")
    status = (folder / "config.json").stat()
    (folder / "config.json").write_bytes(b'{"seed": 9}')
    os.utime(folder / "config.json", ns=(status.st_atime_ns, status.st_mtime_ns))
    found = desk("verify")
    assert (found.code, "config.json" in found.err, "pipeline model fetch tiny" in found.err) == (3, True, True)
    assert desk("fetch", "tiny").code == 0
    assert behaviour.sent == LARGE  # model.bin stayed
    assert desk.files()["config.json"] == b'{"seed": 0}'


def test_what_the_hub_s_own_client_has_fetched_is_used(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE)
    snapshot = Path(desk.variables["HF_HOME"], "hub", "models--someone--tiny", "snapshots", FIRST)
    snapshot.mkdir(parents=True)
    (snapshot / "model.bin").write_bytes(hub.content()["model.bin"])
    (snapshot / "config.json").write_bytes(b"something else")
    assert desk("fetch", "tiny").code == 0
    assert behaviour.sent == 0
    assert desk.files()["config.json"] == b'{"seed": 0}'


PICKLE = pickle.dumps({"weight": [1.0] * 50_000}, protocol=2)


def test_a_pickle_is_refused_before_it_is_fetched_unless_it_is_allowed(desk: Desk, behaviour: Behaviour) -> None:
    behaviour.revisions = {FIRST: {"model.safetensors": PICKLE, "config.json": b"{}"}}
    refused = desk("add", "tiny", SOURCE)
    assert (refused.code, "model.safetensors" in refused.err, "--allow-code" in refused.err) == (3, True, True)
    assert behaviour.sent == 0
    assert not (desk.sandbox.root / "requirements" / "models").exists()
    assert desk("add", "tiny", SOURCE, "--allow-code").code == 0
    assert desk("fetch", "tiny").code == 0
    assert desk.files()["model.safetensors"] == PICKLE


def test_weights_are_locked_once_and_as_those_that_run_no_code(desk: Desk, behaviour: Behaviour) -> None:
    files = {"model.safetensors": safetensors(), "pytorch_model.bin": PICKLE}
    behaviour.revisions = {FIRST: files}
    assert desk("add", "tiny", SOURCE).code == 0
    assert desk.lock["files"].keys() == {"model.safetensors"}


def test_files_of_another_family_are_refused_when_a_model_is_locked(desk: Desk, behaviour: Behaviour) -> None:
    behaviour.revisions = {FIRST: {"model.bin": weights("TransformerSpec") + bytes(100_000)}}
    refused = desk("add", "tiny", SOURCE, "--language", "en")
    assert (refused.code, "translation" in refused.err) == (3, True)
    desk.sandbox.write(
        "config/model-catalogue.yaml",
        f"whisper-x: {{task: recognition, files: [model.bin], sources: [{{huggingface: {hub.REPOSITORY}}}]}}\n",
    )
    refused = desk("fetch", "whisper-x")
    assert (refused.code, "translation" in refused.err) == (3, True)
    assert behaviour.sent == 0


def test_an_upgrade_to_a_pickle_is_refused_and_the_lock_stays(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE)
    before = desk.lock
    behaviour.revisions[SECOND] = {**hub.content(1), "model.bin": PICKLE}
    behaviour.main = SECOND
    refused = desk("lock", "tiny", "--upgrade")
    assert (refused.code, "model.bin" in refused.err) == (3, True)
    assert desk.lock == before


def test_many_small_files_empty_ones_and_odd_names_come_as_they_are(desk: Desk, behaviour: Behaviour) -> None:
    files = {f"part {number % 5}/{number}.json": b"{}" for number in range(60)}
    files |= {
        "empty.bin": b"",
        "empty.txt": b"",
        "mein modell (2).bin": b"weights",
        "声.txt": b"text",
        "a+b=c.txt": b"x",
    }
    behaviour.revisions = {FIRST: files}
    assert desk("add", "tiny", SOURCE).code == 0
    assert desk("fetch", "tiny").code == 0
    assert desk.files() == files
    assert desk("verify").code == 0


@pytest.mark.parametrize("name", ["/abs.bin", "model.bin.partial", "a//b.bin", "c:x.bin"])
def test_a_name_that_leads_elsewhere_is_refused(desk: Desk, behaviour: Behaviour, name: str) -> None:
    behaviour.revisions = {FIRST: {name: b"weights", "config.json": b"{}"}}
    assert desk("add", "tiny", SOURCE).code == 3
    assert not (desk.sandbox.root / "requirements" / "models").exists()


def test_offline_by_the_hub_s_own_variable_is_named_and_a_cache_serves(desk: Desk, behaviour: Behaviour) -> None:
    refused = desk("add", "tiny", SOURCE, HF_HUB_OFFLINE="1")
    assert (refused.code, "HF_HUB_OFFLINE" in refused.err, behaviour.paths) == (3, True, [])
    desk("add", "tiny", SOURCE)
    snapshot = Path(desk.variables["HF_HOME"], "hub", "models--someone--tiny", "snapshots", FIRST)
    snapshot.mkdir(parents=True)
    for name, data in hub.content().items():
        (snapshot / name).write_bytes(data)
    assert desk("fetch", "tiny", HF_HUB_OFFLINE="1").code == 0
    assert desk.files() == hub.content()


def test_an_endpoint_may_end_with_a_slash_and_have_a_password_that_nobody_sees(desk: Desk) -> None:
    address = desk.variables["HF_ENDPOINT"].replace("://", "://someone:s3cret@") + "/"
    added = desk("add", "tiny", SOURCE, HF_ENDPOINT=address, HF_HUB_ENABLE_HF_TRANSFER="1", HF_XET_HIGH_PERFORMANCE="1")
    assert added.code == 0, added.err
    fetched = desk("fetch", "tiny", HF_ENDPOINT=address, HF_HUB_ENABLE_HF_TRANSFER="1")
    assert fetched.code == 0, fetched.err
    gone = desk("add", "other", SOURCE, HF_ENDPOINT="http://someone:s3cret@127.0.0.1:1/x")
    proxied = desk("add", "other", SOURCE, http_proxy="http://someone:s3cret@127.0.0.1:1")
    assert (gone.code, proxied.code) == (3, 3)
    for told in (added, fetched, gone, proxied):
        assert "s3cret" not in told.out + told.err
    written = [path for path in desk.sandbox.root.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    assert written == []


def test_what_is_no_hub_is_told_at_once(desk: Desk, behaviour: Behaviour) -> None:
    behaviour.pages = True
    assert (desk("add", "tiny", SOURCE).code, len(behaviour.paths)) == (3, 1)
    assert desk("add", "tiny", SOURCE, HF_ENDPOINT="no address").code == 3
    behaviour.pages, behaviour.main = False, "main"
    behaviour.revisions = {"main": hub.content()}
    assert desk("add", "tiny", SOURCE).code == 3  # it names no commit
    assert not (desk.sandbox.root / "requirements" / "models").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_HUB_DOWNLOAD_TIMEOUT", "soon"),
        ("HF_HUB_ETAG_TIMEOUT", "1.5"),
        ("HF_HUB_DOWNLOAD_TIMEOUT", "-1"),
        ("HF_ENDPOINT", "ftp://mirror"),
        ("https_proxy", "http://someone:s3cret@host:port"),
    ],
)
def test_a_variable_that_the_hub_s_client_cannot_read_is_named(
    desk: Desk, behaviour: Behaviour, name: str, value: str
) -> None:
    refused = desk("add", "tiny", SOURCE, **{name: value})
    assert (refused.code, refused.next_step) == (3, f"unset {name}")
    assert name in refused.error
    assert "s3cret" not in refused.err
    assert behaviour.paths == []
    assert desk("add", "tiny", SOURCE, **{name: "" if name != "HF_ENDPOINT" else desk.variables[name]}).code == 0


def test_a_hub_that_asks_to_be_left_alone_for_long_is_left_alone(desk: Desk, behaviour: Behaviour) -> None:
    behaviour.busy, behaviour.retry_after = 1, "3600"
    refused = desk("add", "tiny", SOURCE)
    assert (refused.code, "60 min" in refused.err, len(behaviour.paths)) == (3, True, 1)


def test_files_that_came_whole_stay_where_another_one_fails(desk: Desk, behaviour: Behaviour) -> None:
    files = {"a.bin": bytes(LARGE), "b.bin": b"b" * 1000}
    behaviour.revisions = {FIRST: files}
    desk("add", "tiny", SOURCE)
    behaviour.revisions = {FIRST: {"a.bin": files["a.bin"]}}
    assert desk("fetch", "tiny").code == 3
    behaviour.revisions = {FIRST: files}
    assert desk("fetch", "tiny").code == 0
    assert behaviour.sent <= LARGE + 1000 + CHUNK  # of all fetches together
    assert desk.files() == files


def test_a_link_of_the_cache_that_leads_to_something_else_is_not_followed(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE)
    snapshot = Path(desk.variables["HF_HOME"], "hub", "models--someone--tiny", "snapshots", FIRST)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("/etc/hostname")
    (snapshot / "model.bin").symlink_to("model.bin")
    assert desk("fetch", "tiny").code == 0
    assert desk.files() == hub.content()
    assert behaviour.sent == LARGE


@pytest.mark.parametrize("is_here", [False, True])
def test_with_fetch_the_best_model_of_a_job_is_fetched_once_and_without_it_none_is(
    desk: Desk, behaviour: Behaviour, is_here: bool
) -> None:
    sandbox = desk.sandbox
    sandbox.write(
        "config/model-catalogue.yaml",
        "tiny: {task: recognition, languages: [de, en], files: ['*.bin', '*.json'], "
        f"sources: [{{huggingface: {hub.REPOSITORY}}}]}}\n",
    )
    sandbox.write(
        "config/engines.yaml", "hearing: {kind: recognition, stage: hears, quality: 20, files: [model.bin]}\n"
    )
    sandbox.write("config/workflows/tested.yaml", WORKFLOW.replace("default: small", "default: tiny"))
    sandbox.write("stages/hears.py", STAGE.replace('environment = "alpha"', 'environment = "model-hub"'))
    file = sandbox.write("input.txt", "some input\n")
    command = ["prepare-job", "--workflow", "tested", "--param", "spoken=de", "--param", "model=auto"]
    refused = sandbox.run(*command, "--", file, variables=desk.variables)
    assert (refused.code, refused.next_step) == (3, "pipeline model fetch tiny")
    assert behaviour.sent == 0
    if is_here:
        assert desk("fetch", "tiny").code == 0
    fetched = sandbox.run(
        *command[:-2], "--model", "auto", "--fetch", "--", file, variables=desk.variables, timeout=120
    )
    assert fetched.code == 0, fetched.err
    assert behaviour.sent == LARGE
    assert desk.lock["revision"] == FIRST
    plan = json.loads((sandbox.job(fetched.out.strip()) / "job.json").read_bytes())
    assert plan["models"].keys() == {"tiny"}


def test_what_comes_first_from_an_address_is_what_is_locked(desk: Desk, behaviour: Behaviour) -> None:
    def address(name: str) -> str:
        return f"{desk.variables['HF_ENDPOINT']}/{hub.REPOSITORY}/resolve/{FIRST}/{name}"

    entry = {"sources": [{"urls": {"model.bin": address("model.bin"), "settings/a.json": address("config.json")}}]}
    desk.sandbox.write("config/models.yaml", json.dumps({"tiny": entry}))
    fetched = desk("fetch", "tiny", HF_TOKEN="hf_secret")
    assert fetched.code == 0, fetched.err
    assert "requirements/models/tiny.lock" in fetched.err
    assert (behaviour.sent, set(behaviour.tokens)) == (LARGE, {None})  # nothing came twice
    assert desk.files() == {"model.bin": hub.content()["model.bin"], "settings/a.json": b'{"seed": 0}'}
    assert desk.lock["urls"] == entry["sources"][0]["urls"]
    assert desk("remove", "tiny").code == 0
    behaviour.revisions = {FIRST: hub.content(1)}
    assert desk("fetch", "tiny").code == 3  # other content under the same address
    upgraded = desk("lock", "tiny", "--upgrade", "--json").data[0]
    assert upgraded["files"] == {"model.bin": "changed", "settings/a.json": "changed"}
    assert desk("fetch", "tiny").code == 0
    assert desk.files()["settings/a.json"] == b'{"seed": 1}'


def test_a_pickle_from_an_address_is_refused_and_not_locked(desk: Desk, behaviour: Behaviour) -> None:
    behaviour.revisions = {FIRST: {"model.bin": PICKLE}}
    address = f"{desk.variables['HF_ENDPOINT']}/{hub.REPOSITORY}/resolve/{FIRST}/model.bin"
    desk.sandbox.write("config/models.yaml", json.dumps({"tiny": {"sources": [{"urls": {"model.bin": address}}]}}))
    refused = desk("fetch", "tiny")
    assert (refused.code, "model.bin is a pickle" in refused.err) == (3, True)
    assert not (desk.sandbox.root / "requirements" / "models").exists()
    assert list((desk.sandbox.root / "models" / ".store").glob(".tiny+*")) == []


@pytest.mark.parametrize(
    "source", [hub.REPOSITORY, f"hf:{hub.REPOSITORY}", f"https://huggingface.co/{hub.REPOSITORY}/tree/main"]
)
def test_a_repository_as_it_is_named_elsewhere_is_told_as_it_is_named_here(desk: Desk, source: str) -> None:
    refused = desk("add", "tiny", source)
    assert (refused.code, refused.next_step) == (2, f"pipeline model add tiny {SOURCE}")


@pytest.mark.parametrize("name", ["auto", "AUTO", "tiny.local", "a/b", "Base"])
def test_a_name_that_means_something_else_is_none(desk: Desk, behaviour: Behaviour, name: str) -> None:
    desk.sandbox.write("config/model-catalogue.yaml", f"base: {{sources: [{{huggingface: {hub.REPOSITORY}}}]}}\n")
    assert desk("add", name, SOURCE).code == 2
    assert behaviour.paths == []
