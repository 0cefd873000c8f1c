"""What may become a model, before and after it is fetched."""

import pickle
from pathlib import Path

import pytest

from pipeline.config.models import FolderSource, ModelSpec
from pipeline.digests import sha256_of_file
from pipeline.errors import ExitCode, NotReady
from pipeline.models import admission, fetch
from pipeline.models.sources import Fetcher
from pipeline.models.store import ModelStore
from tests.models.conftest import quiet
from tests.models.test_families import weights
from tests.models.test_integrity import ctranslate2

PICKLE = pickle.dumps({"weight": [1.0, 2.0]}, protocol=2)


def spec_of(folder: Path, task: str = "", allows_code: bool = False) -> ModelSpec:
    files = {path.name: sha256_of_file(path).removeprefix("sha256:") for path in folder.iterdir()}
    return ModelSpec("tiny", files, (FolderSource(folder),), (), task=task, allows_code=allows_code)


@pytest.fixture
def pickled(tmp_path: Path) -> Path:
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "model.safetensors").write_bytes(PICKLE)
    return tmp_path / "pickled"


def test_a_pickle_is_refused_and_nothing_of_it_stays(store: ModelStore, pickled: Path) -> None:
    with pytest.raises(NotReady, match=r"model\.safetensors is a pickle") as refused:
        fetch.ensure(store, spec_of(pickled), Fetcher(Path("uv")), quiet)
    assert refused.value.exit_code is ExitCode.NOT_READY
    assert "allow_code: true" in str(refused.value.next_step)
    assert [path.name for path in store.root.iterdir()] == ["tiny.lock"]


def test_a_pickle_that_the_entry_allows_is_taken(store: ModelStore, pickled: Path) -> None:
    found = fetch.ensure(store, spec_of(pickled, allows_code=True), Fetcher(Path("uv")), quiet)
    assert (found / "model.safetensors").read_bytes() == PICKLE


def test_files_of_another_family_are_refused_by_its_name(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "model.bin").write_bytes(weights("TransformerSpec"))
    with pytest.raises(NotReady, match=r"translation models.*recognition"):
        fetch.ensure(store, spec_of(tmp_path / "other", task="recognition"), Fetcher(Path("uv")), quiet)


def test_weights_of_ctranslate2_are_no_pickle(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "whisper").mkdir()
    (tmp_path / "whisper" / "model.bin").write_bytes(ctranslate2())
    assert fetch.ensure(store, spec_of(tmp_path / "whisper", task="recognition"), Fetcher(Path("uv")), quiet).is_dir()


def test_pickled_weights_are_left_out_where_the_same_are_there_without_code() -> None:
    files = ["model.safetensors", "pytorch_model.bin", "part/pytorch_model.bin", "pytorch_model.bin.index.json"]
    assert admission.without_twins(files) == ["model.safetensors", "part/pytorch_model.bin"]
    assert admission.without_twins(["pytorch_model.bin"]) == ["pytorch_model.bin"]
