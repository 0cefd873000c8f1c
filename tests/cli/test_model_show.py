"""``pipeline model show``: what is published of a model, with where it comes from."""

from tests.conftest import Sandbox
from tests.prepare.test_recognition_model import FIGURES, MODELS


def test_a_model_is_shown_with_the_words_that_it_gets_wrong_and_who_says_so(ready: Sandbox) -> None:
    ready.write("config/models.yaml", MODELS)
    ready.write("config/model-figures.yaml", FIGURES)
    shown = ready.give("pipeline", "model", "show", "small").out
    assert "per cent of the words wrong (read sentences): en 10, de 20\n" in shown
    assert "figures from: a table that was measured here\n" in shown
    assert "size: not known" in shown
    assert "size: about 2.8 GiB" in ready.give("pipeline", "model", "show", "large").out
    figures = ready.give("pipeline", "model", "show", "small", "--json").data["figures"]
    source = "a table that was measured here"
    assert figures["errors"]["de"] == {"percent": 20, "of": "words", "data": "read sentences", "source": source}
    assert (figures["speed_on_cpu"], figures["speed_on_gpu"], figures["memory"]) == (8, None, None)


def test_of_a_model_without_figures_nothing_is_said(ready: Sandbox) -> None:
    ready.write("config/models.yaml", MODELS)
    shown = ready.give("pipeline", "model", "show", "small")
    assert shown.code == 0, shown.err
    assert "wrong" not in shown.out
