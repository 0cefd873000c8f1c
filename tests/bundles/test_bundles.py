"""A bundle made in one project builds in another, with no network; and what was tampered with builds nothing."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.bundles import archive, inspection, install, make
from pipeline.config import model_locks
from pipeline.config.catalog import Catalog
from pipeline.config.model_locks import LockedFile, ModelLock
from pipeline.digests import sha256_of_bytes
from pipeline.envs.registry import Registry
from pipeline.errors import ExitCode, InputError, NotReady
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox, make_sandbox, offline

MODEL = b"weights"
STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# models = ["weights"]
# [tool.pipeline.stage.outputs]
# file = "weights.txt"
# ///
def run(stage):
    stage.output("file").write_bytes((stage.model("weights") / "weights.bin").read_bytes())
"""
WORKFLOW = """
input: file
parameters: {model: {type: model, default: heard}}
stages:
  weighs: {models: {weights: $model}}
"""
EMPTY = "default_workflows: []\n"


@pytest.fixture
def here(sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The project that bundles: alpha needs a model."""
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    return with_model(sandbox)


def with_model(sandbox: Sandbox) -> Sandbox:
    digest = hashlib.sha256(MODEL).hexdigest()
    sandbox.write("model/weights.bin", MODEL.decode())
    sandbox.write("config/models.yaml", f"tiny:\n  files: {{weights.bin: {digest}}}\n  sources: [{{folder: model}}]\n")
    sandbox.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [quirk]\nmodels: [tiny]\n')
    return sandbox


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    sandbox = with_model(make_sandbox(folder / "project", folder / "wheels"))
    file = folder / "alpha.tar"
    done = sandbox.give("pipeline", "env", "bundle", "alpha", "-o", file, variables=offline(folder))
    assert done.code == 0, done.err
    return file


@pytest.fixture
def bundle(here: Sandbox, made: Path, tmp_path: Path) -> Path:
    """What ``here`` makes, byte for byte; made once."""
    return Path(shutil.copyfile(made, tmp_path / "alpha.tar"))


@pytest.fixture
def there(tmp_path: Path) -> Sandbox:
    """Another, empty project."""
    sandbox = Sandbox(tmp_path / "there")
    sandbox.write("config/pipeline.yaml", EMPTY)
    return sandbox


@pytest.fixture
def alone(tmp_path: Path, bundle: Path) -> dict[str, str]:
    """Variables of a machine that has never seen these packages, nor has a network."""
    shutil.rmtree(tmp_path / "wheels")
    return {"UV_CACHE_DIR": str(tmp_path / "empty-cache"), "UV_FIND_LINKS": "", "UV_NO_INDEX": "", "UV_OFFLINE": ""}


def altered(bundle: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """The bundle with other content, and a manifest that fits it."""
    with tarfile.open(bundle) as tar:
        content = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    manifest = json.loads(content.pop(archive.MANIFEST))
    del manifest["files"]
    change(manifest, content)
    archive.write(bundle, manifest, content)
    return bundle


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def opened(there: Sandbox, bundle: Path) -> inspection.InspectedBundle:
    return inspection.inspect(ProjectFolder(there.root), bundle, force=False)


def test_it_builds_with_no_network_and_an_empty_cache(bundle: Path, there: Sandbox, alone: dict[str, str]) -> None:
    done = there.give("bootstrap", "--from-bundle", bundle, variables=alone)
    assert done.code == 0, done.err
    status = there.give("pipeline", "env", "status", "--json").data
    assert [(row["name"], row["state"]) for row in status] == [("alpha", "healthy")]
    (model,) = (there.root / "models" / ".store").glob("tiny-*")
    assert (model / "weights.bin").read_bytes() == MODEL
    assert not list((there.root / "cache").glob(".unbundling-*"))


def with_hub_model(sandbox: Sandbox, name: str, files: dict[str, bytes]) -> None:
    """A model that was locked from a hub, and lies in a folder here."""
    for file, data in files.items():
        sandbox.write(f"copies/{name}/{file}", data.decode())
    locked = {file: LockedFile(hashlib.sha256(data).hexdigest(), len(data)) for file, data in files.items()}
    lock = ModelLock(f"someone/{name}", "1" * 40, locked, license="mit")
    model_locks.write(ProjectFolder(sandbox.root), name, lock)
    sources = f"[{{folder: copies/{name}}}, {{huggingface: someone/{name}}}, {{huggingface: someone/else}}]"
    with (sandbox.root / "config/models.yaml").open("a") as entries:
        entries.write(f"{name}:\n  files: ['*']\n  sources: {sources}\n")


def test_models_of_a_hub_serve_a_machine_that_reaches_none(here: Sandbox, there: Sandbox, tmp_path: Path) -> None:
    with_hub_model(here, "heard", {"weights.bin": b"heard", "my notes.txt": b"note"})
    file = tmp_path / "models.tar"
    made = here.give("pipeline", "env", "bundle", "alpha", "--model", "heard", "-o", file, "--json")
    assert (made.code, made.data["models"]) == (0, ["heard", "tiny"]), made.err
    unreachable = {"UV_CACHE_DIR": str(tmp_path / "empty"), "UV_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:1"}
    done = there.give("bootstrap", "--from-bundle", file, variables=unreachable)
    assert done.code == 0, done.err
    assert {row["name"]: row["state"] for row in there.give("pipeline", "model", "list", "--json").data} == {
        "heard": "ready",
        "tiny": "ready",
    }
    there.write("stages/weighs.py", STAGE)
    there.write("config/workflows/w.yaml", WORKFLOW)
    id = there.prepare("w")
    ran = there.run("run-pipeline", "--job", id, variables=unreachable)
    assert ran.code == 0, ran.err
    assert next(there.job(id).rglob("weights.txt")).read_bytes() == b"heard"


def test_a_damaged_model_of_a_bundle_is_named_and_one_file_mends_it(
    bundle: Path, there: Sandbox, alone: dict[str, str]
) -> None:
    assert there.give("bootstrap", "--from-bundle", bundle, variables=alone).code == 0
    (model,) = (there.root / "models" / ".store").glob("tiny-*")
    (model / "weights.bin").write_bytes(MODEL[:-1])
    found = there.give("pipeline", "doctor", "--json").data["diagnoses"]
    assert [(row["subject"], row["next"]) for row in found] == [("model tiny", "bootstrap --model tiny")]
    assert there.give("bootstrap", "--model", "tiny", variables=alone).code == ExitCode.NOT_READY
    assert there.give("bootstrap", "--from-bundle", bundle, variables=alone).code == 0
    assert (model / "weights.bin").read_bytes() == MODEL


def test_it_can_be_built_out_of_twice(bundle: Path, there: Sandbox, alone: dict[str, str]) -> None:
    assert there.give("bootstrap", "--from-bundle", bundle, variables=alone).code == 0
    before = (there.root / "venv" / "alpha").readlink()
    assert there.give("bootstrap", "--from-bundle", bundle, variables=alone).code == 0
    assert (there.root / "venv" / "alpha").readlink() == before


def test_the_same_environments_give_the_same_bytes(here: Sandbox, bundle: Path, tmp_path: Path) -> None:
    done = here.give("pipeline", "env", "bundle", "alpha", "-o", tmp_path / "again.tar", "--json")
    assert done.data["sha256"] == hashlib.sha256(bundle.read_bytes()).hexdigest()


def test_a_definition_that_differs_is_refused_and_nothing_is_changed(bundle: Path, there: Sandbox) -> None:
    there.write("requirements/alpha.lock", "# mine\n")
    before = files(there.root)
    done = there.give("bootstrap", "--from-bundle", bundle)
    assert done.code == ExitCode.USAGE
    assert "requirements/alpha.lock" in done.error
    assert "--force" in done.next_step
    assert files(there.root) == before
    assert there.give("bootstrap", "--from-bundle", bundle, "--force").code == 0


def test_models_are_added_after_a_person_s_own(bundle: Path, there: Sandbox) -> None:
    own = f"# mine\nother:\n  files: {{a: {'a' * 64}}}\n  sources: [{{folder: x}}]"
    there.write("config/models.yaml", own)
    assert there.give("bootstrap", "--from-bundle", bundle).code == 0
    text = (there.root / "config/models.yaml").read_text()
    assert text.startswith(own)
    assert "tiny:" in text


def test_models_that_cannot_be_added_are_told_with_what_to_add(bundle: Path, there: Sandbox) -> None:
    own = f"{{other: {{files: {{a: {'a' * 64}}}, sources: [{{folder: x}}]}}}}\n"
    there.write("config/models.yaml", own)
    done = there.give("bootstrap", "--from-bundle", bundle)
    assert done.code == ExitCode.USAGE
    assert "config/models.yaml" in done.error
    assert (there.root / "config/models.yaml").read_text() == own


def test_a_model_of_the_same_name_with_other_files_is_refused(bundle: Path, there: Sandbox) -> None:
    there.write("config/models.yaml", f"tiny:\n  files: {{a: {'a' * 64}}}\n  sources: [{{folder: x}}]\n")
    done = there.give("bootstrap", "--from-bundle", bundle)
    assert done.code == ExitCode.USAGE
    assert "config/models.yaml" in done.err
    assert files(there.root) == ["config/models.yaml", "config/pipeline.yaml"]


def test_an_altered_wheel_is_refused_and_named_by_the_lock(bundle: Path, there: Sandbox) -> None:
    def change(_manifest: dict[str, Any], content: dict[str, bytes]) -> None:
        content["wheels/quirk-1.0-py3-none-any.whl"] += b"more"

    done = there.give("bootstrap", "--from-bundle", altered(bundle, change))
    assert done.code == ExitCode.INPUT_UNUSABLE
    assert "quirk 1.0" in done.error
    assert "alpha.lock" in done.error
    assert files(there.root) == ["config/pipeline.yaml"]


def test_an_altered_model_is_refused(bundle: Path, there: Sandbox) -> None:
    def change(_manifest: dict[str, Any], content: dict[str, bytes]) -> None:
        content["models/tiny/weights.bin"] = b"poison!"

    done = there.give("bootstrap", "--from-bundle", altered(bundle, change))
    assert done.code == ExitCode.NOT_READY
    assert "weights.bin" in done.error
    assert not list((there.root / "models" / ".store").glob("tiny-*"))
    assert not (there.root / "venv").exists()


def test_a_bundle_for_another_platform_is_refused(bundle: Path, there: Sandbox) -> None:
    file = altered(bundle, lambda manifest, _: manifest.update(platform="plan9-mips"))
    with pytest.raises(NotReady, match="plan9-mips"):
        opened(there, file)


def test_a_python_that_is_not_here_is_told_with_what_to_install(bundle: Path, there: Sandbox) -> None:
    def change(manifest: dict[str, Any], _: dict[str, bytes]) -> None:
        manifest["environments"]["alpha"]["python"] = "3.99.1"

    with pytest.raises(NotReady, match=r"Python 3\.99") as refused:
        install.install(opened(there, altered(bundle, change)), lambda _: None, force=False)
    assert "install Python 3.99" in (refused.value.next_step or "")
    assert files(there.root) == ["config/pipeline.yaml"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda manifest, _: manifest.update(schema=2), "schema"),
        (lambda manifest, _: manifest.pop("platform"), "platform"),
        (lambda _, content: content.update({"elsewhere/a": b"x"}), "elsewhere/a"),
        (lambda _, content: content.update({"project/.git/hooks/run.py": b"x"}), r"\.git"),
        (lambda _, content: content.update({"project/config/pipeline.yaml": b"x"}), "pipeline.yaml"),
        (lambda _, content: content.pop("project/requirements/alpha.lock"), "needs project/requirements/alpha.lock"),
        (lambda manifest, _: manifest["models"].clear(), "needs tiny, which isn't in it"),
        (lambda manifest, _: manifest["environments"].clear(), "it is empty|environments"),
    ],
)
def test_a_bundle_of_another_form_is_refused(
    bundle: Path, there: Sandbox, change: Callable[[dict[str, Any], dict[str, bytes]], None], why: str
) -> None:
    with pytest.raises(InputError, match=why):
        opened(there, altered(bundle, change))
    assert files(there.root) == ["config/pipeline.yaml"]


def test_a_link_in_a_bundle_is_refused_before_anything_is_written(bundle: Path, there: Sandbox) -> None:
    with tarfile.open(bundle, "a") as tar:
        entry = tarfile.TarInfo("wheels/evil.whl")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    done = there.give("bootstrap", "--from-bundle", bundle)
    assert done.code == ExitCode.INPUT_UNUSABLE
    assert "wheels/evil.whl" in done.error
    assert "/etc/passwd" in done.error
    assert files(there.root) == ["config/pipeline.yaml"]


def test_a_torn_bundle_is_refused(bundle: Path, there: Sandbox) -> None:
    os.truncate(bundle, bundle.stat().st_size // 2)
    done = there.give("bootstrap", "--from-bundle", bundle)
    assert done.code == ExitCode.INPUT_UNUSABLE
    assert files(there.root) == ["config/pipeline.yaml"]


def test_too_little_room_is_told_before_anything_is_written(
    bundle: Path, there: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(NotReady, match="0 B"):
        opened(there, bundle)


def test_another_variant_than_the_bundle_s_is_told(bundle: Path, there: Sandbox) -> None:
    (task,) = install.install(opened(there, bundle), lambda _: None, force=False)
    there.write("requirements/alpha.lock", "# this machine's variant\n")
    with pytest.raises(NotReady, match=r"alpha\.lock"):
        task.carry_out(lambda _: None)
    assert Registry(there.root / "venv").live("alpha") is None


def test_uv_is_taken_out_of_its_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zipfile

    from pipeline.envs import uv

    with zipfile.ZipFile(tmp_path / "uv.whl", "w") as wheel:
        wheel.writestr("uv-1.0.data/scripts/uv", "the program")
    monkeypatch.setattr(uv, "PRIVATE", tmp_path / "tools" / "uv" / "bin" / "uv")
    install._place_uv(tmp_path / "uv.whl")
    assert uv.PRIVATE.read_text() == "the program"
    assert os.access(uv.PRIVATE, os.X_OK)


def test_an_environment_that_is_not_there_cannot_be_bundled(here: Sandbox, tmp_path: Path) -> None:
    done = here.give("pipeline", "env", "bundle", "alhpa", "-o", tmp_path / "b.tar")
    assert done.code == ExitCode.USAGE
    assert not (tmp_path / "b.tar").exists()


def test_a_place_that_is_not_there_is_told(here: Sandbox, tmp_path: Path) -> None:
    done = here.give("pipeline", "env", "bundle", "alpha", "-o", tmp_path / "none" / "b.tar")
    assert done.code == ExitCode.USAGE
    assert f"mkdir -p {tmp_path / 'none'}" in done.err


def test_what_is_no_plain_file_is_not_replaced(here: Sandbox, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = here.give("pipeline", "env", "bundle", "alpha", "-o", tmp_path / "pipe")
    assert done.code == ExitCode.USAGE
    assert str(tmp_path / "pipe") in done.error
    assert not (tmp_path / "pipe").is_file()


def test_a_full_disk_leaves_no_bundle_and_no_traceback(
    here: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "write", full)
    with pytest.raises(NotReady, match="No space left on device"):
        make.make(Catalog(ProjectFolder(here.root)), ["alpha"], tmp_path / "b.tar", lambda _: None)
    assert not list((here.root / "cache").glob(".bundle-*"))


def test_an_environment_with_a_package_that_is_only_there_as_source_is_refused(here: Sandbox, tmp_path: Path) -> None:
    source = here.root / "cache" / "wheels" / "odd-1.0.tar.gz"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"an archive")
    digest = hashlib.sha256(b"an archive").hexdigest()
    here.write("requirements/alpha.lock", f"odd==1.0 --hash=sha256:{digest}\n")
    done = here.give("pipeline", "env", "bundle", "alpha", "-o", tmp_path / "b.tar")
    assert done.code == ExitCode.NOT_READY
    assert "odd-1.0.tar.gz" in done.error
    assert not (tmp_path / "b.tar").exists()


def test_included_requirements_go_along(here: Sandbox, tmp_path: Path) -> None:
    here.write("requirements/alpha.txt", "-r base.txt\nquirk==1.0\n")
    here.write("requirements/base.txt", "-c alpha.txt\n")
    assert here.give("pipeline", "env", "bundle", "alpha", "-o", tmp_path / "b.tar").code == 0
    assert "project/requirements/base.txt" in archive.read(tmp_path / "b.tar").manifest["files"]


def test_a_bundle_takes_no_names_beside_it(bundle: Path, there: Sandbox) -> None:
    assert there.give("bootstrap", "--from-bundle", bundle, "--env", "alpha").code == ExitCode.USAGE


def test_the_parts_of_a_member_are_compared_as_it_is_written(bundle: Path, there: Sandbox) -> None:
    data = bundle.read_bytes()
    look_at = opened(there, bundle)
    end = data.rindex(MODEL)
    assert data[end - 512 :].startswith(b"models/tiny/weights.bin")
    bundle.write_bytes(data[:end] + data[end:].replace(MODEL, b"poison!"))
    with pytest.raises(InputError, match=r"models/tiny/weights\.bin"):
        install.install(look_at, lambda _: None, force=False)
    assert files(there.root) == ["config/pipeline.yaml"]


def test_a_header_that_is_altered_after_the_look_is_told(bundle: Path, there: Sandbox) -> None:
    data = bundle.read_bytes()
    look_at = opened(there, bundle)
    bundle.write_bytes(data.replace(b"models/tiny/weights.bin\0", b"models/tiny/poisons.bin\0"))
    with pytest.raises(InputError, match=bundle.name):
        install.install(look_at, lambda _: None, force=False)


def test_the_form_that_is_written_is_the_one_that_is_read(bundle: Path) -> None:
    with tarfile.open(bundle) as tar:
        first = tar.next()
        assert first is not None
        assert first.name == archive.MANIFEST
        manifest = json.load(tar.extractfile(first) or io.BytesIO())
    described = manifest["files"]["models/tiny/weights.bin"]
    assert described == {"size": len(MODEL), "sha256": sha256_of_bytes(MODEL)}
