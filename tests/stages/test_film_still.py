from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def film_still(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("film_still")


def test_cues_are_drawn_at_the_times_of_the_film(film_still: ModuleType) -> None:
    """ffmpeg begins its clock where it begins to read, and libass draws what is due by that clock."""
    made = film_still.arguments(
        Path("/in/a: b.mp4"), 2, 61.5, ["subtitles=filename=subtitles.ass"], Path("/out/still.jpg")
    )
    values = dict(pairwise(made))
    assert made.index("-ss") < made.index("-i")
    assert values["-ss"] == "61.500"
    assert values["-vf"].startswith("setpts=PTS+61.500/TB,subtitles=")
    assert (values["-map"], values["-i"]) == ("0:2", "file:/in/a: b.mp4")
