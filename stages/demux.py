# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["ffmpegs", "languages", "soundtrack", "streams", "timestamps"]
# inputs = ["media"]
# [tool.pipeline.stage.parameters]
# audio_track = ""
# [tool.pipeline.stage.outputs]
# audio = "audio.wav"
# peaks = "peaks.bin"
# ///
"""Extract an audio track of a movie or recording for speech recognition.

``audio.wav``: 16 kHz, mono, signed 16 bit. Time 0 is the start of the movie: where the audio starts later or has holes,
it has silence, so that a time in the WAV is a time in the movie. All channels are mixed into one. Where they cancel
each other out, or noise drowns the speech, one of them is taken alone or raised, and a note says so.

``peaks.bin``: for each hundredth of a second of it the least and the greatest sample, each a signed byte, for drawing a
waveform.

``audio_track``: a number, from 1 among the audio tracks, or a language in any form (``es``, ``spa``, ``Spanish``).
Without one it is the track that players choose, or if that is broken, the next one, with a warning.
"""

import errno
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ffmpeg
import ffmpegs
import stagekit
import streams
import timestamps
from soundtrack import extraction
from soundtrack.decoder import BETWEEN, SAMPLE_RATE
from soundtrack.mixes import pan_filter

# Shares of a track's packets that may be undecodable. If there are more, ffmpeg's exit code isn't 0.
GOOD_TRACK = 0.05  # a recording with a scratch
DAMAGED_TRACK = 2 / 3  # if there is no better track; with a warning


def run(stage: stagekit.Stage) -> None:
    """Extract the audio, then judge it by its length and by the packets that ffmpeg couldn't decode."""
    media = stage.input("media")
    probed = ffmpegs.probe(media)
    tracks = streams.of_kind(probed["streams"], "audio")
    if not tracks:
        raise stagekit.InputUnusable(ffmpegs.unusable(media, "it has no audio track"))
    wanted = candidates(media, tracks, str(stage.parameters["audio_track"]))
    extracted = first_usable(stage, media, probed, wanted)
    if extracted.done.undecodable:
        what = f"{extracted.done.undecodable} packets of audio track {extracted.track.number} can't be decoded"
        stage.warn(f"{what}; what is said there is missing in the result")
    _warn_of_holes(stage, extracted, ffmpegs.seconds(probed["format"].get("start_time")))
    _warn_if_cut_off(stage, extracted.seconds, extracted.stated)
    _warn_if_silent(stage, extracted, len(tracks))
    notes = extraction.notes(extracted.summary)
    for note in notes:
        stage.warn(note)
    stage.about(audio_track=streams.described(extracted.track), audio_tracks=len(tracks), notes=notes)


def candidates(media: Path, tracks: list[streams.StreamTrack], wish: str) -> list[streams.StreamTrack]:
    """The track that was asked for, or all tracks by preference. Raises ``StageFailed`` if there is no such track."""
    if not wish:
        return streams.by_preference(tracks)
    try:
        return [streams.choose(tracks, wish, "audio")]
    except streams.UnknownTrack as error:
        raise stagekit.StageFailed(f"{str(media)!r}: {error}. Choose one of them with --audio-track") from None


def first_usable(
    stage: stagekit.Stage, media: Path, probed: Mapping[str, Any], tracks: list[streams.StreamTrack]
) -> extraction.ExtractedAudio:
    """Extract the first good track, else the first that is only damaged. Raises ``InputUnusable`` if all are worse."""
    tried = []
    jumps, doubtful = timestamps.jumps(media, probed)
    if doubtful:
        stage.warn(
            f"the times of the sound step forward by {max(doubtful):.0f} s, as where two recordings were joined; "
            "if that is a hole in one recording, the cues after it are early by as much"
        )
    for tolerated in (GOOD_TRACK, DAMAGED_TRACK):
        for track in tracks:
            extracted = _extract(stage, media, probed, track, ("-max_error_rate", str(tolerated), *jumps))
            tried.append(extracted)
            if extracted.is_usable:
                if track is not tracks[0]:
                    broken, instead = streams.described(tracks[0]), streams.described(track)
                    stage.warn(f"audio track {broken} is broken, so it is track {instead} that was taken")
                return extracted
    numbers = ", ".join(str(track.number) for track in tracks)
    why = f"its audio can't be decoded (track {numbers})" if len(tracks) > 1 else "its audio can't be decoded"
    raise stagekit.InputUnusable(ffmpegs.unusable(media, why, tried[0].done.last_lines))


def _extract(
    stage: stagekit.Stage,
    path: Path,
    probed: Mapping[str, Any],
    track: streams.StreamTrack,
    options: Sequence[str],
) -> extraction.ExtractedAudio:
    audio, media = stage.output("audio"), ffmpegs.media_file(path, probed)

    def on_progress(seconds: float) -> None:
        if media.duration:
            stage.progress(seconds / media.duration)

    try:
        command = _command(media, timestamps.companions(probed, track.place), track, options)
        summary, done = extraction.extract(command, audio, stage.output("peaks"), on_progress)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        raise stagekit.StageFailed(f"{audio} can't be written: {error.strerror}. Make room and run again") from error
    stated = 0.0 if timestamps.has_jumps(probed) else _stated_seconds(track.stream, probed["format"])
    return extraction.ExtractedAudio(track, summary, done, stated)


def _command(
    media: ffmpegs.MediaFile, companions: list[int], track: streams.StreamTrack, options: Sequence[str]
) -> list[str]:
    """ffmpeg's arguments. ``companions`` are streams that must be read, too, ``options`` those for all of its work."""
    movie = ffmpeg.input(ffmpegs.url(media.path), **media.queue.of_input())
    sound = movie[str(track.place)].output(
        "pipe:1",
        af=f"atrim=start=0,{pan_filter(track.stream)}",
        ar=SAMPLE_RATE,
        acodec="pcm_s16le",
        format=BETWEEN,
        map_metadata=-1,
        **media.queue.of_output(),
    )
    outputs = [sound]
    if companions:  # read, and thrown away
        outputs.append(ffmpeg.output(*[movie[str(place)] for place in companions], "-", c="copy", format="null"))
    return ffmpeg.get_args(ffmpeg.merge_outputs(*outputs).global_args(*options))


def _stated_seconds(stream: Mapping[str, Any], container: Mapping[str, Any]) -> float:
    """Seconds that the audio stream states, or else its container; 0 if none does.

    Matroska has them in a tag, and states the time of the end, so the time of the start is less.
    """
    own = ffmpegs.seconds(stream.get("duration", stream.get("tags", {}).get("DURATION")))
    is_end = str(container.get("format_name", "")).startswith("matroska")
    begin = ffmpegs.seconds(container.get("start_time")) if is_end else 0.0
    return max(0.0, (own or ffmpegs.seconds(container.get("duration"))) - begin)


def _warn_of_holes(stage: stagekit.Stage, extracted: extraction.ExtractedAudio, begin: float) -> None:
    """Parts that are missing in the file are no decoding errors, so they are found by the length."""
    late = max(0.0, ffmpegs.seconds(extracted.track.stream.get("start_time")) - begin)
    missing = extracted.seconds - late - extracted.sound
    if missing > max(1, 0.01 * extracted.seconds):
        stage.warn(
            f"{missing:.1f} s of {extracted.seconds:.1f} s of audio track {extracted.track.number} aren't in the file. "
            "It may be damaged; what is said there is missing in the result"
        )


def _warn_if_cut_off(stage: stagekit.Stage, seconds: float, stated: float) -> None:
    missing = stated - seconds
    if missing > max(1, 0.01 * stated):
        stage.warn(
            f"the audio ends at {seconds:.1f} s of {stated:.1f} s: {missing:.1f} s are missing. "
            "The file may be cut off; the result covers what is there"
        )


def _warn_if_silent(stage: stagekit.Stage, extracted: extraction.ExtractedAudio, tracks: int) -> None:
    if extracted.summary.loudest < extraction.SILENT:
        advice = f". The movie has {tracks} audio tracks; choose another with --audio-track" if tracks > 1 else ""
        stage.warn(f"audio track {streams.described(extracted.track)} is silent from its start to its end{advice}")
