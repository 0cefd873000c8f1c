"""What media workflows cost and how well they hear, against the usual command, on the same movies in one run.

Base model, int8, on CPUs. The movies are made of the sample: real English speech with pauses and some noise.

five_ratio           five movies: prepare-job and run-pipeline, no worker kept / whisper-ctranslate2 on the same files
                     in one process, with voice activity detection and word times; the median of the pairs' ratios
five_wrong_words     word error rate of ours, percent
peer_wrong_words     the same of whisper-ctranslate2
long_ratio           a ten-minute movie, cut at pauses / recognised in one piece by the library, both from the audio
long_wrong_words     word error rate of ours, percent
piece_wrong_words    the same of the one piece. The movie tells one text again and again, and the library, which reads
                     what it wrote before, knows it by the second time
unprompted_wrong_words  the same of the one piece where the library doesn't read that, as ours never does
other_share          a one-hour movie with subtitles: seconds of all other stages / those of the recognition
memory_ratio         the most memory of the recognition: a two-hour movie / the ten-minute one, both in fresh processes
older_ratio          with --against FOLDER: the ten-minute movie's recognition / the same by the checkout in FOLDER, as
                     an older commit, whose own scripts/setup.sh made its .venv-dev; median of the pairs' ratios

Exit code 3: a figure that was asked for could not be measured; 1, with --check: a limit is missed.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import contenders
import speech
from figures import Figures, add_options, stop
from measuring import Checkout, Failed, checkouts, timed
from media_place import RECOGNITION, Place, of_older_checkout, of_this_checkout, recognised, stage_seconds

PEER = ("whisper-ctranslate2==0.5.8",)
ONE_PIECE = Path(__file__).parent / "peers" / "one_piece.py"
LIMITS = {"five_ratio": 0.85, "long_ratio": 1.0, "other_share": 0.03, "memory_ratio": 1.3, "older_ratio": 1.0}


def five(place: Place) -> Mapping[str, float]:
    """Raises ``Failed``."""
    environment = contenders.install(PEER, place.peers)
    movies = [place.folder / f"movie{number}.mp4" for number in range(5)]
    said = [speech.make(place.ffmpeg, movie, 3, number) for number, movie in enumerate(movies)]
    ours, peers = place.folder / "ours", place.folder / "theirs"

    def run_ours() -> float:
        return recognised(place, movies, ours)

    def run_theirs() -> float:
        return timed(_peer_command(place, environment, movies, place.fresh(peers.name)))

    ratio = _median_ratio(place.pairs, run_ours, run_theirs)
    return {
        "five_ratio": ratio,
        "five_wrong_words": _mean_wrong(said, [ours / f"{movie.stem}.json" for movie in movies]),
        "peer_wrong_words": _mean_wrong(said, [peers / f"{movie.stem}.json" for movie in movies]),
    }


def _peer_command(place: Place, environment: Path, movies: Sequence[Path], out: Path) -> list[str | Path]:
    """As its manual has it. It takes all CPUs that there are with 0 threads named."""
    how: list[str | Path] = [
        "--device",
        "cpu",
        "--compute_type",
        "int8",
        "--vad_filter",
        "True",
        "--word_timestamps",
        "True",
    ]
    what: list[str | Path] = ["--language", "en", "--output_format", "json", "--output_dir", out, "--verbose", "False"]
    return [environment / "bin" / "whisper-ctranslate2", *movies, "--model_directory", place.model, *how, *what]


def long(place: Place) -> Mapping[str, float]:
    """Raises ``Failed``."""
    movie = place.folder / "long.mp4"
    said = speech.make(place.ffmpeg, movie, 13)
    audio, ours = place.folder / "long.wav", place.folder / "ours"
    piece, unprompted = place.folder / "piece.json", place.folder / "unprompted.json"
    timed([place.ffmpeg, "-v", "error", "-y", "-i", movie, "-vn", "-ac", "1", "-ar", "16000", audio])
    python = place.project / "venv" / "whisper" / "bin" / "python"

    def run_ours() -> float:
        recognised(place, [movie], ours)
        return float(json.loads((ours / "seconds.json").read_bytes()))

    def run_one_piece() -> float:
        return timed([python, "-I", "-B", ONE_PIECE, place.model, audio, piece])

    ratio = _median_ratio(place.pairs, run_ours, run_one_piece)
    timed([python, "-I", "-B", ONE_PIECE, place.model, audio, unprompted, "unprompted"])
    return {
        "long_ratio": ratio,
        "long_wrong_words": _mean_wrong([said], [ours / "long.json"]),
        "piece_wrong_words": _mean_wrong([said], [piece]),
        "unprompted_wrong_words": _mean_wrong([said], [unprompted]),
    }


def other(place: Place) -> Mapping[str, float]:
    """Raises ``Failed``."""
    part, movie = place.folder / "part.mp4", place.folder / "hour.mp4"
    speech.make(place.ffmpeg, part, 13)
    speech.repeat(place.ffmpeg, part, 6, movie)
    id = place.call("prepare-job", str(movie), "--subtitle", "-s", "en").strip()
    place.call("run-pipeline", "-j", id)
    seconds = stage_seconds(place, id)
    shutil.rmtree(place.project / "jobs" / id)
    recognition = sum(spent for name, spent in seconds.items() if name in RECOGNITION)
    return {"other_share": round((sum(seconds.values()) - recognition) / recognition, 4)}


def memory(place: Place) -> Mapping[str, float]:
    """Raises ``Failed``."""
    movie, longer = place.folder / "long.mp4", place.folder / "longer.mp4"
    speech.make(place.ffmpeg, movie, 13)
    speech.repeat(place.ffmpeg, movie, 12, longer)
    held = [_held(place, each) for each in (longer, movie)]
    return {"memory_ratio": round(held[0] / held[1], 3)}


def _held(place: Place, movie: Path) -> float:
    out = place.folder / "held"
    recognised(place, [movie], out, "--start", "cold")
    held = float(json.loads((out / "memory.json").read_bytes()))
    if not held:
        raise Failed("this system doesn't say how much memory a process held")
    return held


def against_older(place: Place, checkout: Checkout) -> Mapping[str, float]:
    """Raises ``Failed``."""
    movie, out = place.folder / "long.mp4", place.folder / "out"
    speech.make(place.ffmpeg, movie, 13)
    older = of_older_checkout(place, checkout)

    def seconds_of(build: Place) -> float:
        recognised(build, [movie], out)
        return float(json.loads((out / "seconds.json").read_bytes()))

    ratio = _median_ratio(place.pairs, lambda: seconds_of(place), lambda: seconds_of(older))
    return {"older_ratio": ratio}


def _mean_wrong(said: Sequence[str], files: Sequence[Path]) -> float:
    """Of all their words."""
    heard = [" ".join(each["text"] for each in json.loads(file.read_bytes())["segments"]) for file in files]
    return round(speech.wrong_words("\n".join(said), "\n".join(heard)), 2)


def _median_ratio(pairs: int, ours: Callable[[], float], theirs: Callable[[], float]) -> float:
    """Over pairs, each side first in turn. Nothing is warmed: a person's first run isn't either."""
    ratios = []
    for number in range(pairs):
        if number % 2:
            seconds = theirs()
            ratios.append(ours() / seconds)
        else:
            seconds = ours()
            ratios.append(seconds / theirs())
    return round(statistics.median(ratios), 3)


OLDER = "older"  # the part that --against adds
Part = Callable[[Place], Mapping[str, float]]
PARTS: Mapping[str, Part] = {"five": five, "long": long, "other": other, "memory": memory}
NAMES = {
    "five": ("five_ratio", "five_wrong_words", "peer_wrong_words"),
    "long": ("long_ratio", "long_wrong_words", "piece_wrong_words", "unprompted_wrong_words"),
    "other": ("other_share",),
    "memory": ("memory_ratio",),
}


def main() -> int:
    arguments = _arguments()
    figures = Figures(limits=dict(LIMITS))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        try:
            place = of_this_checkout(Path(folder), arguments.pairs, arguments.peers)
        except Failed as failed:
            return stop(failed)
        for name in (each for each in arguments.only or PARTS if each != OLDER):
            figures.measure_all(NAMES[name], partial(PARTS[name], place))
        for checkout in arguments.against if OLDER in (arguments.only or [OLDER]) else ():
            figures.measure_all(["older_ratio"], partial(against_older, place, checkout))
    return figures.end(arguments)


def _arguments() -> argparse.Namespace:
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pipeline-bench"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--only", action="append", choices=(*PARTS, OLDER), help="this part; may be repeated")
    parser.add_argument("--against", type=checkouts, default=(), metavar="FOLDER", help="an older checkout")
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("TMPDIR", "/tmp")))
    parser.add_argument("--peers", type=Path, default=cached, help="where the peer's environment stays")
    arguments = parser.parse_args()
    if OLDER in (arguments.only or ()) and not arguments.against:
        parser.error(f"--only {OLDER} compares with a checkout: add --against FOLDER")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
