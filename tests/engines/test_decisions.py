"""Engines chosen for a job: what is there is looked up for real, in a small project."""

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.engines import load
from pipeline.engines.decisions import Chooser, usual_plan
from pipeline.engines.select import Decisions
from pipeline.envs.external.adoption import Adoption
from pipeline.envs.external.decision import Allowed
from pipeline.envs.registry import Registry
from pipeline.errors import ConfigurationError, NotReady, UsageError
from pipeline.jobs.environment_sources import notes
from pipeline.models.shelf import Shelf
from pipeline.project import Project
from tests.conftest import REPOSITORY, Sandbox

ENGINES = """
hearing: {kind: recognition, stage: copy, quality: 20, files: [model.bin]}
speakers: {kind: recognition, stage: noop, quality: 10, speakers: true}
ear: {kind: translation, stage: says, quality: 30, from_audio: true, pairs: [{from: any, to: [en]}]}
paired:
  kind: translation
  stage: word
  quality: 10
  program: pairs
  pairs_from: [pairs, -l]
  packages: [eng-spa, hbs-eng, fra-spa]
  install: get pairs {pair}
heavy:
  kind: translation
  stage: join
  quality: 50
  files: [model.bin]
  pairs: [{from: [en], to: [hi, es], model: en-indic}]
  weights: fetch {model} into {folder}
"""

MODELS = f"""
base: {{files: {{model.bin: {"a" * 64}}}, sources: [{{folder: models/base}}]}}
english: {{languages: [en], files: {{model.bin: {"b" * 64}}}, sources: [{{folder: models/english}}]}}
"""

STAGES = "\n".join(
    f"  {stage}: {{uses: {stage}, when: $never}}" for stage in ("copy", "noop", "says", "word", "join", "counted")
)
HEAD = f"""
decide:
  recognition: {{kind: recognition, engine: $asr, model: $model, subtitles: $subtitles, speakers: $speakers}}
  translation:
    kind: translation
    engine: $engine
    model: $weights
    source: $source
    targets: $targets
    original: $original
    subtitles: $subtitles
    glossary: $glossary
stages:
{STAGES}
"""

USUAL: dict[str, Any] = {
    "asr": "hearing",
    "model": "base",
    "subtitles": {},
    "speakers": False,
    "engine": "auto",
    "weights": None,
    "source": "en",
    "targets": ["es"],
    "original": True,
    "glossary": {},
}


@pytest.fixture
def project(ready: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Its environments are built; the program 'pairs' has English to and from Spanish."""
    ready.write("config/engines.yaml", ENGINES)
    ready.write("config/models.yaml", MODELS)
    ready.write("config/workflows/w.yaml", HEAD)
    for name, digest in (("base", "a"), ("english", "b")):
        model = Catalog(Project(ready.root)).model(name)
        folder = Shelf(ready.root / "models").folder(name, model.digest)
        folder.mkdir(parents=True)
        (folder / "model.bin").write_text(digest)
        signature = [(folder / "model.bin").stat().st_size, (folder / "model.bin").stat().st_mtime_ns]
        ready.write(
            f"models/.store/{folder.name}/.pipeline-ready.json",
            f'{{"digest": "{model.digest}", "files": {{"model.bin": {signature}}}}}',
        )
    put_program(tmp_path / "bin", "eng-spa\nspa-eng\nspa-eng_US\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return ready


def put_program(folder: Path, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "pairs").write_text(f"#!/bin/sh\nprintf '{says}'\n".replace("\n'", "\\n'"))
    (folder / "pairs").chmod(0o755)


def chooser(sandbox: Sandbox, tagged: str = "") -> Chooser:
    project = Project(sandbox.root)
    catalog = Catalog(project)

    def builder() -> Any:
        raise AssertionError("nothing is built here")

    registry = Registry(project.environments)
    adoption = Adoption(registry=registry, notes=notes(project), allowed=Allowed(), builder=builder, progress=print)
    return Chooser(catalog, adoption, catalog.workflow("w"), tagged)


def chosen(sandbox: Sandbox, tagged: str = "", **values: Any) -> Decisions:
    return chooser(sandbox, tagged).decide({**USUAL, **values})


def translators(sandbox: Sandbox, **values: Any) -> dict[str, list[str]]:
    found = chosen(sandbox, **values).values["translation"]
    return {engine: found[engine] for engine in ("ear", "paired", "heavy") if found[engine]}


def test_each_language_gets_the_best_engine_that_can_work_now(project: Sandbox) -> None:
    assert translators(project, source="es", targets=["en"]) == {"ear": ["en"]}
    assert translators(project, targets=["es"]) == {"paired": ["es"]}


def test_the_record_says_what_a_better_engine_takes(project: Sandbox) -> None:
    decision = chosen(project).made[1].recorded()
    assert decision["task"] == "translation from English (en) into Spanish (es)"
    (better,) = decision["better"]
    assert better["engine"] == "heavy"
    assert better["lacks"] == ["its model 'en-indic' isn't here"]
    assert better["commands"][0].startswith(f"fetch en-indic into {project.root / 'models/en-indic'}")


def test_weights_that_somebody_put_among_the_models_are_taken(project: Sandbox) -> None:
    project.write("models/en-indic/model.bin", "weights")
    found = chosen(project).values["translation"]
    assert found["heavy"] == ["es"]
    assert found["models"]["es"].startswith("en-indic-")


def test_a_package_that_would_bring_the_pair_is_named(project: Sandbox) -> None:
    with pytest.raises(NotReady, match="the pair hbs-eng isn't installed") as refused:
        chosen(project, engine="paired", source="sh", targets=["en"])
    assert "get pairs pairs-hbs-eng" in str(refused.value.next_step)


def test_without_its_program_an_engine_says_how_to_get_it(project: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "bin/pairs").unlink()
    with pytest.raises(NotReady, match="pairs isn't on PATH"):
        chosen(project, engine="paired")


def test_a_program_that_fails_has_no_pair(project: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "bin/pairs").write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(NotReady, match="the pair eng-spa isn't installed"):
        chosen(project, engine="paired")


def test_a_pair_that_no_engine_has_is_refused_with_each_reason(project: Sandbox) -> None:
    with pytest.raises(UsageError, match="no engine does the translation from English") as refused:
        chosen(project, targets=["fi"])
    assert [line.split(":")[0].strip() for line in refused.value.message.splitlines()[1:]] == ["ear", "paired", "heavy"]


def test_what_translates_speech_goes_into_no_other_language(project: Sandbox) -> None:
    with pytest.raises(UsageError, match="ear can't do"):
        chosen(project, engine="ear", targets=["es"])


def test_what_translates_speech_has_nothing_to_hear_where_there_are_subtitles(project: Sandbox) -> None:
    subtitles = {"track": "1", "file": "", "language": "es"}
    assert translators(project, source="auto", targets=["en"], subtitles=subtitles) == {"paired": ["en"]}


def test_a_model_that_knows_english_only_translates_nothing(project: Sandbox) -> None:
    assert translators(project, source="es", targets=["en"], model="english") == {"paired": ["en"]}


def test_the_language_itself_is_not_translated(project: Sandbox) -> None:
    found = chosen(project, targets=["en", "es"])
    assert found.values["translation"]["targets"] == ["es"]
    assert found.values["translation"]["original"] == ["en"]
    assert found.notes == ("English (en) is the language itself: nothing is translated into it",)


def test_the_language_itself_is_made_where_it_is_asked_for_by_name(project: Sandbox) -> None:
    found = chosen(project, targets=["en", "es"], original=False).values["translation"]
    assert (found["original"], found["targets"]) == (["en"], ["es"])
    found = chosen(project, targets=["es"], original=False).values["translation"]
    assert (found["original"], found["targets"], found["first"]) == ([], ["es"], ["es"])


def test_scripts_of_one_language_are_two(project: Sandbox) -> None:
    with pytest.raises(UsageError, match="no engine does"):
        chosen(project, source="zh-Hans", targets=["zh-Hant"])


def test_without_the_original_there_must_be_something_else(project: Sandbox) -> None:
    with pytest.raises(UsageError, match="without the original there is nothing"):
        chosen(project, targets=[], original=False)


def test_what_is_spoken_may_be_unknown_and_is_told_so(project: Sandbox) -> None:
    found = chosen(project, source="auto")
    assert found.made[1].doubt == "only from en; say what is spoken with -s"
    assert found.values["translation"]["original"] == ["auto"]
    assert found.values["translation"]["source"] == ""
    assert "isn't known before the recognition" in found.notes[0]


def test_an_engine_is_chosen_for_the_language_that_the_track_says(project: Sandbox) -> None:
    found = chosen(project, tagged="en", source="auto")
    assert found.made[1].doubt == ""
    assert "the audio track says that it is English (en)" in found.notes[0]
    with pytest.raises(UsageError, match="no engine does the translation from Finnish"):
        chosen(project, tagged="fi", source="auto")


def test_a_glossary_speaks_against_an_engine_that_has_no_use_for_one(project: Sandbox) -> None:
    entries = {"en": [{"term": "a", "translation": "b"}]}
    assert translators(project, source="es", targets=["en"], glossary=entries) == {"paired": ["en"]}


def test_telling_speakers_apart_needs_an_engine_that_can(project: Sandbox) -> None:
    with pytest.raises(UsageError, match="it doesn't tell speakers apart"):
        chosen(project, speakers=True)
    assert chosen(project, speakers=True, asr="auto").values["recognition"]["engine"] == "speakers"


SPEAKERS = "speakers: {model: voices, files: [a.yaml, deep/b.bin], weights: 'fetch {model} into {folder}'}"


def test_without_its_model_an_engine_tells_no_speakers_apart_and_says_how_to_get_it(project: Sandbox) -> None:
    project.write("config/engines.yaml", ENGINES.replace("speakers: true", SPEAKERS))
    for asr in ("auto", "speakers"):
        with pytest.raises(NotReady, match="the model 'voices', which tells speakers apart, isn't here") as refused:
            chosen(project, speakers=True, asr=asr)
        assert str(refused.value.next_step).startswith(f"fetch voices into {project.root / 'models/voices'}")
    assert chosen(project, asr="speakers").values["recognition"]["speakers"] is None


def test_a_model_that_tells_speakers_apart_is_taken_with_its_deeper_files(project: Sandbox) -> None:
    project.write("config/engines.yaml", ENGINES.replace("speakers: true", SPEAKERS))
    project.write("models/voices/a.yaml", "a")
    project.write("models/voices/deep/b.bin", "b")
    taking = chooser(project)
    name = taking.decide({**USUAL, "speakers": True, "asr": "auto"}).values["recognition"]["speakers"]
    assert set(taking.catalog.model(name).files) == {"a.yaml", "deep/b.bin"}
    (project.root / "models/voices/deep/b.bin").unlink()
    with pytest.raises(NotReady, match=r"voices has no deep/b\.bin"):
        chosen(project, speakers=True, asr="auto")


def test_a_model_without_the_files_that_an_engine_needs_is_told(project: Sandbox) -> None:
    project.write("config/engines.yaml", ENGINES.replace("files: [model.bin]}", "files: [tokenizer.json]}"))
    with pytest.raises(NotReady, match=r"model 'base' has no tokenizer\.json"):
        chosen(project)


def test_existing_subtitles_leave_recognition_out(project: Sandbox) -> None:
    found = chosen(project, subtitles={"track": "1", "file": "", "language": "en"})
    assert found.values["recognition"] == {"engine": "", "model": "", "is_needed": False, "speakers": None}
    assert found.values["translation"]["original"] == []


def test_subtitles_whose_language_nobody_says_are_not_translated(project: Sandbox) -> None:
    nameless = {"track": "1", "file": "", "language": ""}
    with pytest.raises(UsageError, match="don't say in which language") as refused:
        chosen(project, source="auto", subtitles=nameless, targets=["en"])
    assert "-s CODE" in (refused.value.next_step or "")
    assert chosen(project, source="auto", subtitles=nameless, targets=[]).values["translation"]["has_original"]


def test_only_subtitles_that_exist_have_cues_to_keep(project: Sandbox) -> None:
    project.write("config/workflows/w.yaml", HEAD.replace("glossary: $glossary", "keep_cues: true"))
    existing = {"track": "1", "file": "", "language": "en"}
    assert chosen(project, subtitles=existing).values["translation"]["keep_cues"] is True
    assert chosen(project).values["translation"]["keep_cues"] is False


def test_an_environment_that_is_not_built_is_told_with_all_else_that_is_needed(sandbox: Sandbox) -> None:
    sandbox.write("config/engines.yaml", ENGINES)
    sandbox.write("config/models.yaml", MODELS)
    sandbox.write("config/workflows/w.yaml", HEAD)
    assert chosen(sandbox, source="es", targets=["en"]).made[0].engine == "hearing"


def test_an_unknown_placeholder_is_refused_with_its_line(sandbox: Sandbox) -> None:
    sandbox.write("config/engines.yaml", "a:\n  kind: recognition\n  stage: b\n  quality: 1\n  weights: get {modle}\n")
    with pytest.raises(ConfigurationError, match=r"^config/engines.yaml:5: a.weights: .*\{modle\}.*'model'"):
        load(Project(sandbox.root))


def test_the_engines_of_this_project_fit_their_schema() -> None:
    engines = load(Project(REPOSITORY))
    assert {each.kind for each in engines.values()} == {"recognition", "translation"}
    assert all(each.pairs or each.pairs_from for each in engines.values() if each.kind == "translation")


def test_a_job_that_asks_for_nothing_has_the_usual_engine_and_no_other(project: Sandbox) -> None:
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
    project.write("config/workflows/w.yaml", head)
    assert [stage.name for stage in usual_plan(chooser(project)).stages] == ["copy"]
