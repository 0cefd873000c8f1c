"""The sound of an uploaded file, as recognition takes it: decoded and mixed as the stage ``demux`` does."""

import wave
from pathlib import Path
from typing import Any

import ffmpegs
import stagekit
import streams
from soundtrack import extraction
from soundtrack.decoder import BETWEEN, SAMPLE_RATE
from soundtrack.mixes import pan_filter

from speech_service.api_errors import BAD_REQUEST, ApiError

BLOCK = 1 << 20  # bytes


def decode(media: Path, audio: Path) -> None:
    """Write the audio track that players choose as a WAV. Raises ``ApiError`` where the file has none."""
    probed = _probed(media)
    tracks = streams.by_preference(streams.of_kind(probed["streams"], "audio"))
    if not tracks:
        raise ApiError(BAD_REQUEST, "the file has no audio track", "file", "no_audio")
    described = ffmpegs.media_file(media, probed)
    arguments = _arguments(described, tracks[0])
    summary, done = extraction.extract(arguments, audio, audio.with_suffix(".peaks"), lambda _: None)
    if not extraction.ExtractedAudio(tracks[0], summary, done).is_usable:
        raise ApiError(BAD_REQUEST, f"the audio can't be decoded{_last_line(done.last_lines)}", "file", "no_audio")


def wrap(samples: Path, audio: Path) -> None:
    """Samples alone (16 kHz, mono, 16 bits) as a WAV."""
    with samples.open("rb") as raw, wave.open(str(audio), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        while block := raw.read(BLOCK):
            file.writeframes(block)


def _probed(media: Path) -> dict[str, Any]:
    try:
        return ffmpegs.probe(media)
    except stagekit.InputUnusable as error:
        lines = [line.partition("ffmpeg:")[2] for line in str(error).splitlines() if "ffmpeg:" in line]
        why = [line.replace(f"{ffmpegs.url(media)}: ", "") for line in lines]  # a place that means nothing to a client
        raise ApiError(
            BAD_REQUEST, f"the file is no sound that ffmpeg can read{_last_line(why)}", "file", "invalid_file"
        ) from error


def _last_line(lines: list[str]) -> str:
    return f": {lines[-1].strip()}" if lines else ""


def _arguments(media: ffmpegs.MediaFile, track: streams.StreamTrack) -> list[str]:
    queue = [word for name, value in media.queue.of_input().items() for word in (f"-{name}", str(value))]
    sound = ["-map", f"0:{track.place}", "-af", f"atrim=start=0,{pan_filter(track.stream)}"]
    form = ["-ar", str(SAMPLE_RATE), "-c:a", "pcm_s16le", "-f", BETWEEN, "-map_metadata", "-1"]
    return [*queue, "-i", ffmpegs.url(media.path), *sound, *form, "pipe:1"]
