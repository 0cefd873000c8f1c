"""Which variant suits which machine."""

import pytest

from pipeline.config.variants import choose


@pytest.mark.parametrize(
    ("accelerator", "there_are", "expected"),
    [
        ("cu128", ["cpu", "cu121", "cu128"], "cu128"),
        ("cu128", ["cpu", "cu118", "cu126", "cu130"], "cu126"),
        ("cu128", ["cpu", "cu92", "cu130"], "cu92"),
        ("cu128", ["cpu", "cu130"], "cpu"),
        ("cu128", ["cu130"], None),
        ("cpu", ["cpu", "cu128"], "cpu"),
        ("cpu", ["cu128"], None),
        ("mps", ["cpu", "mps"], "mps"),
        ("mps", ["cpu"], "cpu"),
        ("rocm6.4", ["cpu", "rocm6.3", "cu128"], "cpu"),
    ],
)
def test_the_nearest_that_runs_is_chosen(accelerator: str, there_are: list[str], expected: str | None) -> None:
    assert choose(accelerator, there_are) == expected
