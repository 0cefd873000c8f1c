"""What there is for engines is looked up for real, in a small project; nothing is written."""

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.engines.decisions import tasks
from pipeline.engines.pairs import InstalledPairs
from pipeline.envs.choice.decision import EnvironmentOptions
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.envs.registry import Registry
from pipeline.errors import NotReady
from pipeline.jobs.environment_sources import inspection_cache
from pipeline.models.store import ModelStore
from pipeline.prepare.default_workflows import default_plan
from pipeline.prepare.job_engines import ChosenEngines, choose_engines, dictionaries, installed_pairs
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox
from tests.engines.helpers import ENGINES, SPEAKERS, USUAL, write
from tests.prepare.helpers import snapshot

DATA = "share/pairs/{pair}.mode"


@pytest.fixture
def project(ready: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Its environments are built; the program 'pairs' has English to and from Spanish."""
    write(ready.root)
    for name, digest in (("base", "a"), ("english", "b")):
        model = Catalog(ProjectFolder(ready.root)).model(name)
        folder = ModelStore(ready.root / "models").folder(name, model.digest)
        folder.mkdir(parents=True)
        (folder / "model.bin").write_text(digest)
        signature = [(folder / "model.bin").stat().st_size, (folder / "model.bin").stat().st_mtime_ns]
        ready.write(
            f"models/.store/{folder.name}/.pipeline-ready.json",
            f'{{"digest": "{model.digest}", "files": {{"model.bin": {signature}}}}}',
        )
    (tmp_path / "bin").mkdir()
    put_program(tmp_path / "bin/pairs", "printf 'eng-spa\\nspa-eng\\nspa-eng_US\\n'")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return ready


def put_program(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def finder(catalog: Catalog) -> EnvironmentFinder:
    def builder() -> Any:
        raise AssertionError("nothing is built here")

    registry = Registry(catalog.project.environments)
    return EnvironmentFinder(
        registry=registry,
        cache=inspection_cache(catalog.project),
        options=EnvironmentOptions(),
        builder=builder,
        progress=print,
    )


def chosen(sandbox: Sandbox, **values: Any) -> ChosenEngines:
    catalog = Catalog(ProjectFolder(sandbox.root))
    work = tasks(catalog.workflow("w"), {**USUAL, **values}, tuple(catalog.engines.values()))
    before = snapshot(sandbox.root)
    try:
        return choose_engines(catalog, finder(catalog), work)
    finally:
        assert snapshot(sandbox.root) == before


def test_the_best_that_has_all_it_needs_is_taken(project: Sandbox) -> None:
    found = chosen(project).decisions
    assert found.values["recognition"]["engine"] == "hearing"
    assert found.values["translation"]["paired"] == ["es"]
    assert found.records[1].better[0].engine == "heavy"


def test_a_folder_of_weights_is_read_and_becomes_a_model_of_its_content(project: Sandbox) -> None:
    project.write("models/en-indic/model.bin", "weights")
    found = chosen(project)
    (model,) = found.models
    assert model.name.startswith("en-indic-")
    assert found.decisions.values["translation"]["models"]["es"] == model.name


def test_a_broken_folder_of_an_engine_that_is_not_taken_does_not_matter(project: Sandbox) -> None:
    project.write("models/en-indic/none.bin", "weights")
    assert chosen(project, engine="paired").models == ()
    with pytest.raises(NotReady, match=r"en-indic .*model\.bin"):
        chosen(project)


def test_a_model_that_tells_speakers_apart_is_taken_with_its_deeper_files(project: Sandbox) -> None:
    write(project.root, engines=ENGINES.replace("speakers: true", SPEAKERS))
    project.write("models/voices/a.yaml", "a")
    project.write("models/voices/deep/b.bin", "b")
    (model,) = chosen(project, speakers=True, asr="auto").models
    assert set(model.spec.files) == {"a.yaml", "deep/b.bin"}
    (project.root / "models/voices/deep/b.bin").unlink()
    with pytest.raises(NotReady, match=r"voices .*deep/b\.bin"):
        chosen(project, speakers=True, asr="auto")


def test_a_folder_of_an_engine_may_run_code_where_the_engine_s_entry_says_so(project: Sandbox) -> None:
    project.write("models/en-indic/model.bin", "weights")
    project.write("models/en-indic/config.json", '{"auto_map": {"AutoModel": "own.Model"}}')
    with pytest.raises(NotReady, match=r"config\.json .*runs code") as refused:
        chosen(project)
    assert "--allow-code" in str(refused.value.next_step)
    allowed = "weights: fetch {model} into {folder}\n  allow_code: true"
    write(project.root, engines=ENGINES.replace("weights: fetch {model} into {folder}", allowed))
    assert [model.name.startswith("en-indic-") for model in chosen(project).models] == [True]


def test_a_program_that_fails_has_no_pair(project: Sandbox, tmp_path: Path) -> None:
    put_program(tmp_path / "bin/pairs", "exit 3")
    with pytest.raises(NotReady, match="eng-spa"):
        chosen(project, engine="paired")


def test_an_engine_whose_program_is_gone_is_not_there(project: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "bin/pairs").unlink()
    with pytest.raises(NotReady, match=r"pairs .*PATH"):
        chosen(project, engine="paired")


def test_what_is_not_ready_is_left_to_the_look_at_the_whole_plan(sandbox: Sandbox) -> None:
    write(sandbox.root)
    found = chosen(sandbox, source="es", targets=["en"])
    assert found.decisions.records[0].engine == "hearing"


def test_an_engine_whose_environment_is_defined_wrongly_says_where(project: Sandbox) -> None:
    project.write("config/environments/alpha.yaml", "pyton: 3\n")
    with pytest.raises(NotReady, match=r"alpha\.yaml:1"):
        chosen(project)


def test_a_job_that_asks_for_nothing_has_the_default_engine_and_no_other(project: Sandbox) -> None:
    head = """
parameters:
  asr: {type: string, default: hearing}
  targets: {type: languages, default: []}
decide:
  recognition: {kind: recognition, engine: $asr, model: base}
  translation: {kind: translation, engine: auto, source: en, targets: $targets}
stages:
  copy: {when: {recognition.engine: hearing}, inputs: {file: job.input}}
  noop: {when: {recognition.engine: speakers}}
  word: {for_each: [$translation.paired], parameters: {word: $input.language}}
"""
    write(project.root, workflow=head)
    catalog = Catalog(ProjectFolder(project.root))
    planned = default_plan(catalog, finder(catalog), catalog.workflow("w"))
    assert [stage.name for stage in planned.stages] == ["copy"]


@pytest.fixture
def program(spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pairs, whose own files name their dictionaries as Apertium's do."""
    (tmp_path / "bin").mkdir()
    path = tmp_path / "bin" / "pairs"
    path.write_text("#!/bin/sh\nprintf '  eng-spa\\n  spa-eng\\n  spa-eng_US\\n'\n")
    path.chmod(0o755)
    reader = tmp_path / "bin" / "lt-proc"
    reader.write_text("#!/bin/sh\n")
    reader.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "share" / "pairs").mkdir(parents=True)
    for pair in ("eng-spa", "spa-eng", "spa-eng_US"):
        (tmp_path / f"{pair}.bin").write_text("words")
        mode = f"lt-proc '{tmp_path}/{pair}.bin' | apertium-tagger -g $2 '{tmp_path}/none.prob'\n"
        (tmp_path / "share" / "pairs" / f"{pair}.mode").write_text(mode)
    return path


def digests(program: Path, source: str, target: str) -> dict[str, str]:
    return dictionaries(installed_pairs([str(program)], DATA).files_of(source, target))


def test_a_language_with_a_region_is_one_that_the_program_has(program: Path) -> None:
    assert installed_pairs([str(program)], DATA).sources("en-GB") == ["es", "es"]
    assert installed_pairs([str(program)], DATA).sources("fr") == []


def test_a_program_that_is_not_there_has_no_pair() -> None:
    assert installed_pairs(["nowhere-to-be-found"], DATA) == InstalledPairs()


@pytest.mark.parametrize("changed", ["eng-spa.bin", "share/pairs/eng-spa.mode", "bin/lt-proc"])
def test_another_dictionary_is_another_digest(program: Path, changed: str) -> None:
    before = digests(program, "en", "es")
    assert [Path(name).name for name in before] == ["lt-proc", "eng-spa.bin", "eng-spa.mode"]
    assert all(each.startswith("sha256:") for each in before.values())
    assert before == digests(program, "en", "es")
    with (program.parents[1] / changed).open("a") as file:
        file.write("more")
    assert digests(program, "en", "es") != before


def test_the_dictionaries_of_other_pairs_do_not_count(program: Path) -> None:
    before = digests(program, "en", "es")
    (program.parents[1] / "spa-eng.bin").write_text("more")
    assert digests(program, "en", "es") == before


def test_where_the_source_is_not_known_all_pairs_into_the_language_count(program: Path) -> None:
    before = digests(program, "", "en")
    (program.parents[1] / "spa-eng_US.bin").write_text("more")
    assert digests(program, "", "en") != before


def test_a_program_whose_data_lies_elsewhere_has_no_digest(program: Path) -> None:
    elsewhere = installed_pairs([str(program)], "share/elsewhere/{pair}.mode")
    assert dictionaries(elsewhere.files_of("en", "es")) == {}
    assert dictionaries(installed_pairs([str(program)]).files_of("en", "es")) == {}
