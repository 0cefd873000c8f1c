"""What stands between a model and this machine: proxies, hubs that hang, and disks that are full."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.desk import Desk
from tests.models import hub
from tests.models.hub import LARGE, PROXY_USER, Behaviour

SOURCE = f"huggingface:{hub.REPOSITORY}"
SOON = {"HF_HUB_DOWNLOAD_TIMEOUT": "2"}


def test_everything_goes_through_the_proxy_that_the_variables_name(desk: Desk, behaviour: Behaviour) -> None:
    with hub.relaying(desk.variables["HF_ENDPOINT"]) as (proxy, asked):
        way = {
            "HF_ENDPOINT": "http://hub.invalid",
            "HTTP_PROXY": proxy,
            "http_proxy": proxy,
            "no_proxy": "",
            "NO_PROXY": "",
        }
        added, fetched = desk("add", "tiny", SOURCE, **way), desk("fetch", "tiny", **way)
    assert (added.code, fetched.code) == (0, 0), added.err + fetched.err
    assert desk.files() == hub.content()
    assert all(path.startswith("http://hub.invalid/") for path in asked)
    assert any(path.endswith("model.bin") for path in asked)
    assert PROXY_USER.partition(":")[2] not in added.out + added.err + fetched.out + fetched.err
    written = [path for path in desk.sandbox.root.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    assert written == []


def test_a_proxy_that_refuses_is_told_without_its_password(desk: Desk, behaviour: Behaviour) -> None:
    with hub.relaying(desk.variables["HF_ENDPOINT"]) as (proxy, _):
        wrong = proxy.replace("s3cret", "wr0ng")
        way = {"HF_ENDPOINT": "http://hub.invalid", "http_proxy": wrong, "no_proxy": "", "NO_PROXY": ""}
        refused = desk("add", "tiny", SOURCE, **way)
    assert (refused.code, "407" in refused.err, "wr0ng" in refused.err) == (3, True, False)
    assert behaviour.paths == []


def test_a_host_that_needs_no_proxy_is_asked_itself(desk: Desk) -> None:
    way = {"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    assert desk("add", "tiny", SOURCE, **way).code == 0


def test_a_hub_that_takes_connections_and_does_not_answer_is_told_in_seconds(desk: Desk, behaviour: Behaviour) -> None:
    behaviour.hangs = 100
    before = time.monotonic()
    refused = desk("add", "tiny", SOURCE, **SOON)
    assert (refused.code, "sends nothing for 2 s" in refused.err) == (3, True)
    assert time.monotonic() - before < 20
    behaviour.hangs = 0
    assert desk("add", "tiny", SOURCE, **SOON).code == 0
    behaviour.hangs = 100
    refused = desk("fetch", "tiny", **SOON)
    assert (refused.code, "sends nothing for 2 s" in refused.err) == (3, True)


def test_an_answer_that_stalls_goes_on_where_it_stopped(desk: Desk, behaviour: Behaviour) -> None:
    desk("add", "tiny", SOURCE)
    behaviour.stalls = 1
    fetched = desk("fetch", "tiny", **SOON)
    assert fetched.code == 0, fetched.err
    assert desk.files() == hub.content()
    assert behaviour.sent < 2 * LARGE


@pytest.fixture
def small_disk(desk: Desk) -> Iterator[Path]:
    """The project's models on a disk of 80 MiB."""
    models = desk.sandbox.root / "models"
    models.mkdir()
    command: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=80m", "none", models]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield models
    subprocess.run(["umount", models], check=True)


def test_a_disk_that_has_no_room_is_told_before_a_byte_comes(
    desk: Desk, behaviour: Behaviour, small_disk: Path
) -> None:
    desk("add", "tiny", SOURCE)
    (small_disk / "filler").write_bytes(bytes(14 << 20))
    refused = desk("fetch", "tiny")
    assert (refused.code, "2.9 MiB" in refused.err, behaviour.sent) == (3, True, 0)
    (small_disk / "filler").unlink()
    assert desk("fetch", "tiny").code == 0


def test_a_disk_that_becomes_full_is_told_and_the_fetch_goes_on_when_there_is_room(
    desk: Desk, behaviour: Behaviour, small_disk: Path
) -> None:
    """What isn't known beforehand, such as another program that writes: here the size is stated too small."""
    desk.sandbox.write(
        "config/models.yaml",
        f"tiny: {{files: [model.bin], sources: [{{urls: {{model.bin: '{desk.variables['HF_ENDPOINT']}/{hub.REPOSITORY}"
        f"/resolve/{hub.FIRST}/model.bin'}}}}]}}\n",
    )
    (small_disk / "filler").write_bytes(bytes(78 << 20))
    refused = desk("fetch", "tiny")
    assert refused.code == 3, refused.err
    assert "No space left" in refused.err
    (small_disk / "filler").unlink()
    assert desk("fetch", "tiny").code == 0
    assert desk.files() == {"model.bin": hub.content()["model.bin"]}
