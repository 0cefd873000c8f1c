# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["ffmpegs", "languages", "streams"]
# inputs = ["media"]
# [tool.pipeline.stage.parameters]
# audio_track = ""
# [tool.pipeline.stage.outputs]
# audio = "audio.wav"
# ///
"""Take an audio track of a movie or recording, as speech recognition wants it.

``audio.wav``: 16 kHz, mono, signed 16 bit. Time 0 is the start of the movie: where the audio starts
later or has holes, silence stands in, so that a time in the WAV is a time in the movie.

``audio_track``: a number, from 1 among the audio tracks, or a language in any form (``es``, ``spa``, ``Spanish``).
Without one it is the track that players take, or if that is broken, the next one, with a warning.
"""

import os
from pathlib import Path
from typing import NamedTuple

import ffmpeg
import ffmpegs
import stagekit
import streams

SAMPLE_RATE = 16_000
BYTES_PER_SECOND = 2 * SAMPLE_RATE
WAV_HEADER = 44

# Shares of a track's packets that can't be decoded.
SOUND = 0.05  # a recording with a scratch
USABLE = 2 / 3  # what is left is told with a warning, if there is no better track

LEFT = 0.01  # the share of a track's length that has to have sound; less is nothing to work on


class Taken(NamedTuple):
    """What came of a track."""

    track: streams.Track
    heard: float  # seconds of audio
    done: ffmpegs.Done
    stated: float = 0  # seconds that the track says it has; 0 where it says nothing

    @property
    def is_usable(self) -> bool:
        return self.done.code == 0 and self.heard > 0 and (self.stated < 1 or self.sound >= LEFT * self.stated)

    @property
    def sound(self) -> float:
        """Seconds that were decoded, without the silence that stands in for holes."""
        rate = float(self.track.stream.get("sample_rate", 0))
        return min(self.heard, self.done.samples / rate) if self.done.samples and rate else self.heard


def run(stage: stagekit.Stage) -> None:
    """Convert, then judge what came out by its length and by what ffmpeg couldn't decode."""
    media = stage.input("media")
    found = ffmpegs.probe(media)
    tracks = streams.of_kind(found["streams"], "audio")
    if not tracks:
        raise stagekit.InputUnusable(ffmpegs.unusable(media, "it has no audio track"))
    wanted = candidates(media, tracks, str(stage.parameters["audio_track"]))
    taken = first_usable(stage, ffmpegs.media_file(media, found), wanted)
    if taken.done.undecodable:
        what = f"{taken.done.undecodable} packets of audio track {taken.track.number} can't be decoded"
        stage.warn(f"{what}; what is said there is missing in the result")
    _warn_of_holes(stage, taken, ffmpegs.seconds(found["format"].get("start_time")))
    _warn_if_cut_off(stage, taken.heard, taken.stated)
    stage.about(audio_track=streams.described(taken.track), audio_tracks=len(tracks))


def candidates(media: Path, tracks: list[streams.Track], wish: str) -> list[streams.Track]:
    """The track that was asked for, or all of them, the likeliest first."""
    if not wish:
        return streams.by_preference(tracks)
    try:
        return [streams.chosen(tracks, wish, "audio")]
    except streams.Unknown as error:
        raise stagekit.StageFailed(f"{str(media)!r}: {error}. Choose one of them with --audio-track") from None


def first_usable(stage: stagekit.Stage, media: ffmpegs.MediaFile, tracks: list[streams.Track]) -> Taken:
    """The first track that is sound, else the first of which enough is left; it is in the output then."""
    tried = []
    for tolerated in (SOUND, USABLE):
        for track in tracks:
            taken = _take(stage, media, track, tolerated)
            tried.append(taken)
            if taken.is_usable:
                if track is not tracks[0]:
                    broken, instead = streams.described(tracks[0]), streams.described(track)
                    stage.warn(f"audio track {broken} is broken, so it is track {instead} that was taken")
                return taken
    numbers = ", ".join(str(track.number) for track in tracks)
    why = f"its audio can't be decoded (track {numbers})" if len(tracks) > 1 else "its audio can't be decoded"
    raise stagekit.InputUnusable(ffmpegs.unusable(media.path, why, tried[0].done.said))


def _take(stage: stagekit.Stage, media: ffmpegs.MediaFile, track: streams.Track, tolerated: float) -> Taken:
    audio = stage.output("audio")

    def told(name: str, value: int) -> None:
        if name == "out_time_us" and media.duration:
            stage.progress(value / 1e6 / media.duration)

    done = ffmpegs.run([*_command(media, audio, track, tolerated)], told)
    if done.is_disk_fault:
        what = f"ffmpeg could not write {audio}"
        raise stagekit.StageFailed(ffmpegs.message(what, done.said, "Make room and run again"))
    return Taken(track, _seconds(audio), done, _stream_seconds(track.stream) or media.duration)


def _command(media: ffmpegs.MediaFile, audio: Path, track: streams.Track, tolerated: float) -> list[str]:
    """ffmpeg's arguments; with a share of broken packets above the tolerated one, it ends with another code than 0."""
    command = (
        ffmpeg.input(ffmpegs.url(media.path), **media.queue.of_input())[str(track.place)]
        .output(
            ffmpegs.url(audio),
            af="aresample=async=1:first_pts=0",  # keeps the WAV in step with the movie's clock
            ar=SAMPLE_RATE,
            ac=1,
            acodec="pcm_s16le",
            map_metadata=-1,
            fflags="+bitexact",  # the same audio gives the same bytes, and a header of 44 bytes
            **media.queue.of_output(),
        )
        .global_args("-max_error_rate", str(tolerated))
    )
    return ffmpeg.get_args(command)


def _seconds(audio: Path) -> float:
    """Length of a WAV of ours; 0 where there is none."""
    return max(os.path.getsize(audio) - WAV_HEADER, 0) / BYTES_PER_SECOND if os.path.exists(audio) else 0


def _stream_seconds(stream: dict) -> float:
    """What the audio stream itself states. Matroska keeps it as a tag."""
    return ffmpegs.seconds(stream.get("duration", stream.get("tags", {}).get("DURATION")))


def _warn_of_holes(stage: stagekit.Stage, taken: Taken, begin: float) -> None:
    """A damaged part of a file may leave nothing to decode, and so nothing that fails to be."""
    late = max(0.0, ffmpegs.seconds(taken.track.stream.get("start_time")) - begin)
    missing = taken.heard - late - taken.sound
    if missing > max(1, 0.01 * taken.heard):
        stage.warn(
            f"{missing:.1f} s of {taken.heard:.1f} s of audio track {taken.track.number} aren't in the file. "
            "It may be damaged; what is said there is missing in the result"
        )


def _warn_if_cut_off(stage: stagekit.Stage, heard: float, stated: float) -> None:
    missing = stated - heard
    if missing > max(1, 0.01 * stated):
        stage.warn(
            f"the audio ends at {heard:.1f} s of {stated:.1f} s: {missing:.1f} s are missing. "
            "The file may be cut off; the result covers what is there"
        )
