import re

import pytest
from soundtrack.mixes import Mix, pan_filter


def sums(pan: str) -> list[str]:
    name, *each = pan.split("|")
    assert name.startswith("pan=")
    return [re.sub(r"^c\d<", "", one) for one in each]


def test_channels_are_named_so_that_any_layout_fits() -> None:
    made = sums(pan_filter({"channels": 2, "channel_layout": "stereo"}))
    assert len(made) == len(Mix)
    assert all(f"1{name}" in made[Mix.ALL] for name in ("FL", "FR"))
    assert "FR" not in made[Mix.LEFT]
    assert "LFE" not in made[Mix.ALL]


@pytest.mark.parametrize(
    ("stream", "total"),
    [
        ({"channels": 10, "channel_layout": "unknown"}, "+".join(f"c{each}" for each in range(10))),
        ({"channels": 4, "channel_layout": "ambisonic 1"}, "c0"),
    ],
)
def test_channels_without_names_are_all_mixed(stream: dict[str, object], total: str) -> None:
    assert set(sums(pan_filter(stream))) == {total}
