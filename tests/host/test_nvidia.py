"""What nvidia-smi prints, as it was recorded on machines that have it."""

import pytest

from pipeline.host.nvidia import banner, slices

BANNERS = {
    "a usual one": (
        "| NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |",
        ("550.54.15", (12, 4)),
    ),
    "since version 610": (
        "| NVIDIA-SMI 610.43.02              KMD Version: 610.43.02     CUDA UMD Version: 13.3     |",
        ("610.43.02", (13, 3)),
    ),
    "an old one": (
        "| NVIDIA-SMI 384.130                Driver Version: 384.130                   |",
        ("384.130", None),
    ),
    "a container without CUDA": (
        "| NVIDIA-SMI 535.161.08             Driver Version: 535.161.08   CUDA Version: N/A      |",
        ("535.161.08", None),
    ),
    "a driver that can't say": (
        "| NVIDIA-SMI 470.57.02    Driver Version: 470.57.02    CUDA Version: ERR!     |",
        ("470.57.02", None),
    ),
    "nothing": ("", (None, None)),
}
LISTED = """GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f)
  MIG 3g.20gb     Device  0: (UUID: MIG-c7384736-a75d-5afc-978f-d2f1294409fd)
  MIG 1g.5gb+me   Device  1: (UUID: MIG-28ca5d98-3f40-5d45-a7b4-2f0a4f1b0b7b)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-a5d89d53-d268-c3f3-1b07-005d5ae1dc3f)
"""


@pytest.mark.parametrize("name", BANNERS)
def test_the_banner_tells_driver_and_cuda(name: str) -> None:
    text, expected = BANNERS[name]
    assert banner(f"Thu Jun  5 10:00:00 2025\n+------+\n{text}\n|------+\n") == expected


def test_the_slices_of_a_divided_card_are_told() -> None:
    assert slices(LISTED) == ("3g.20gb", "1g.5gb+me")


def test_whole_cards_have_no_slices() -> None:
    assert slices(LISTED.splitlines()[0]) == ()
