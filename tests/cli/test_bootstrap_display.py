"""How the tasks of ``bootstrap`` are shown on a terminal."""

from rich.console import Console

from pipeline.cli.bootstrap_display import LiveDisplay


def test_a_step_that_is_too_long_is_cut_and_the_names_stay_whole() -> None:
    display = LiveDisplay()
    display.doing("environment whisper", "downloading " + "ctranslate2 (38.1MiB), " * 5)
    display.doing("model whisper-base", "verifying")
    console = Console(width=60)
    with console.capture() as shown:
        console.print(display.shown)
    first, second = shown.get().splitlines()
    assert "environment whisper downloading ctranslate2" in first
    assert "…" in first
    assert "model whisper-base  verifying" in second
