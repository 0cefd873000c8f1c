"""uv, asked about small packages: where it looks for them, and what it answers without an index."""

from pathlib import Path

import pytest

from pipeline.conflicts.conflicting_lines import explain
from pipeline.conflicts.resolver import Question, UvResolver, resolver_for
from pipeline.envs import uv
from pipeline.errors import NotReady
from tests.conflicts.conftest import OWN, Universe, typed
from tests.conflicts.helpers import hub, in_file


def test_sides_bring_their_own_indexes(universe: Universe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = tmp_path / "requirements" / "wheels"
    wheels.parent.mkdir()
    universe.folder.rename(wheels)
    Universe(wheels).add("hub", "1.0")
    monkeypatch.delenv("UV_FIND_LINKS")
    side = in_file(tmp_path, "one", "--no-index", "--find-links wheels", "--require-hashes", "hub")
    assert side.options == ("--no-index", f"--find-links {wheels}")
    assert explain([side], resolver_for([side]), OWN).conflict is None


def test_the_index_of_a_variant_is_looked_at_beside_the_usual_one(universe: Universe, tmp_path: Path) -> None:
    wheels = tmp_path / "index" / "only-there"
    wheels.mkdir(parents=True)
    wheel = Universe(wheels).add("only_there", "1.0")
    (wheels / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    empty = tmp_path / "usual"
    empty.mkdir()
    options = [f"--index-url file://{empty}"]
    lines = typed("only-there")[0].lines
    for indexes, is_solved in (([], False), ([f"file://{tmp_path}/index"], True)):
        answer = UvResolver(uv.find(), options, indexes).ask(Question(lines, OWN))
        assert answer.is_solved == is_solved, answer.refusal


def test_without_the_network_and_the_metadata_it_says_so(universe: Universe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(NotReady, match="the network is off"):
        explain(typed("nowhere", "nothing"), UvResolver(uv.find()), OWN)


def test_an_index_that_can_not_be_reached_is_no_conflict(universe: Universe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")  # it pauses before each
    with pytest.raises(NotReady, match="the resolver gave no answer"):
        explain(typed("nowhere", "nothing"), UvResolver(uv.find()), OWN)


def test_the_same_question_is_asked_once(universe: Universe) -> None:
    hub(universe)
    resolver = universe.resolver()
    explain(typed("speech==3.0", "models>=5"), resolver, OWN)
    asked = resolver.calls
    explain(typed("speech==3.0", "models>=5"), resolver, OWN)
    assert resolver.calls == asked <= 20
