# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["ffmpegs", "languages", "streams", "subtitling", "webvtt_tracks"]
# inputs = ["media"]
# [tool.pipeline.stage.parameters]
# track = ""
# file = ""
# file_digest = ""
# language = ""
# [tool.pipeline.stage.outputs]
# transcript = "transcript.json"
# ///
"""Make a transcript of existing subtitles instead of recognition: of a track of the movie, or of a file.

``transcript.json`` has the form that recognition gives. Its segments are the cues, in order of time; they have no
``words`` that were recognised, but ``timed_words`` where the file says when each is sung, as karaoke does. They may
have a ``speaker`` and an ``alignment`` (the place in the picture), and overlap only where the original shows
two at once. ``notes`` say what was repaired in the subtitles, ``dropped`` which cues were left out.

``track``: a number, from 1 among the subtitle tracks, or a language; without one, the text track that players choose.
``file``: the path of a file instead, with its SHA-256 as ``file_digest``, since a result is reused as long as the
parameters stay the same. ``language``: that of the text, as a person or the file's name says it; else the track's, or
what the file itself says.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import ffmpegs
import languages
import stagekit
import streams
import webvtt_tracks
from subtitling import cue_repair, programme_time, reader, rolling, speaker_lines, transcript_of_cues
from subtitling.cues import Cue

SCHEMA = 2
TOLERANCE = 1.0  # seconds by which a cue may end after the movie without a word: containers round lengths
TEXT = {  # by codec: ffmpeg's format and the suffix of the file that the text is written to
    "subrip": ("srt", ".srt"),
    "srt": ("srt", ".srt"),
    "text": ("srt", ".srt"),
    "mov_text": ("srt", ".srt"),
    "webvtt": ("webvtt", ".vtt"),
    webvtt_tracks.CODEC: ("webvtt", ".vtt"),
    "ass": ("ass", ".ass"),
    "ssa": ("ass", ".ass"),
}
COPIED = ("subrip", "srt", "webvtt", "ass", "ssa")  # not converted, so that the reader finds the encoding
PICTURES = ("hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub")
WAYS_OUT = "Choose a text track or a file with --from-subtitles, or leave that out to have the speech recognised"


class SubtitleSource(NamedTuple):
    """Subtitles as a file, and their origin."""

    file: Path
    what: str  # for people
    language: str  # as the track or file says it; else ``und``


def run(stage: stagekit.Stage) -> None:
    """Find the subtitles, read them in any format and encoding, and repair them."""
    media, wish = stage.input("media"), stage.parameters
    probed = ffmpegs.probe(media)
    source = (
        from_file(wish["file"], wish["file_digest"]) if wish["file"] else from_track(stage, media, probed["streams"])
    )
    stated = languages.tag(wish["language"] or source.language)
    file = read(source, stated, frame_rate_of(probed["streams"]))
    language = stated if stated != languages.UNKNOWN else languages.tag(file.language)
    length = ffmpegs.seconds(probed["format"].get("duration"))
    hours = programme_time.hour_of_start(file.cues, round(length * 1000))
    phrases = programme_time.without_hours(rolling.without_repeats(file.cues), hours)
    cues, repairs = cue_repair.repair(map(speaker_lines.with_turns, phrases))
    duration = max(length, *(cue.end / 1000 for cue in cues), 0.0)
    notes = transcript_of_cues.notes_of(file, repairs, len(file.cues) - len(phrases))
    notes += (
        [f"the subtitles start at hour {hours}, as on a tape; they count from the movie's start now"] if hours else []
    )
    words = programme_time.without_hours(file.words, hours)
    transcript = {**heading(source, language), **transcript_of_cues.content(cues, duration, words), "notes": notes}
    transcript["dropped"] = transcript_of_cues.dropped_of(phrases, repairs)
    for warning in (*warnings_of(file, cues, language, source), *after_the_end(cues, length, source)):
        stage.warn(warning)
    stage.about(engine=transcript["engine"], notes=notes)
    text = json.dumps(transcript, ensure_ascii=False, allow_nan=False, indent=1)
    stage.output("transcript").write_text(text + "\n", encoding="utf-8", newline="\n")


def read(source: SubtitleSource, language: str, frame_rate: float | None) -> reader.SubtitleFile:
    """The file's cues as they are. Raises ``InputUnusable``."""
    try:
        return reader.read(source.file, "" if language == languages.UNKNOWN else language, frame_rate)
    except (reader.Unreadable, OSError) as error:
        raise stagekit.InputUnusable(f"{source.what} is unusable: {error}\n{WAYS_OUT}") from None


def from_file(path: str, digest: str) -> SubtitleSource:
    """A file. Raises ``InputUnusable`` if it can't be read, ``StageFailed`` if it isn't the one with the digest."""
    file = Path(path)
    try:
        actual = "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise stagekit.InputUnusable(f"the subtitles {path!r} can't be read: {error.strerror}\n{WAYS_OUT}") from None
    if actual != digest:
        why = "have changed since the job was prepared" if digest else "were given without their digest (file_digest)"
        raise stagekit.StageFailed(f"the subtitles {path!r} {why}. Prepare the job again, with --from-subtitles FILE")
    return SubtitleSource(file, f"the file {file.name!r}", languages.UNKNOWN)


def from_track(stage: stagekit.Stage, media: Path, found: Sequence[dict]) -> SubtitleSource:
    """A track of the movie, extracted into a file. Raises ``InputUnusable`` and ``StageFailed``."""
    found = webvtt_tracks.with_codecs(media, found)
    track = choose_track(media, streams.of_kind(found, "subtitle"), str(stage.parameters["track"]))
    demuxer, suffix = TEXT[track.codec]
    file = stage.work / f"track{suffix}"
    if track.codec == webvtt_tracks.CODEC:
        webvtt_tracks.save(media, track.stream, file)
        return SubtitleSource(file, f"subtitle track {streams.described(track)}", track.language)
    codec = "copy" if track.codec in COPIED else demuxer
    output = ["-map", f"0:{track.place}", "-c:s", codec, "-f", demuxer, ffmpegs.url(file)]
    done = ffmpegs.run(["-i", ffmpegs.url(media), *output])
    what = f"subtitle track {streams.described(track)}"
    if done.code or not file.exists():
        why = f"{what} can't be read"
        raise stagekit.InputUnusable(ffmpegs.unusable(media, why, done.last_lines, WAYS_OUT))
    return SubtitleSource(file, what, track.language)


def choose_track(media: Path, tracks: Sequence[streams.StreamTrack], wish: str) -> streams.StreamTrack:
    """The track to import. Raises ``StageFailed`` for an unknown one, ``InputUnusable`` if there is none of text."""
    texts = [track for track in tracks if track.codec in TEXT]
    if not tracks:
        raise stagekit.InputUnusable(ffmpegs.unusable(media, "it has no subtitle track", (), WAYS_OUT))
    try:
        track = (
            streams.choose(_texts_first(tracks), wish, "subtitle")
            if wish
            else streams.by_preference(texts or tracks)[0]
        )
    except streams.UnknownTrack as error:
        raise stagekit.StageFailed(f"{str(media)!r}: {error}\n{WAYS_OUT}") from None
    if track.codec in TEXT:
        return track
    how = "consists of pictures, not of text" if track.codec in PICTURES else "is of a kind that can't be read as text"
    there = "; ".join(map(streams.described, texts)) or "none"
    what = f"{str(media)!r}: subtitle track {streams.described(track)} {how}. Text tracks: {there}"
    raise stagekit.InputUnusable(f"{what}\n{WAYS_OUT}")


def _texts_first(tracks: Sequence[streams.StreamTrack]) -> list[streams.StreamTrack]:
    """Without picture tracks of languages that have text: a language means its text. Numbers keep their meaning."""
    languages_of_text = {track.language for track in tracks if track.codec in TEXT}
    return [track for track in tracks if track.codec in TEXT or track.language not in languages_of_text] or list(tracks)


def frame_rate_of(found: Sequence[dict]) -> float | None:
    """Frames per second, for the formats that count frames."""
    picture = streams.picture(found)
    above, _, below = str(picture.stream.get("avg_frame_rate", "")).partition("/") if picture else ("", "", "")
    return int(above) / int(below) if above.isdecimal() and below.isdecimal() and int(above) and int(below) else None


def heading(source: SubtitleSource, language: str) -> dict:
    return {
        "schema": SCHEMA,
        "language": language,
        "language_probability": 0.0 if language == languages.UNKNOWN else 1.0,
        "engine": f"existing subtitles: {source.what}",
        "model": "none",
        "word_times": "none",
    }


def warnings_of(file: reader.SubtitleFile, cues: Sequence[Cue], language: str, source: SubtitleSource) -> list[str]:
    warnings = [f"{source.what}: {note}" for note in file.notes]
    if file.confidence < transcript_of_cues.CERTAIN:
        warnings.append(f"{source.what} was read as {file.encoding}, a guess ({file.confidence:.0%} sure)")
    if not cues:
        warnings.append(f"{source.what} has no cue, so the transcript is empty")
    if language == languages.UNKNOWN:
        warnings.append(f"{source.what} doesn't say its language; give it with -s CODE")
    return warnings


def after_the_end(cues: Sequence[Cue], movie: float, source: SubtitleSource) -> list[str]:
    """A warning for cues that go on after the movie, whose length is in seconds, or 0 where it isn't known."""
    late = [cue.end / 1000 for cue in cues if cue.end / 1000 > movie + TOLERANCE]
    if not movie or not late:
        return []
    what = "1 cue ends" if len(late) == 1 else f"{len(late)} cues end"
    ends = [timedelta(seconds=round(each)) for each in (max(late), movie)]
    times = f"the last one at {ends[0]}, the movie at {ends[1]}"
    return [f"{what} after the movie: {times}. {source.what} may belong to another version of it"]
