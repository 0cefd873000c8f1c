# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["ffmpegs", "languages", "streams", "subtitling"]
# inputs = ["media"]
# [tool.pipeline.stage.parameters]
# track = ""
# file = ""
# file_digest = ""
# language = ""
# [tool.pipeline.stage.outputs]
# transcript = "transcript.json"
# ///
"""Take subtitles that exist as a transcript, so that recognition can be left out: a track of the movie, or a file.

``transcript.json`` is of the form that recognition gives. Its segments are the cues, in order of time, none reaching
into the next, and have no words; ``notes`` say what was wrong with the subtitles and put right, ``dropped`` what was
left out.

``track``: a number, from 1 among the subtitle tracks, or a language; without one, the text track that players take.
``file``: the path of a file instead, with its SHA-256 as ``file_digest``, since a result is reused as long as the
parameters stay the same. ``language``: that of the text, where neither the track nor the file's name
(``movie.pl.srt``) says it.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import ffmpegs
import languages
import stagekit
import streams
from subtitling import cue_repair, reader
from subtitling.cues import Cue

SCHEMA = 2
TEXT = {  # codecs, and the demuxer and suffix that their text is written to a file with
    "subrip": ("srt", ".srt"),
    "srt": ("srt", ".srt"),
    "text": ("srt", ".srt"),
    "mov_text": ("srt", ".srt"),
    "webvtt": ("webvtt", ".vtt"),
    "ass": ("ass", ".ass"),
    "ssa": ("ass", ".ass"),
}
AS_IT_IS = ("subrip", "srt", "webvtt", "ass", "ssa")  # copied, so that its encoding is found out here
PICTURES = ("hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub")
WAYS_OUT = "Choose a text track or a file with --from-subtitles, or leave that out to have the speech recognised"
ADDITIONS = ("forced", "sdh", "cc", "hi", "default")  # what players know in a name, after the language
DASHES = ("-", "–", "—", "‐")
MENDED = {
    "order": "cues stood in another order than that of time",
    "no-time": "cues had no time to be shown, and got half a second",
    "twice": "cues were there twice",
    "together": "cues were shown at the same time, and were put into one",
    "overlap": "cues reached into the next one, and were cut short",
}


class Source(NamedTuple):
    """Subtitles as a file, and where they come from."""

    file: Path
    what: str  # for people
    language: str  # as it says itself; und where it doesn't


def run(stage: stagekit.Stage) -> None:
    """Find the subtitles, read them in whatever encoding, put right what can be, and tell it."""
    media, wish = stage.input("media"), stage.parameters
    found = ffmpegs.probe(media)
    source = of_file(wish["file"], wish["file_digest"]) if wish["file"] else of_track(stage, media, found["streams"])
    language = languages.base(wish["language"] or source.language)
    try:
        read = reader.read(source.file, "" if language == languages.UNKNOWN else language, rate_of(found["streams"]))
    except (reader.Unreadable, OSError) as error:
        raise stagekit.InputUnusable(f"{source.what} is unusable: {error}\n{WAYS_OUT}") from None
    cues, mended = cue_repair.mend(read.cues)
    duration = max(ffmpegs.seconds(found["format"].get("duration")), *(cue.end / 1000 for cue in cues), 0.0)
    notes = notes_of(read, mended)
    transcript = {**heading(source, language), **content(cues, duration), "notes": notes}
    transcript["dropped"] = dropped_of(read.cues, mended)
    for warning in warnings_of(cues, language, source):
        stage.warn(warning)
    stage.about(engine=transcript["engine"], notes=notes)
    text = json.dumps(transcript, ensure_ascii=False, allow_nan=False, indent=1)
    stage.output("transcript").write_text(text + "\n", encoding="utf-8", newline="\n")


def of_file(path: str, digest: str) -> Source:
    """A file beside the movie or anywhere. Raises where it isn't what the job was prepared with."""
    file = Path(path)
    try:
        found = "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise stagekit.InputUnusable(f"the subtitles {path!r} can't be read: {error.strerror}\n{WAYS_OUT}") from None
    if found != digest:
        why = "have changed since the job was prepared" if digest else "were given without their digest (file_digest)"
        raise stagekit.StageFailed(f"the subtitles {path!r} {why}. Prepare the job again, with --from-subtitles FILE")
    return Source(file, f"the file {file.name!r}", language_of(file))


def language_of(file: Path) -> str:
    """``pl`` of ``movie.pl.srt`` and of ``movie.pl.forced.srt``."""
    words = file.name.split(".")[1:-1]
    if len(words) > 1 and words[-1].lower() in ADDITIONS and languages.is_known(words[-2]):
        words.pop()
    return languages.tag(words[-1]) if words and languages.is_known(words[-1]) else languages.UNKNOWN


def of_track(stage: stagekit.Stage, media: Path, found: Sequence[dict]) -> Source:
    """A track of the movie, taken out of it."""
    track = chosen(media, streams.of_kind(found, "subtitle"), str(stage.parameters["track"]))
    demuxer, suffix = TEXT[track.codec]
    file = stage.work / f"track{suffix}"
    codec = "copy" if track.codec in AS_IT_IS else demuxer
    output = ["-map", f"0:{track.place}", "-c:s", codec, "-f", demuxer, ffmpegs.url(file)]
    done = ffmpegs.run(["-i", ffmpegs.url(media), *output])
    what = f"subtitle track {streams.described(track)}"
    if done.code or not file.exists():
        why = f"{what} can't be read"
        raise stagekit.InputUnusable(ffmpegs.unusable(media, why, done.said, WAYS_OUT))
    return Source(file, what, track.language)


def chosen(media: Path, tracks: Sequence[streams.Track], wish: str) -> streams.Track:
    """Raises ``StageFailed`` or ``InputUnusable`` where there is none, or none of text."""
    texts = [track for track in tracks if track.codec in TEXT]
    if not tracks:
        raise stagekit.InputUnusable(ffmpegs.unusable(media, "it has no subtitle track", (), WAYS_OUT))
    try:
        track = (
            streams.chosen(_texts_first(tracks), wish, "subtitle")
            if wish
            else streams.by_preference(texts or tracks)[0]
        )
    except streams.Unknown as error:
        raise stagekit.StageFailed(f"{str(media)!r}: {error}\n{WAYS_OUT}") from None
    if track.codec in TEXT:
        return track
    how = "consists of pictures, not of text" if track.codec in PICTURES else "is of a kind that can't be read as text"
    there = "; ".join(map(streams.described, texts)) or "none"
    what = f"{str(media)!r}: subtitle track {streams.described(track)} {how}. Text tracks: {there}"
    raise stagekit.InputUnusable(f"{what}\n{WAYS_OUT}")


def _texts_first(tracks: Sequence[streams.Track]) -> list[streams.Track]:
    """A language that is there as text and as pictures means the text; a number always means that track."""
    languages_of_text = {track.language for track in tracks if track.codec in TEXT}
    return [track for track in tracks if track.codec in TEXT or track.language not in languages_of_text] or list(tracks)


def rate_of(found: Sequence[dict]) -> float | None:
    """Frames per second, for the formats that count frames."""
    picture = streams.picture(found)
    above, _, below = str(picture.stream.get("avg_frame_rate", "")).partition("/") if picture else ("", "", "")
    return int(above) / int(below) if above.isdecimal() and below.isdecimal() and int(above) and int(below) else None


def heading(source: Source, language: str) -> dict:
    return {
        "schema": SCHEMA,
        "language": language,
        "language_probability": 0.0 if language == languages.UNKNOWN else 1.0,
        "engine": f"existing subtitles: {source.what}",
        "model": "none",
        "word_times": "none",
    }


def content(cues: Sequence[Cue], duration: float) -> dict:
    """Segments, and as speech the times of the cues: nothing else is known of it."""
    segments = [{"start": cue.start / 1000, "end": cue.end / 1000, "text": text_of(cue)} for cue in cues]
    spoken = round(sum(cue.end - cue.start for cue in cues) / 1000, 3)
    return {
        "duration_s": round(duration, 3),
        "segments": segments,
        "speech": [[segment["start"], segment["end"]] for segment in segments],
        "coverage": {"speech_s": spoken, "covered_s": spoken, "share": 1.0},
    }


def text_of(cue: Cue) -> str:
    """In one line, unless its lines are what several people say."""
    lines = cue.lines
    is_dialogue = len(lines) > 1 and sum(line.lstrip("<ibu>").startswith(DASHES) for line in lines) > 1
    return ("\n" if is_dialogue else " ").join(lines)


def notes_of(read: reader.Subtitles, mended: Sequence[cue_repair.Mended]) -> list[str]:
    notes = []
    if not read.encoding.startswith("utf"):
        notes.append(f"the subtitles don't say their encoding; they read best as {read.encoding}")
    for what, text in MENDED.items():
        count = sum(each.what == what for each in mended)
        if count:
            notes.append(f"{count} {text}")
    return notes


def dropped_of(cues: Sequence[Cue], mended: Sequence[cue_repair.Mended]) -> list[dict]:
    empty = [number for each in mended if each.what == "empty" for number in each.cues]
    return [
        {"start": cue.start / 1000, "end": cue.end / 1000, "text": cue.text, "reason": "the cue has no text"}
        for cue in (cues[number - 1] for number in empty)
    ]


def warnings_of(cues: Sequence[Cue], language: str, source: Source) -> list[str]:
    warnings = []
    if not cues:
        warnings.append(f"{source.what} has no cue, so the transcript is empty")
    if language == languages.UNKNOWN:
        warnings.append(f"{source.what} doesn't say its language; give it with -s CODE")
    return warnings
