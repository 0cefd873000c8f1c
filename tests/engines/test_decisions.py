"""Which engines a job gets, from what there is: nothing here looks at a disk but for the definitions."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.engines import load
from pipeline.engines import decisions
from pipeline.engines.decisions import Decisions
from pipeline.engines.engine_selection import Obstacle
from pipeline.engines.pairs import InstalledPairs
from pipeline.engines.requirements import (
    DefinedModel,
    EngineContents,
    EngineInventory,
    EngineQuestions,
    ModelFolder,
    UndefinedModel,
)
from pipeline.errors import NotReady, UsageError
from pipeline.project import ProjectFolder
from tests.conftest import REPOSITORY
from tests.engines.helpers import ENGINES, HEAD, SPEAKERS, USUAL, write

BASE = DefinedModel(frozenset({"model.bin"}))
ENGLISH = DefinedModel(frozenset({"model.bin"}), ("en",))
MISSING = UndefinedModel("/models/en-indic", is_there=False)
PAIRS = InstalledPairs(("eng-spa", "spa-eng", "spa-eng_US"), "/usr/share/{pair}.mode")
INVENTORY = EngineInventory(
    frozenset({"pairs"}), {}, {"paired": PAIRS}, {"base": BASE, "english": ENGLISH, "en-indic": MISSING}
)
BUILD = Obstacle("environment 'gamma' isn't ready: it isn't built", "bootstrap --env gamma", is_reported_later=True)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    write(tmp_path)
    return Catalog(ProjectFolder(tmp_path))


def tasks(catalog: Catalog, tagged: str = "", **values: Any) -> dict[str, decisions.DecisionTask]:
    workflow = catalog.workflow("w")
    return decisions.tasks(workflow, {**USUAL, **values}, tuple(catalog.engines.values()), tagged)


def decided(
    catalog: Catalog,
    inventory: EngineInventory = INVENTORY,
    contents: EngineContents | None = None,
    tagged: str = "",
    **values: Any,
) -> Decisions:
    choices = decisions.choose(tasks(catalog, tagged, **values), inventory)
    read = contents or EngineContents({folder: f"{folder.name}-1234.local" for folder in decisions.folders(choices)})
    return decisions.settle(choices, read)


def translators(catalog: Catalog, **values: Any) -> dict[str, list[str]]:
    found = decided(catalog, **values).values["translation"]
    return {engine: found[engine] for engine in ("ear", "paired", "heavy") if found[engine]}


def with_model(name: str, model: DefinedModel | UndefinedModel) -> EngineInventory:
    return replace(INVENTORY, models={**INVENTORY.models, name: model})


def test_each_language_gets_the_best_engine_that_can_work_now(catalog: Catalog) -> None:
    assert translators(catalog, source="es", targets=["en"]) == {"ear": ["en"]}
    assert translators(catalog, targets=["es"]) == {"paired": ["es"]}


def test_the_record_says_what_a_better_engine_takes(catalog: Catalog) -> None:
    decision = decided(catalog).records[1]
    assert decision.task == "translation from English (en) into Spanish (es)"
    (better,) = decision.better
    assert better.engine == "heavy"
    assert better.lacks == ("its model 'en-indic' isn't here",)
    assert better.commands[0].startswith("fetch en-indic into /models/en-indic")


def test_weights_in_a_folder_among_the_models_are_taken(catalog: Catalog) -> None:
    inventory = with_model("en-indic", UndefinedModel("/models/en-indic", is_there=True))
    choices = decisions.choose(tasks(catalog), inventory)
    (folder,) = decisions.folders(choices)
    assert folder == ModelFolder("en-indic", ("model.bin",), "translation")
    found = decisions.settle(choices, EngineContents({folder: "en-indic-1234.local"}))
    assert found.values["translation"]["heavy"] == ["es"]
    assert found.values["translation"]["models"]["es"] == "en-indic-1234.local"
    assert found.records[1].model == "en-indic-1234.local"


def test_a_folder_of_an_engine_that_is_not_chosen_is_not_read(catalog: Catalog) -> None:
    inventory = with_model("en-indic", UndefinedModel("/models/en-indic", is_there=True))
    choices = decisions.choose(tasks(catalog, engine="paired"), inventory)
    assert decisions.folders(choices) == ()
    assert decisions.pair_files(choices) == (("/usr/share/eng-spa.mode",),)


def test_the_dictionaries_of_the_pair_are_a_part_of_the_plan(catalog: Catalog) -> None:
    digests = {"/usr/share/eng-spa.mode": "sha256:1"}
    contents = EngineContents(dictionaries={("/usr/share/eng-spa.mode",): digests})
    assert decided(catalog, contents=contents).values["translation"]["data"] == {"es": digests}


def test_only_engines_that_could_do_something_are_asked_for(catalog: Catalog) -> None:
    def engines(**values: Any) -> list[str]:
        return [each.name for each in decisions.questions(tasks(catalog, **values)).engines]

    assert engines(targets=[]) == ["hearing", "speakers"]
    assert engines(targets=["es"]) == ["hearing", "speakers", "paired", "heavy"]
    assert engines(source="es", targets=["en"]) == ["hearing", "speakers", "ear", "paired"]
    assert engines(targets=[], speakers=True) == ["speakers"]
    subtitles = {"track": "1", "file": "", "language": "es"}
    assert engines(targets=["en"], subtitles=subtitles, source="auto") == ["paired"]
    assert decisions.questions(tasks(catalog, targets=[], subtitles=subtitles, source="auto")) == EngineQuestions()


def test_each_model_in_question_is_asked_for_once(catalog: Catalog) -> None:
    assert decisions.questions(tasks(catalog, targets=["es", "hi"])).models == ("base", "en-indic")


def test_a_package_that_would_bring_the_pair_is_named(catalog: Catalog) -> None:
    with pytest.raises(NotReady, match="hbs-eng") as refused:
        decided(catalog, engine="paired", source="sh", targets=["en"])
    assert "get pairs pairs-hbs-eng" in str(refused.value.next_step)


def test_of_several_packages_none_is_named_where_the_source_is_not_known(catalog: Catalog) -> None:
    nothing = replace(INVENTORY, pairs={"paired": InstalledPairs()})
    with pytest.raises(NotReady, match="eng-spa, fra-spa"):
        decided(catalog, nothing, engine="paired", source="auto", targets=["es"])


def test_without_its_program_an_engine_says_how_to_get_it(catalog: Catalog) -> None:
    with pytest.raises(NotReady, match=r"pairs .*PATH"):
        decided(catalog, replace(INVENTORY, programs=frozenset()), engine="paired")


def test_a_pair_that_no_engine_has_is_refused_with_each_reason(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="English") as refused:
        decided(catalog, targets=["fi"])
    assert [line.split(":")[0].strip() for line in refused.value.message.splitlines()[1:]] == ["ear", "paired", "heavy"]


def test_what_translates_speech_goes_into_no_other_language(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="ear "):
        decided(catalog, engine="ear", targets=["es"])


def test_what_translates_speech_has_nothing_to_hear_where_there_are_subtitles(catalog: Catalog) -> None:
    subtitles = {"track": "1", "file": "", "language": "es"}
    assert translators(catalog, source="auto", targets=["en"], subtitles=subtitles) == {"paired": ["en"]}


def test_a_model_that_knows_english_only_translates_nothing(catalog: Catalog) -> None:
    assert translators(catalog, source="es", targets=["en"], model="english") == {"paired": ["en"]}


def test_the_language_itself_is_not_translated(catalog: Catalog) -> None:
    found = decided(catalog, targets=["en", "es"])
    assert found.values["translation"]["targets"] == ["es"]
    assert found.values["translation"]["original"] == ["en"]
    assert found.records[-1].task == "English (en) is the language itself: nothing is translated into it"


def test_the_language_itself_is_made_where_it_is_asked_for_by_name(catalog: Catalog) -> None:
    found = decided(catalog, targets=["en", "es"], original=False).values["translation"]
    assert (found["original"], found["targets"]) == (["en"], ["es"])
    found = decided(catalog, targets=["es"], original=False).values["translation"]
    assert (found["original"], found["targets"], found["first"]) == ([], ["es"], ["es"])


def test_scripts_of_one_language_are_two(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="Chinese"):
        decided(catalog, source="zh-Hans", targets=["zh-Hant"])


def test_without_the_original_there_must_be_something_else(catalog: Catalog) -> None:
    with pytest.raises(UsageError) as refused:
        decided(catalog, targets=[], original=False)
    assert refused.value.next_step


def test_what_is_spoken_may_be_unknown_and_is_told_so(catalog: Catalog) -> None:
    found = decided(catalog, source="auto")
    assert found.records[1].doubt == "only from en; say what is spoken with -s"
    assert found.values["translation"]["original"] == ["auto"]
    assert found.values["translation"]["source"] == ""
    assert "isn't known before the recognition" in found.records[-1].task


def test_an_engine_is_chosen_for_the_language_that_the_track_says(catalog: Catalog) -> None:
    found = decided(catalog, tagged="en", source="auto")
    assert found.records[1].doubt is None
    assert "the audio track says that it is English (en)" in found.records[-1].task
    with pytest.raises(UsageError, match="Finnish"):
        decided(catalog, tagged="fi", source="auto")


def test_a_glossary_speaks_against_an_engine_that_has_no_use_for_one(catalog: Catalog) -> None:
    entries = {"en": [{"term": "a", "translation": "b"}]}
    assert translators(catalog, source="es", targets=["en"], glossary=entries) == {"paired": ["en"]}


def test_telling_speakers_apart_needs_an_engine_that_can(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="speakers"):
        decided(catalog, speakers=True)
    assert decided(catalog, speakers=True, asr="auto").values["recognition"]["engine"] == "speakers"


@pytest.fixture
def one_language(tmp_path: Path) -> Catalog:
    """As ``catalog``, with an engine that recognises a film in one language."""
    workflow = HEAD.replace("speakers: $speakers}", "speakers: $speakers, source: $source}")
    write(tmp_path, ENGINES.replace("speakers: true", "one_language: true"), workflow)
    return Catalog(ProjectFolder(tmp_path))


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ({"source": "auto"}, True),
        ({"source": "en"}, False),
        ({"source": "auto", "model": "english"}, False),
        ({"source": "auto", "asr": "hearing"}, False),
    ],
)
def test_that_an_engine_recognises_a_film_in_one_language_is_told_where_nobody_names_it(
    one_language: Catalog, values: dict[str, Any], is_told: bool
) -> None:
    tasks = [record.task for record in decided(one_language, **{"asr": "speakers", "targets": [], **values}).records]
    assert any("--asr hearing recognises each in its own" in task for task in tasks) is is_told


@pytest.mark.parametrize(
    ("source", "problem", "taken"),
    [("en", None, "aligner-en"), ("en", "it hasn't been fetched", None), ("auto", None, None), ("hi", None, None)],
)
def test_the_model_that_aligns_the_named_language_is_taken_where_it_is_fetched(
    tmp_path: Path, source: str, problem: str | None, taken: str | None
) -> None:
    workflow = HEAD.replace("speakers: $speakers}", "speakers: $speakers, source: $source}")
    write(tmp_path, ENGINES.replace("speakers: true", "aligners: 'aligner-{language}'"), workflow)
    inventory = with_model("aligner-en", DefinedModel(frozenset({"a.pth"}), ("en",), problem))
    found = decided(Catalog(ProjectFolder(tmp_path)), inventory, asr="speakers", targets=[], source=source)
    assert found.values["recognition"]["aligner"] == taken


@pytest.fixture
def voices(tmp_path: Path) -> Catalog:
    """As ``catalog``, with an engine that takes a model of its own to tell speakers apart."""
    write(tmp_path, engines=ENGINES.replace("speakers: true", SPEAKERS))
    return Catalog(ProjectFolder(tmp_path))


@pytest.mark.parametrize("asr", ["auto", "speakers"])
def test_without_its_model_an_engine_tells_no_speakers_apart_and_says_how_to_get_it(voices: Catalog, asr: str) -> None:
    inventory = with_model("voices", UndefinedModel("/models/voices", is_there=False))
    with pytest.raises(NotReady, match="'voices'") as refused:
        decided(voices, inventory, speakers=True, asr=asr)
    assert str(refused.value.next_step).startswith("fetch voices into /models/voices")
    assert decided(voices, inventory, asr="speakers").values["recognition"]["speakers"] is None


def test_a_model_that_tells_speakers_apart_is_read_with_its_deeper_files(voices: Catalog) -> None:
    inventory = with_model("voices", UndefinedModel("/models/voices", is_there=True))
    choices = decisions.choose(tasks(voices, speakers=True, asr="auto"), inventory)
    (folder,) = decisions.folders(choices)
    assert folder == ModelFolder("voices", ("a.yaml", "deep/b.bin"), "diarization")
    found = decisions.settle(choices, EngineContents({folder: "voices-1234.local"}))
    assert found.values["recognition"]["speakers"] == "voices-1234.local"


@pytest.mark.parametrize(
    ("files", "problem", "has_folder", "taken"),
    [
        (["a.yaml", "deep/b.bin", "README.md"], None, False, "pyannote"),
        (["a.yaml", "deep/b.bin"], None, True, "voices-1234.local"),
        (["a.yaml"], None, False, None),
        (["a.yaml", "deep/b.bin"], "it hasn't been fetched", False, None),
    ],
)
def test_a_fetched_model_of_the_catalogue_tells_speakers_apart_where_no_folder_goes_before_it(
    voices: Catalog, files: list[str], problem: str | None, has_folder: bool, taken: str | None
) -> None:
    inventory = with_model("voices", UndefinedModel("/models/voices", is_there=has_folder))
    inventory = replace(
        inventory, models={**inventory.models, "pyannote": DefinedModel(frozenset(files), problem=problem)}
    )
    assert "pyannote" in decisions.questions(tasks(voices, speakers=True, asr="auto")).models
    if taken is None:
        with pytest.raises(NotReady, match="'voices'"):
            decided(voices, inventory, speakers=True, asr="auto")
        return
    found = decided(voices, inventory, speakers=True, asr="auto")
    assert found.values["recognition"]["speakers"] == taken


def test_a_model_without_the_files_that_an_engine_needs_is_told(catalog: Catalog) -> None:
    with pytest.raises(NotReady, match=r"'base' .*model\.bin"):
        decided(catalog, with_model("base", DefinedModel(frozenset({"weights.bin"}))))


def test_an_environment_that_is_not_built_is_told_with_all_else_that_is_needed(catalog: Catalog) -> None:
    unbuilt = replace(INVENTORY, environments={"hearing": BUILD})
    assert decided(catalog, unbuilt).records[0].engine == "hearing"


def test_an_environment_whose_definition_is_wrong_is_told_at_once(catalog: Catalog) -> None:
    wrong = replace(INVENTORY, environments={"hearing": Obstacle("alpha.yaml:1: wrong", "mend it")})
    with pytest.raises(NotReady, match=r"alpha\.yaml:1: wrong") as refused:
        decided(catalog, wrong)
    assert refused.value.next_step == "mend it"


def test_existing_subtitles_leave_recognition_out(catalog: Catalog) -> None:
    found = decided(catalog, subtitles={"track": "1", "file": "", "language": "en"})
    assert found.values["recognition"] == {
        "engine": "",
        "model": "",
        "is_needed": False,
        "speakers": None,
        "languages": (),
        "aligner": None,
    }
    assert found.values["translation"]["original"] == []


def test_subtitles_whose_language_nobody_says_are_not_translated(catalog: Catalog) -> None:
    nameless = {"track": "1", "file": "", "language": ""}
    with pytest.raises(UsageError) as refused:
        decided(catalog, source="auto", subtitles=nameless, targets=["en"])
    assert "-s CODE" in (refused.value.next_step or "")
    assert decided(catalog, source="auto", subtitles=nameless, targets=[]).values["translation"]["has_original"]


def test_only_subtitles_that_exist_have_cues_to_keep(tmp_path: Path) -> None:
    write(tmp_path, workflow=HEAD.replace("glossary: $glossary", "keep_cues: true"))
    catalog = Catalog(ProjectFolder(tmp_path))
    existing = {"track": "1", "file": "", "language": "en"}
    assert decided(catalog, subtitles=existing).values["translation"]["keep_cues"] is True
    assert decided(catalog).values["translation"]["keep_cues"] is False


def test_the_values_of_a_translation_are_lists_and_mappings_for_each_key(catalog: Catalog) -> None:
    assert decided(catalog).values == {
        "recognition": {
            "engine": "hearing",
            "model": "base",
            "is_needed": True,
            "speakers": None,
            "languages": (),
            "aligner": None,
        },
        "translation": {
            "ear": [],
            "paired": ["es"],
            "heavy": [],
            "source": "en",
            "original": ["en"],
            "has_original": True,
            "targets": ["es"],
            "keep_cues": False,
            "first": ["es"],
            "data": {"es": {}},
            "models": {"es": ""},
        },
    }


def test_the_engines_of_this_project_fit_their_schema() -> None:
    engines = load(ProjectFolder(REPOSITORY))
    assert {each.kind for each in engines.values()} == {"recognition", "translation"}
    assert all(each.pairs or each.pairs_from for each in engines.values() if each.kind == "translation")


def test_a_model_for_another_engine_is_refused_with_that_engine(tmp_path: Path) -> None:
    write(tmp_path, ENGINES.replace("speakers: true", "speakers: true, files: [a.onnx | b.onnx]"))
    catalog = Catalog(ProjectFolder(tmp_path))
    fetched = DefinedModel(frozenset({"b.onnx"}), ("de",))
    never_fetched = DefinedModel(frozenset(), ("de",), "it was never fetched", ("*.onnx",))
    for model in (fetched, never_fetched):
        with pytest.raises(NotReady) as refused:
            decided(catalog, with_model("other", model), model="other", asr="hearing", targets=[])
        assert "--asr speakers" in (refused.value.next_step or "")
        found = decided(catalog, with_model("other", model), model="other", asr="auto", targets=[])
        assert found.values["recognition"]["engine"] == "speakers"
        assert found.values["recognition"]["languages"] == ("de",)


def test_a_model_that_nobody_knows_the_files_of_suits_every_engine(catalog: Catalog) -> None:
    unknown = DefinedModel(frozenset(), (), "it was never fetched")
    found = decided(catalog, with_model("other", unknown), model="other", asr="hearing", targets=[])
    assert found.values["recognition"]["engine"] == "hearing"


def test_the_models_in_onnx_form_have_their_languages_in_the_catalogue() -> None:
    catalog, engines = Catalog(ProjectFolder(REPOSITORY)), load(ProjectFolder(REPOSITORY))
    for name, count in (("parakeet-tdt-0.6b-v3", 25), ("canary-1b-v2", 25), ("parakeet-tdt-0.6b-v2", 1)):
        model = catalog.model(name)
        assert len(model.languages) == count, name
        files = DefinedModel(frozenset(), patterns=model.patterns)
        able = [each.name for each in engines.values() if each.files and all(map(files.may_have, each.files))]
        assert [each for each in able if engines[each].kind == "recognition"] == ["onnx-asr"], name


def test_without_any_translator_each_is_named_with_its_model_s_size_and_what_fetches_it(catalog: Catalog) -> None:
    own = DefinedModel(frozenset(), (), "it was never fetched", ("*.bin",), "about 3 GB")
    with pytest.raises(NotReady) as refused:
        decided(catalog, with_model("en-indic", own), targets=["hi"])
    assert "model 'en-indic' isn't ready: it was never fetched (about 3 GB)" in refused.value.message
    assert refused.value.next_step == "bootstrap --model en-indic   or --translation-model FOLDER"


def test_what_an_engine_lacks_of_its_own_model_makes_it_a_better_one_and_not_the_chosen_one(catalog: Catalog) -> None:
    own = DefinedModel(frozenset(), (), "it was never fetched", ("*.bin",), "about 3 GB")
    (record,) = decided(catalog, with_model("en-indic", own), targets=["es"]).records[-1:]
    assert (record.engine, [better.engine for better in record.better]) == ("paired", ["heavy"])
    assert "(about 3 GB)" in record.better[0].lacks[0]


def test_a_model_that_must_be_told_the_language_is_refused_without_one(tmp_path: Path) -> None:
    workflow = HEAD.replace("model: $model, subtitles", "model: $model, source: $source, subtitles")
    write(
        tmp_path, ENGINES.replace("files: [model.bin]}", "files: [model.bin], needs_language: [told.bin]}", 1), workflow
    )
    catalog = Catalog(ProjectFolder(tmp_path))
    several = with_model("other", DefinedModel(frozenset({"model.bin", "told.bin"}), ("de", "en")))
    with pytest.raises(NotReady) as refused:
        decided(catalog, several, model="other", source="auto", targets=[])
    assert "-s CODE" in (refused.value.next_step or "")
    only = with_model("other", DefinedModel(frozenset({"model.bin", "told.bin"}), ("de",)))
    for inventory, source in ((several, "de"), (only, "auto"), (with_model("other", BASE), "auto")):
        found = decided(catalog, inventory, model="other", source=source, targets=[])
        assert found.values["recognition"]["engine"] == "hearing"


def test_a_translation_model_that_is_named_is_never_passed_over_for_an_engine_that_takes_none(catalog: Catalog) -> None:
    mine = with_model("mine", DefinedModel(frozenset({"model.bin"})))
    assert decided(catalog, mine, weights="mine").values["translation"]["heavy"] == ["es"]
    gone = with_model("mine", DefinedModel(frozenset({"model.bin"}), problem="it was never fetched"))
    environment = replace(gone, environments={"heavy": BUILD})
    for engine in ("auto", "paired"):
        try:
            found = decided(catalog, environment, weights="mine", engine=engine).values["translation"]
        except (NotReady, UsageError):
            continue
        assert found["paired"] == []
