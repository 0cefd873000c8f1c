"""``config/model-figures.yaml``: figures with their sources, and those that come with the project."""

import pytest

from pipeline.config import model_figures, models
from pipeline.config.model_figures import ErrorRate, FigureTable, ModelFigures, PublishedSpeed, load
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from tests.conftest import REPOSITORY, Sandbox

HEAD = "sources: {here: a table that was measured here}\ndata: {read: read sentences, spoken: speech}\n"


def table(sandbox: Sandbox, text: str) -> FigureTable:
    sandbox.write("config/model-figures.yaml", HEAD + text)
    return load(ProjectFolder(sandbox.root))


def test_a_project_without_the_file_has_no_figures(sandbox: Sandbox) -> None:
    assert load(ProjectFolder(sandbox.root)) == FigureTable()
    assert FigureTable().of("any") == ModelFigures()


def test_each_figure_knows_what_it_was_measured_on_and_who_says_so(sandbox: Sandbox) -> None:
    found = table(
        sandbox,
        "errors:\n"
        "- {source: here, data: spoken, characters: [zh], rates: {one: {de: 20, zh: 30}}}\n"
        "- {source: here, data: read, rates: {one: {de: 10}}}\n"
        "speeds: [{source: here, cores: 8, times: {one: 2}}, {source: here, times: {one: 50}}]\n"
        "memory: [{source: here, need: {one: 2 GB}}]\n"
        "sizes: [{source: here, bytes: {one: 1000}}]\n"
        "larger: {one: two}\n",
    )
    assert found.of("one") == ModelFigures(
        errors={
            "de": (ErrorRate(20, "spoken", "here"), ErrorRate(10, "read", "here")),
            "zh": (ErrorRate(30, "spoken", "here", is_of_characters=True),),
        },
        cpu_speed=PublishedSpeed(2, "here", 8),
        gpu_speed=PublishedSpeed(50, "here"),
        memory=2 * 10**9,
        size=1000,
        larger="two",
    )


def test_of_two_figures_for_the_same_the_first_counts(sandbox: Sandbox) -> None:
    found = table(
        sandbox,
        "errors:\n"
        "- {source: here, data: read, rates: {one: {de: 10}}}\n"
        "- {source: here, data: read, rates: {one: {de: 9}}}\n"
        "memory: [{source: here, need: {one: 2 GB}}, {source: here, need: {one: 3 GB}}]\n",
    ).of("one")
    assert [each.percent for each in found.errors["de"]] == [10]
    assert found.memory == 2 * 10**9


WRONG = [
    ("errors: [{data: read, rates: {one: {de: 10}}}]", "3: errors.0:"),
    ("errors: [{source: nowhere, data: read, rates: {one: {de: 10}}}]", "3: errors.0.source:"),
    ("errors: [{source: here, data: sung, rates: {one: {de: 10}}}]", "3: errors.0.data:"),
    ("errors: [{source: here, data: read, rates: {one: {de: -1}}}]", "3: errors.0.rates.one.de:"),
    ("memory: [{source: here, need: {one: much}}]", "3: memory.0.need.one:"),
    ("larger: {one: two, two: one}", "3: larger.one:"),
]


@pytest.mark.parametrize(("text", "where"), WRONG)
def test_a_figure_without_a_source_or_sense_is_refused_with_its_line(sandbox: Sandbox, text: str, where: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        table(sandbox, text + "\n")
    assert refused.value.message.startswith(f"config/model-figures.yaml:{where}")


@pytest.fixture(scope="module")
def own() -> FigureTable:
    return load(ProjectFolder(REPOSITORY))


def test_the_project_s_figures_are_of_models_and_languages_that_it_knows(own: FigureTable) -> None:
    known = models.load(ProjectFolder(REPOSITORY))
    assert own.models.keys() <= known.keys()
    strays = [
        (name, code) for name, each in own.models.items() for code in each.errors if code not in known[name].languages
    ]
    assert strays == []


def test_every_source_of_the_project_s_figures_is_used(own: FigureTable) -> None:
    named = {rate.source for each in own.models.values() for rates in each.errors.values() for rate in rates}
    named |= {speed.source for each in own.models.values() for speed in (each.cpu_speed, each.gpu_speed) if speed}
    assert own.sources.keys() - named == {"whisper-readme", "faster-whisper-readme", "model-bin"}  # memory and sizes


def test_a_larger_model_gets_fewer_words_wrong_where_both_were_measured_alike(own: FigureTable) -> None:
    """What the choice builds upon where a size was not measured. A point or two are the measurement's own."""
    exceptions = {("whisper-large-v1", "sr")}
    worse = [
        (name, code, rate.data)
        for name, each in own.models.items()
        for code, rates in each.errors.items()
        for rate in rates
        for other in own.of(each.larger or "").errors.get(code, ())
        if other.data == rate.data and other.percent > rate.percent + 1.5 and (name, code) not in exceptions
    ]
    assert worse == []


def test_published_figures_are_there_for_each_model_by_name(own: FigureTable) -> None:
    assert own.of("whisper-base").errors["de"][0] == ErrorRate(17.9, "fleurs", "whisper-paper")
    assert own.of("whisper-large-v3").errors["hi"][0].percent == 17.0
    assert own.of("parakeet-tdt-0.6b-v3").errors["mt"][0].percent == 20.46
    assert own.of("whisper-large-v3").errors["ko"][0].data == "fleurs-characters"
    assert own.of("whisper-base").larger == "whisper-small"
    assert model_figures.FILE == "model-figures.yaml"
