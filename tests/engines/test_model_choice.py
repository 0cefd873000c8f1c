"""Which recognition model a film gets: languages, machines, budgets and speeds, as a table."""

from dataclasses import dataclass, replace

import pytest

from pipeline.config import model_figures, models
from pipeline.config.model_figures import FigureTable, ModelFigures
from pipeline.engines.model_candidates import MachineFacts, ModelCandidate, ModelTask
from pipeline.engines.model_choice import choose, judge, shown_seconds
from pipeline.engines.model_report import decision, messages
from pipeline.errors import ExitCode, NotReady, UsageError
from pipeline.project import ProjectFolder
from tests.conftest import REPOSITORY

GB = 10**9
LAPTOP = MachineFacts(cpus=8, memory=16 * GB)
SMALL = MachineFacts(cpus=2, memory=int(1.5 * GB))
GPU = MachineFacts(cpus=8, memory=16 * GB, gpu_memory=8 * GB)
HOUR = 3600.0
WHISPERS = ("whisper-tiny", "whisper-base", "whisper-small", "whisper-medium", "whisper-large-v3")
EVERY = (
    "whisper-tiny",
    "whisper-base",
    "whisper-small",
    "whisper-medium",
    "whisper-large-v2",
    "whisper-large-v3",
    "whisper-large-v3-turbo",
)
ENGLISH = ("whisper-tiny.en", "whisper-base", "distil-whisper-large-v3.5")


@pytest.fixture(scope="module")
def table() -> FigureTable:
    return model_figures.load(ProjectFolder(REPOSITORY))


@pytest.fixture(scope="module")
def every() -> dict[str, ModelCandidate]:
    """All recognition models of the project, none of them here."""
    table, known = model_figures.load(ProjectFolder(REPOSITORY)), models.load(ProjectFolder(REPOSITORY))
    return {
        name: ModelCandidate(name, spec.languages, table.of(name), size=table.of(name).size)
        for name, spec in known.items()
        if spec.task in ("", "recognition") and spec.languages
    }


def among(every: dict[str, ModelCandidate], here: tuple[str, ...], **measured: float) -> list[ModelCandidate]:
    speeds = {name.replace("_", "-").replace("-en", ".en"): times for name, times in measured.items()}
    return [replace(each, is_here=each.name in here, measured=speeds.get(each.name)) for each in every.values()]


@dataclass(frozen=True)
class Case:
    name: str
    here: tuple[str, ...]
    task: ModelTask
    machine: MachineFacts
    taken: str
    better: tuple[str, ...] = ()
    measured: tuple[tuple[str, float], ...] = ()


def of(language: str, seconds: float | None = HOUR, stated: bool = True, **more: object) -> ModelTask:
    return replace(ModelTask(language, stated, seconds=seconds), **more)  # type: ignore[arg-type]


CASES = [
    # The language decides which is the best, and whether a model for one language alone may be taken.
    Case("the largest that is fast enough", WHISPERS, of("de"), LAPTOP, "whisper-medium"),
    Case("best waits for the largest", WHISPERS, of("de", quality="best"), LAPTOP, "whisper-large-v3"),
    Case("fast ends in a quarter", WHISPERS, of("de", quality="fast"), LAPTOP, "whisper-small"),
    Case("English for English alone", ENGLISH, of("en", quality="best"), LAPTOP, "distil-whisper-large-v3.5"),
    Case("only the file says English", ENGLISH, of("en", stated=False), LAPTOP, "whisper-base"),
    Case("nobody says what is spoken", ENGLISH, of("", stated=False), LAPTOP, "whisper-base"),
    Case("tiny for English is worse than base", ("whisper-tiny.en", "whisper-base"), of("en"), LAPTOP, "whisper-base"),
    Case("only English is here", ("whisper-tiny.en",), of("en"), LAPTOP, "whisper-tiny.en"),
    Case("European", ("whisper-base", "canary-1b-v2"), of("fi", quality="best"), LAPTOP, "canary-1b-v2"),
    Case("outside Europe", ("whisper-base", "canary-1b-v2"), of("hi"), LAPTOP, "whisper-base"),
    Case(
        "turbo counts as what it was made of",
        ("whisper-small", "whisper-large-v3-turbo"),
        of("hi"),
        GPU,
        "whisper-large-v3-turbo",
    ),
    # The machine.
    Case("too little memory for more", WHISPERS, of("de"), SMALL, "whisper-base"),
    Case("a GPU makes the largest fast", WHISPERS, of("de"), GPU, "whisper-large-v3"),
    Case("a small GPU, but memory", WHISPERS, of("de"), replace(LAPTOP, gpu_memory=2 * GB), "whisper-medium"),
    # The budget, of an hour's film.
    Case("ten minutes", WHISPERS, of("de", within=600.0, quality="best"), LAPTOP, "whisper-base"),
    Case("twenty minutes", WHISPERS, of("de", within=1200.0, quality="best"), LAPTOP, "whisper-small"),
    Case("a day", WHISPERS, of("de", within=86400.0, quality="best"), LAPTOP, "whisper-large-v3"),
    Case("a short film", WHISPERS, of("de", seconds=60.0, within=60.0, quality="best"), LAPTOP, "whisper-medium"),
    # What was measured here goes before what is published, and says how fast the others are here.
    Case("slow here", WHISPERS, of("de"), LAPTOP, "whisper-base", measured=(("whisper_base", 2.0),)),
    Case("fast here", WHISPERS, of("de"), LAPTOP, "whisper-large-v3", measured=(("whisper_base", 100.0),)),
    Case("its own measure", WHISPERS, of("de"), LAPTOP, "whisper-small", measured=(("whisper_medium", 0.5),)),
    # Where none is fast enough, the fastest.
    Case(
        "all too slow",
        ("whisper-medium", "whisper-large-v3"),
        of("de"),
        SMALL_CPU := MachineFacts(1, 16 * GB),
        "whisper-medium",
    ),
    Case("nobody knows its speed", ("distil-whisper-large-v3",), of("en"), SMALL_CPU, "distil-whisper-large-v3"),
    # Without a length there is no budget, and the pace decides.
    Case("no length", WHISPERS, of("de", seconds=None), LAPTOP, "whisper-medium"),
    Case(
        "it may have to translate",
        ("whisper-base", "whisper-large-v3-turbo"),
        of("de", must_translate=True, quality="best"),
        LAPTOP,
        "whisper-base",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_best_that_is_here_and_fits_is_taken(
    case: Case, every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    choice = choose(case.task, among(every, case.here, **dict(case.measured)), table, case.machine)
    assert choice.taken.name == case.taken
    assert all(each.rank <= choice.taken.rank for each in choice.better)


def test_models_that_are_not_here_are_better_but_never_taken(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    choice = choose(of("hi"), among(every, ("whisper-base",)), table, LAPTOP)
    assert [each.name for each in choice.better] == ["whisper-medium", "whisper-large-v3"]
    assert (
        choose(of("hi"), among(every, ("whisper-base",)), table, LAPTOP, anywhere=True).taken.name == "whisper-medium"
    )


def test_one_that_is_here_and_slower_is_told_with_the_option_that_takes_it(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    task = of("de", quality="fast")
    choice = choose(task, among(every, WHISPERS), table, LAPTOP)
    lines = list(messages(decision(choice, task, table, is_named=False)))
    assert "    prepare-job … --model whisper-large-v3" in lines


REFUSED = [
    ("none is here", (), of("de"), LAPTOP, "pipeline model fetch whisper-medium"),
    ("none is here, quickly", (), of("de", quality="fast"), LAPTOP, "pipeline model fetch whisper-small"),
    ("only English is here", ("whisper-tiny.en",), of("de"), LAPTOP, "pipeline model fetch whisper-medium"),
    ("too much for this machine", ("whisper-medium",), of("de"), SMALL, "pipeline model fetch whisper-base"),
    (
        "too slow",
        ("whisper-medium",),
        of("de", within=300.0),
        LAPTOP,
        "pipeline model fetch whisper-base\nleave --within out, or allow more time with it",
    ),
    (
        "too slow for all",
        ("whisper-base",),
        of("de", within=1.0),
        LAPTOP,
        "leave --within out, or allow more time with it",
    ),
    (
        "of unknown speed",
        ("distil-whisper-large-v3",),
        of("en", within=1.0),
        LAPTOP,
        "leave --within out, or allow more time with it",
    ),
]


@pytest.mark.parametrize(("name", "here", "task", "machine", "step"), REFUSED, ids=[each[0] for each in REFUSED])
def test_where_none_can_be_taken_the_error_has_the_command(
    name: str,
    here: tuple[str, ...],
    task: ModelTask,
    machine: MachineFacts,
    step: str,
    every: dict[str, ModelCandidate],
    table: FigureTable,
) -> None:
    no_onnx = {each: model for each, model in every.items() if each.startswith(("whisper", "distil"))}
    with pytest.raises(NotReady) as refused:
        choose(task, among(no_onnx, here), table, machine)
    assert (refused.value.exit_code, refused.value.next_step) == (ExitCode.NOT_READY, step), name


def test_a_language_that_no_model_knows_is_a_mistake_in_the_command(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    with pytest.raises(UsageError):
        choose(of("tlh"), among(every, ("whisper-base",)), table, LAPTOP)


def test_where_all_models_have_few_languages_the_spoken_one_has_to_be_named(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    few = {name: model for name, model in every.items() if name.startswith("parakeet")}
    with pytest.raises(UsageError) as refused:
        choose(of("", stated=False), among(few, ()), table, LAPTOP)
    assert "-s CODE" in (refused.value.next_step or "")


def test_a_model_for_english_alone_is_named_where_only_the_file_says_that_it_is_english(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    with pytest.raises(NotReady) as refused:
        choose(of("en", stated=False), among(every, ("whisper-tiny.en",)), table, LAPTOP)
    assert "-s en allows whisper-tiny.en" in refused.value.message


def test_of_a_named_model_only_a_bad_one_is_worth_a_word(every: dict[str, ModelCandidate], table: FigureTable) -> None:
    def told(name: str, language: str) -> list[str]:
        task = of(language, quality="best")
        judged = judge(name, task, among(every, (name,)), table, LAPTOP)
        assert judged is not None
        return list(messages(decision(judged, task, table, is_named=True)))

    assert told("whisper-base", "en") == []
    assert (
        told("whisper-large-v3", "hi")[0]
        == "whisper-large-v3 gets about 17 of 100 words of Hindi (hi) wrong (FLEURS, read sentences)"
    )
    hindi = told("whisper-base", "hi")
    assert hindi[0].startswith(
        "whisper-base gets 44 of 100 words or more of Hindi (hi) wrong: whisper-small, which is larger"
    )
    assert hindi[1].startswith("  whisper-large-v3 would be better: about 17 of 100 words wrong (FLEURS, ")
    assert hindi[2] == "    pipeline model fetch whisper-large-v3"
    assert told("whisper-tiny", "hi")[0].startswith("whisper-tiny gets nearly all words of Hindi")
    assert told("whisper-base", "zh")[0].startswith("whisper-base gets about 34 of 100 characters of Chinese")


def test_of_a_model_that_does_not_serve_the_language_nothing_is_said(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    assert judge("whisper-tiny.en", of("de"), among(every, ("whisper-tiny.en",)), table, LAPTOP) is None


def test_a_model_without_figures_is_taken_where_it_is_alone_and_never_before_one_that_has_some(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    mine = ModelCandidate("mine", ("de", "en"), is_here=True)
    assert choose(of("de"), [mine], table, LAPTOP).taken.name == "mine"
    assert choose(of("de"), [mine, *among(every, ())], table, LAPTOP).better == ()
    assert (
        choose(of("de"), [mine, replace(every["whisper-tiny"], is_here=True)], table, LAPTOP).taken.name
        == "whisper-tiny"
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.2, "1 s"), (59, "59 s"), (61, "1 min"), (3599, "1 h"), (3600, "1 h"), (7500, "2 h 5 min"), (7200, "2 h")],
)
def test_a_time_is_shown_in_whole_units(seconds: float, shown: str) -> None:
    assert shown_seconds(seconds) == shown


def test_without_any_figures_what_is_here_is_taken_and_nothing_is_called_better(
    every: dict[str, ModelCandidate],
) -> None:
    bare = [replace(each, figures=ModelFigures(), size=None) for each in among(every, ("whisper-base", "whisper-tiny"))]
    for language in ("de", ""):
        task = of(language, stated=False)
        choice = choose(task, bare, FigureTable(), LAPTOP)
        assert choice.taken.is_here
        assert choice.better == ()
        (line,) = messages(decision(choice, task, FigureTable(), is_named=False))
        assert "film's time" not in line


def test_what_is_better_is_told_by_figures_of_the_same_data(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    task = of("en", quality="best")
    choice = choose(
        task,
        among({name: every[name] for name in ("whisper-base", "whisper-small.en")}, ("whisper-base",)),
        table,
        LAPTOP,
    )
    (better,) = decision(choice, task, table, is_named=False).better
    assert better.about.startswith("about 3 of 100 words wrong instead of 5 (LibriSpeech, audiobooks); 461 MiB")


@pytest.mark.long
def test_no_figure_that_is_told_contradicts_another_one(every: dict[str, ModelCandidate], table: FigureTable) -> None:
    """Of every size in every language: what is better gets no more words wrong, and each model has one figure."""
    languages = {code: None for each in every.values() for code in each.languages}
    for name in WHISPERS:
        candidates = among(every, (name,))
        for task in (of(code, quality=quality) for code in languages for quality in ("best", "balanced")):
            if task.language not in every[name].languages:
                continue
            told = decision(choose(task, candidates, table, LAPTOP), task, table, is_named=False)
            percent = told.wrong_percent
            for better in told.better:
                if "instead of" in better.about:
                    assert better.measured_on == told.measured_on, (name, task.language, told)
                    assert percent is not None
                    assert better.wrong_percent is not None
                    assert better.wrong_percent <= percent, (name, task.language, told)
                    assert f"instead of {percent:.1f}" in better.about or f"of {int(percent + 0.5)} " in better.about
                assert "()" not in better.about


def test_at_least_as_much_is_wrong_as_of_any_larger_model(every: dict[str, ModelCandidate], table: FigureTable) -> None:
    maori = of("mi")
    told = decision(choose(maori, among(every, ("whisper-base",)), table, LAPTOP), maori, table, is_named=False)
    assert str(told.note).startswith("whisper-base gets 40 of 100 words or more of ")
    assert "wrong: whisper-large-v3, which is larger" in str(told.note)
    about = {each.model: each.about for each in told.better}
    assert about["whisper-medium"].startswith("it is larger; no figure of its ")
    assert about["whisper-large-v3"].startswith("about 40 of 100 words wrong instead of 40 or more (FLEURS,")


def test_what_the_file_says_is_spoken_is_told_as_such_and_each_other_language_is_known_beforehand(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    task = of("hi", stated=False)
    found = decision(choose(task, among(every, ("whisper-base",)), table, LAPTOP), task, table, is_named=False)
    (note,) = (line for line in messages(found) if "Hindi" in line and "better" not in line and "model:" not in line)
    assert note == f"{found.note}; that it is Hindi (hi) is what the audio track says"
    assert found.notes["de"].startswith("whisper-base gets about 18 of 100 words of German (de) wrong")
    assert "en" not in found.notes
    heard = "\n".join(messages(found, [found.notes["de"]]))
    assert found.notes["de"] in heard
    assert note not in heard
    assert "would be better" not in heard


def test_the_engine_that_a_person_named_is_named_where_it_has_no_model(
    every: dict[str, ModelCandidate], table: FigureTable
) -> None:
    few = {name: every[name] for name in ("moonshine-tiny", "parakeet-tdt-0.6b-v3")}
    for task, kind in ((of("de"), NotReady), (of("hi"), UsageError), (of("", stated=False), UsageError)):
        with pytest.raises(kind, match="for onnx-asr") as refused:
            choose(replace(task, engine="onnx-asr"), among(few, ()), table, LAPTOP)
        assert refused.value.next_step
