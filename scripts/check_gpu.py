"""Whether speech recognition uses this machine's GPU, and how well: to be run once by somebody who has one.

    .venv/bin/python scripts/check_gpu.py [--asr ENGINE] [--model NAME] [--times N]

It recognises the sample with the project's own stages, and prints the GPU, the device that computed, each step down to
less memory or to the CPU, the real-time factor (seconds of work for a second of sound, with the loading of the model),
and the share of wrong words. No job is left in the project.

Exit code 0: the GPU computed, or there is none here, which is said; 1: there is one, and it was not used as hoped, or
the text is wrong; 3: something is missing, which is said with the command that gets it.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE = PROJECT / "samples" / "two_cities.mp4"
PARTS = ("config", "models", "requirements", "stages", "venv")
STAGES = ("asr", "onnx_recognition", "whisperx_asr")
MOST_WRONG = 0.1  # share of words; more means that the GPU computes nonsense
PATIENCE = 3600  # seconds for one command


class MissingPart(Exception):
    """A command failed; the message is its own."""


@dataclass(frozen=True)
class GpuCheck:
    """What was measured."""

    gpus: tuple[str, ...]  # the names of the cards of this machine
    engine: str
    model: str
    computed_on: dict[str, Any]  # what the stage told of itself: device, numbers, windows_at_a_time, steps_down
    seconds: float  # of work
    sound: float  # seconds
    wrong: float  # share of the words

    @property
    def used_gpu(self) -> bool:
        return str(self.computed_on.get("device", "")).startswith("GPU")

    @property
    def is_well(self) -> bool:
        """Whether all is as hoped, or there was nothing to hope for."""
        return self.wrong <= MOST_WRONG and (
            not self.gpus or (self.used_gpu and not self.computed_on.get("steps_down"))
        )


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    options.add_argument("--asr", default="faster-whisper", help="engine: faster-whisper or onnx-asr")
    options.add_argument("--model", default="whisper-base", help="model of that engine")
    options.add_argument("--times", type=int, default=1, help="how often the sample is told; more than 1 needs ffmpeg")
    chosen = options.parse_args()
    try:
        check = measure(chosen.asr, chosen.model, max(chosen.times, 1))
    except MissingPart as missing:
        print(missing, file=sys.stderr)
        return 3
    print(*report(check), sep="\n")
    return 0 if check.is_well else 1


def measure(engine: str, model: str, times: int) -> GpuCheck:
    """Raises ``MissingPart`` where a command fails."""
    hardware = json.loads(run("pipeline", "--root", PROJECT, "hardware", "--json"))["data"]
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        project.mkdir()
        for name in PARTS:
            (project / name).symlink_to(PROJECT / name)
        sound = SAMPLE if times == 1 else repeated(times, Path(folder) / "sample.mp4")
        named = ["--transcribe", "--asr", engine, "--model", model, "--", str(sound)]
        job = run("prepare-job", "--root", project, *named).strip()
        run("run-pipeline", "--root", project, "-j", job)
        output = project / "jobs" / job / "output"
        transcript = json.loads(one(output, "*.transcript.json").read_bytes())
        stages = json.loads(one(output / "about", "*.transcript.json.json").read_bytes())["stages"]
    (stage,) = [each for each in stages if each["name"] in STAGES]
    said = " ".join([SAMPLE.with_suffix(".txt").read_text(encoding="utf-8")] * times)
    heard = " ".join(segment["text"] for segment in transcript["segments"])
    return GpuCheck(
        tuple(str(gpu["name"]) for gpu in hardware["gpus"]),
        transcript["engine"],
        model,
        stage["about"].get("computed_on", {}),
        float(stage["seconds"]),
        float(transcript["duration_s"]),
        wrong_words(said, heard),
    )


def report(check: GpuCheck) -> Iterator[str]:
    """Lines for a person."""
    on, factor = check.computed_on, check.seconds / max(check.sound, 0.001)
    steps = on.get("steps_down", [])
    yield f"GPU                {', '.join(check.gpus) or 'none'}"
    yield f"engine             {check.engine}"
    yield f"model              {check.model}"
    yield f"computed on        {on.get('device', 'unknown: the engine does not tell')}"
    if on:
        many = on["windows_at_a_time"]
        yield f"numbers            {on['numbers']}, {many} window{'s' * (many > 1)} at a time"
    yield f"steps down         {len(steps) or 'none'}"
    yield from (f"                   {step}" for step in steps)
    yield f"real-time factor   {factor:.3f}   ({check.seconds:.1f} s for {check.sound:.1f} s of sound)"
    yield f"wrong words        {check.wrong:.1%}"
    yield ""
    yield verdict(check)


def verdict(check: GpuCheck) -> str:
    if check.wrong > MOST_WRONG:
        return "The text is wrong. Please report these lines."
    if not check.gpus:
        return "There is no GPU on this machine, so the CPU computed: nothing was found out about GPUs."
    if not check.used_gpu:
        return f"There is a GPU, and it was NOT used ({check.computed_on.get('device', 'nobody tells what was')})."
    if check.computed_on.get("steps_down"):
        return "The GPU computed, but not as it was meant to at first: see the steps down."
    return "The GPU computed, without any step down."


def wrong_words(said: str, heard: str) -> float:
    """The word error rate (0 is perfect), whatever the case and punctuation."""
    wanted, found = words(said), words(heard)
    row = list(range(len(found) + 1))
    for count, word in enumerate(wanted, start=1):
        before, row = row, [count]
        for place, other in enumerate(found, start=1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (word != other)))
    return row[-1] / max(len(wanted), 1)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def repeated(times: int, longer: Path) -> Path:
    """The sample told so often. Raises ``MissingPart``."""
    ffmpeg = PROJECT / "venv" / "ffmpeg" / "provides" / "ffmpeg"
    command = [str(ffmpeg) if ffmpeg.exists() else "ffmpeg", "-v", "error", "-stream_loop", str(times - 1)]
    _call([*command, "-i", str(SAMPLE), "-map", "0", "-c", "copy", str(longer)])
    return longer


def one(folder: Path, pattern: str) -> Path:
    (file,) = folder.glob(pattern)
    return file


def run(name: str, *arguments: str | Path) -> str:
    """One of this project's commands; what it printed. Raises ``MissingPart``."""
    places = [Path(sys.executable).parent, PROJECT / ".venv" / "bin"]
    program = next((place / name for place in places if (place / name).is_file()), None)
    if program is None:
        raise MissingPart(f"error: {name} isn't installed\nnext:  ./bootstrap.sh")
    return _call([str(program), *map(str, arguments)])


def _call(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingPart(f"error: {error}") from error
    if done.returncode:
        raise MissingPart(done.stderr.strip() or f"error: {command[0]} ended with exit code {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
