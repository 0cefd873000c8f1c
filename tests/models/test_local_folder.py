"""Models in folders, known by the digests of their files."""

import hashlib
import json
import os
import pickle
from pathlib import Path

import pytest

from pipeline.config.models import ModelSpec
from pipeline.errors import ExitCode, NotReady
from pipeline.models import local_folder
from pipeline.models.local_folder import ModelNeeds
from pipeline.models.store import ModelStore, is_local
from tests.models.test_integrity import ctranslate2, safetensors

NEEDED = ModelNeeds(("model.bin", "vocabulary.json | vocabulary.txt"))
ALLOWED = ModelNeeds(allows_code=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "large v3"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"weights")
    (folder / "vocabulary.txt").write_text("words")
    (folder / ".cache").mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def take(folder: Path, store: ModelStore, *declared: ModelSpec) -> ModelSpec:
    model = local_folder.read(folder, NEEDED, declared, store)
    local_folder.place(model, store)
    return model.spec


def test_a_folder_becomes_a_model_of_its_content(folder: Path, store: ModelStore) -> None:
    spec = take(folder, store)
    assert spec.name.startswith("large-v3-")
    assert is_local(spec.name)
    assert spec.files["model.bin"] == hashlib.sha256(b"weights").hexdigest()
    assert store.problem(spec.name, spec.digest) is None
    assert (store.folder(spec.name, spec.digest) / "model.bin").read_bytes() == b"weights"


def test_the_same_content_is_the_same_model_wherever_it_stands(folder: Path, store: ModelStore) -> None:
    spec = take(folder, store)
    other = folder.rename(folder.with_name("elsewhere"))
    assert take(other, store).digest == spec.digest


def test_a_file_of_the_same_size_and_time_is_found_out_as_well(folder: Path, store: ModelStore) -> None:
    spec, file = take(folder, store), folder / "model.bin"
    status = file.stat()
    file.write_bytes(b"WEIGHTS")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "model.bin" in str(store.problem(spec.name, spec.digest))
    assert take(folder, store).digest != spec.digest


def test_a_file_that_was_only_touched_is_read_once_more(folder: Path, store: ModelStore) -> None:
    spec = take(folder, store)
    (folder / "model.bin").chmod(0o600)
    assert "model.bin" in str(store.problem(spec.name, spec.digest))
    assert take(folder, store).digest == spec.digest
    assert store.problem(spec.name, spec.digest) is None


def test_a_file_that_is_changed_later_is_found_out(folder: Path, store: ModelStore) -> None:
    spec = take(folder, store)
    (folder / "model.bin").write_bytes(b"other weights")
    assert "model.bin" in str(store.problem(spec.name, spec.digest))
    again = take(folder, store)
    assert again.digest != spec.digest
    assert store.problem(again.name, again.digest) is None


def test_a_folder_that_has_not_changed_is_not_read_again(
    folder: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = take(folder, store)

    def refuse(*read: object) -> str:
        raise AssertionError(read)

    monkeypatch.setattr(local_folder, "_digest", refuse)
    assert take(folder, store) == spec


def test_reading_a_folder_writes_nothing(folder: Path, store: ModelStore) -> None:
    model = local_folder.read(folder, NEEDED, (), store)
    assert model.spec.files["model.bin"] == hashlib.sha256(b"weights").hexdigest()
    assert not store.root.exists()


def test_a_file_that_changes_before_its_model_is_placed_is_found_out(folder: Path, store: ModelStore) -> None:
    model = local_folder.read(folder, NEEDED, (), store)
    (folder / "model.bin").write_bytes(b"other weights")
    local_folder.place(model, store)
    assert "model.bin" in str(store.problem(model.name, model.spec.digest))


def test_a_declared_model_in_a_folder_is_that_model(folder: Path, store: ModelStore) -> None:
    files = {"model.bin": hashlib.sha256(b"weights").hexdigest()}
    declared = ModelSpec("known", files, (), ("en",))
    spec = take(folder, store, declared)
    assert spec is declared
    assert store.problem("known", declared.digest) is None


@pytest.mark.parametrize(("file", "told"), [("model.bin", "model.bin"), ("vocabulary.txt", "vocabulary.json or")])
def test_a_missing_file_is_told(folder: Path, store: ModelStore, file: str, told: str) -> None:
    (folder / file).unlink()
    with pytest.raises(NotReady, match=f"has no {told}"):
        take(folder, store)


def test_a_pointer_in_place_of_a_file_is_told(folder: Path, store: ModelStore) -> None:
    (folder / "model.bin").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(NotReady, match=r"model\.bin"):
        take(folder, store)


def test_a_file_that_is_cut_off_is_told_before_anything_reads_it(folder: Path, store: ModelStore) -> None:
    (folder / "config.json").write_text('{"layers": ')
    with pytest.raises(NotReady, match=r"config\.json") as caught:
        take(folder, store)
    assert caught.value.exit_code is ExitCode.NOT_READY


def test_what_is_no_folder_is_told(tmp_path: Path, store: ModelStore) -> None:
    with pytest.raises(NotReady, match="none"):
        take(tmp_path / "none", store)


def test_links_to_files_as_hubs_lay_them_out_are_followed(folder: Path, store: ModelStore, tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    os.rename(folder / "model.bin", blob)
    (folder / "model.bin").symlink_to(blob)
    assert take(folder, store).files["model.bin"] == hashlib.sha256(b"weights").hexdigest()


def test_deeper_files_are_of_the_model_where_they_are_named(folder: Path, store: ModelStore) -> None:
    (folder / "part").mkdir()
    for name in ("weights.bin", "other.bin"):
        (folder / "part" / name).write_text(name)
    model = local_folder.read(folder, ModelNeeds(("model.bin", "part/weights.bin")), (), store)
    local_folder.place(model, store)
    spec = model.spec
    assert set(spec.files) == {"model.bin", "vocabulary.txt", "part/weights.bin"}
    assert (store.folder(spec.name, spec.digest) / "part/weights.bin").read_text() == "weights.bin"
    (folder / "part" / "weights.bin").write_text("changed")
    assert "part/weights.bin" in str(store.problem(spec.name, spec.digest))


OWN_CODE = json.dumps({"auto_map": {"AutoModel": "modeling_own.Model"}}).encode()


@pytest.mark.parametrize(
    ("file", "content"), [("model.bin", pickle.dumps({"a": [1.0]}, protocol=2)), ("config.json", OWN_CODE)]
)
def test_a_file_that_runs_code_is_refused_unless_it_is_allowed(
    folder: Path, store: ModelStore, file: str, content: bytes
) -> None:
    (folder / file).write_bytes(content)
    for _ in range(2):
        with pytest.raises(NotReady, match=rf"{file} .*runs code") as refused:
            take(folder, store)
        assert "--allow-code" in str(refused.value.next_step)
        model = local_folder.read(folder, ALLOWED, (), store)
        local_folder.place(model, store)  # allowed once, it isn't allowed to the next job
        assert file in model.spec.files


def test_a_declared_model_may_run_code_where_its_entry_says_so(folder: Path, store: ModelStore) -> None:
    (folder / "model.bin").write_bytes(pickle.dumps({"a": [1.0]}, protocol=2))
    digest = hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()
    assert take(folder, store, ModelSpec("known", {"model.bin": digest}, (), (), allows_code=True)).name == "known"
    with pytest.raises(NotReady, match="is a pickle"):
        take(folder, store, ModelSpec("known", {"model.bin": digest}, (), ()))


def test_files_of_another_family_are_refused(folder: Path, store: ModelStore) -> None:
    (folder / "model.bin").write_bytes(ctranslate2(kind="TransformerSpec"))
    with pytest.raises(NotReady, match=r"translation models.*recognition"):
        local_folder.read(folder, ModelNeeds(task="recognition"), (), store)
    assert local_folder.read(folder, ModelNeeds(task="translation"), (), store).spec.files


def test_pickled_weights_beside_the_same_ones_without_code_are_no_part_of_the_model(
    folder: Path, store: ModelStore
) -> None:
    (folder / "model.safetensors").write_bytes(safetensors())
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": [1.0]}, protocol=2))
    assert "pytorch_model.bin" not in take(folder, store).files
    assert "pytorch_model.bin" in local_folder.read(folder, ALLOWED, (), store).spec.files
