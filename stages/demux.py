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
"""Extract an audio track of a movie or recording for speech recognition.

``audio.wav``: 16 kHz, mono, signed 16 bit. Time 0 is the start of the movie: where the audio starts later or has holes,
it has silence, so that a time in the WAV is a time in the movie.

``audio_track``: a number, from 1 among the audio tracks, or a language in any form (``es``, ``spa``, ``Spanish``).
Without one it is the track that players choose, or if that is broken, the next one, with a warning.
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

# Shares of a track's packets that may be undecodable.
GOOD_TRACK = 0.05  # a recording with a scratch
DAMAGED_TRACK = 2 / 3  # if there is no better track; with a warning

LEAST_SOUND = 0.01  # share of a track's length that must have sound


class ExtractedAudio(NamedTuple):
    """The audio of a track, and how its decoding ended."""

    track: streams.StreamTrack
    seconds: float  # of the WAV
    done: ffmpegs.FfmpegResult
    stated: float = 0  # seconds that the track says it has; 0 if it doesn't say it

    @property
    def is_usable(self) -> bool:
        return self.done.code == 0 and self.seconds > 0 and (self.stated < 1 or self.sound >= LEAST_SOUND * self.stated)

    @property
    def sound(self) -> float:
        """Seconds that were decoded, without the silence in the place of holes."""
        rate = float(self.track.stream.get("sample_rate", 0))
        return min(self.seconds, self.done.samples / rate) if self.done.samples and rate else self.seconds


def run(stage: stagekit.Stage) -> None:
    """Extract the audio, then judge it by its length and by the packets that ffmpeg couldn't decode."""
    media = stage.input("media")
    probed = ffmpegs.probe(media)
    tracks = streams.of_kind(probed["streams"], "audio")
    if not tracks:
        raise stagekit.InputUnusable(ffmpegs.unusable(media, "it has no audio track"))
    wanted = candidates(media, tracks, str(stage.parameters["audio_track"]))
    extracted = first_usable(stage, ffmpegs.media_file(media, probed), wanted)
    if extracted.done.undecodable:
        what = f"{extracted.done.undecodable} packets of audio track {extracted.track.number} can't be decoded"
        stage.warn(f"{what}; what is said there is missing in the result")
    _warn_of_holes(stage, extracted, ffmpegs.seconds(probed["format"].get("start_time")))
    _warn_if_cut_off(stage, extracted.seconds, extracted.stated)
    stage.about(audio_track=streams.described(extracted.track), audio_tracks=len(tracks))


def candidates(media: Path, tracks: list[streams.StreamTrack], wish: str) -> list[streams.StreamTrack]:
    """The track that was asked for, or all tracks by preference. Raises ``StageFailed`` if there is no such track."""
    if not wish:
        return streams.by_preference(tracks)
    try:
        return [streams.choose(tracks, wish, "audio")]
    except streams.UnknownTrack as error:
        raise stagekit.StageFailed(f"{str(media)!r}: {error}. Choose one of them with --audio-track") from None


def first_usable(stage: stagekit.Stage, media: ffmpegs.MediaFile, tracks: list[streams.StreamTrack]) -> ExtractedAudio:
    """Extract the first good track, else the first that is only damaged. Raises ``InputUnusable`` if all are worse."""
    tried = []
    for tolerated in (GOOD_TRACK, DAMAGED_TRACK):
        for track in tracks:
            extracted = _extract(stage, media, track, tolerated)
            tried.append(extracted)
            if extracted.is_usable:
                if track is not tracks[0]:
                    broken, instead = streams.described(tracks[0]), streams.described(track)
                    stage.warn(f"audio track {broken} is broken, so it is track {instead} that was taken")
                return extracted
    numbers = ", ".join(str(track.number) for track in tracks)
    why = f"its audio can't be decoded (track {numbers})" if len(tracks) > 1 else "its audio can't be decoded"
    raise stagekit.InputUnusable(ffmpegs.unusable(media.path, why, tried[0].done.last_lines))


def _extract(
    stage: stagekit.Stage, media: ffmpegs.MediaFile, track: streams.StreamTrack, tolerated: float
) -> ExtractedAudio:
    audio = stage.output("audio")

    def on_progress(name: str, value: int) -> None:
        if name == "out_time_us" and media.duration:
            stage.progress(value / 1e6 / media.duration)

    done = ffmpegs.run([*_command(media, audio, track, tolerated)], on_progress)
    if done.is_disk_fault:
        what = f"ffmpeg could not write {audio}"
        raise stagekit.StageFailed(ffmpegs.message(what, done.last_lines, "Make room and run again"))
    return ExtractedAudio(track, _seconds(audio), done, _stream_seconds(track.stream) or media.duration)


def _command(media: ffmpegs.MediaFile, audio: Path, track: streams.StreamTrack, tolerated: float) -> list[str]:
    """ffmpeg's arguments. With more than the ``tolerated`` share of broken packets, its exit code isn't 0."""
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
    """Length of our WAV; 0 if it isn't there."""
    return max(os.path.getsize(audio) - WAV_HEADER, 0) / BYTES_PER_SECOND if os.path.exists(audio) else 0


def _stream_seconds(stream: dict) -> float:
    """Seconds that the audio stream itself states; Matroska has them in a tag."""
    return ffmpegs.seconds(stream.get("duration", stream.get("tags", {}).get("DURATION")))


def _warn_of_holes(stage: stagekit.Stage, extracted: ExtractedAudio, begin: float) -> None:
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
