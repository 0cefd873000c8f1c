"""What the stage makes of WhisperX's results and failures; its libraries are replaced by mocks."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from recognition.compute import Compute
from recognition.segments import Segment
from recognition.two_pass import RecognisedSpeech, SpeechActivity

LIBRARIES = ("nltk", "torch", "torchaudio", "whisperx", "whisperx.diarize")


@pytest.fixture
def whisperx(engines: None, load_stage: Callable[..., ModuleType], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for library in LIBRARIES:
        monkeypatch.setitem(sys.modules, library, MagicMock(__version__="1.0"))
    stage: Any = load_stage("whisperx_asr")
    yield stage
    for name in [name for name in sys.modules if name.split(".")[0] == "word_alignment"]:
        del sys.modules[name]


class TranscribingPipeline:
    """WhisperX's own, which tells what it was given."""

    def __init__(self) -> None:
        self.audios: list[Any] = []

    def transcribe(self, audio: Any, *, progress_callback: Callable[[float], None], **_: Any) -> dict[str, Any]:
        self.audios.append(audio)
        progress_callback(50.0)
        return {"segments": [{"start": 1.0, "end": 2.0, "text": " text"}], "language": "en"}


def test_a_long_sound_is_recognised_in_blocks_and_those_without_speech_are_left_out(
    whisperx: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whisperx.waveform, "of_pieces", lambda _sound, pieces: pieces)
    shares: list[float] = []
    stage = SimpleNamespace(progress=shares.append)
    activity = SpeechActivity([(0.0, 700.0), (1100.0, 1150.0), (3000.0, 3500.0)], [], 3600.0)
    pipeline = TranscribingPipeline()
    found = list(whisperx.blocks(stage, activity, pipeline, SimpleNamespace(sound="sound", language="en"), 8))
    assert pipeline.audios == [[(0.0, 900.0)], [(900.0, 1800.0)], [(2700.0, 3600.0)]]
    assert [block.begin for block in found] == [0.0, 900.0, 2700.0]
    assert shares == [450 / 3600, 1350 / 3600, 3150 / 3600]


class DiarizationStage:
    """A stage with a model for telling speakers apart."""

    def model(self, name: str) -> Path:
        return Path("/models") / name

    def memo(self, key: object, make: Callable[[], Any]) -> Any:
        return make()


def test_speakers_that_cannot_be_told_apart_are_an_error_with_what_to_do(whisperx: Any) -> None:
    whisperx.DiarizationPipeline.side_effect = OSError("no such file\nmore")
    with pytest.raises(
        whisperx.stagekit.StageFailed, match=r"/models/speakers can't be loaded: no such file. Download it again"
    ):
        whisperx.speaker_turns(DiarizationStage(), "sound", "cpu")


def test_turns_of_speakers_are_taken_from_the_table(whisperx: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisperx.waveform, "whole", lambda _: "audio")
    row = SimpleNamespace(start=1.0, end=2.0, speaker="SPEAKER_00")
    table = SimpleNamespace(itertuples=lambda: [row])
    whisperx.DiarizationPipeline.return_value.return_value = table
    (turn,) = whisperx.speaker_turns(DiarizationStage(), "sound", "cpu")
    assert (turn.start, turn.end, turn.speaker) == (1.0, 2.0, "SPEAKER_00")


OUT_OF_MEMORY = RuntimeError("CUDA failed with error out of memory")


def test_too_little_memory_means_fewer_windows_then_the_cpu_and_each_step_is_told(
    whisperx: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ways = (Compute("cuda", "float16", 4), Compute("cuda", "float16", 2), *whisperx.on_cpu(2))
    tried: list[Compute] = []

    def recognised(_stage: Any, _samples: Any, _activity: Any, _pipeline: Any, way: Compute) -> Any:
        tried.append(way)
        if way.is_gpu:
            raise OUT_OF_MEMORY
        return whisperx.WhisperXResult(RecognisedSpeech([Segment(0.0, 1.0, "text")], []), "recogniser", "times", ())

    def turns(_stage: Any, _audio: Any, device: str) -> list[Any]:
        tried.append(Compute(device, "", 1))
        return []

    monkeypatch.setattr(whisperx.models, "ways", lambda *_: (ways, "a card"))
    monkeypatch.setattr(whisperx.waveform, "open_audio", lambda _: SimpleNamespace(duration=1.0))
    monkeypatch.setattr(whisperx.whisper, "speech_probabilities", lambda *_: [])
    for name, instead in {
        "recognised": recognised,
        "speaker_turns": turns,
        "load": MagicMock(),
        "write": MagicMock(),
    }.items():
        monkeypatch.setattr(whisperx, name, instead)
    stage = MagicMock(cpus=2, parameters={"diarize": True}, memo=lambda _key, make: make())
    stage.model.return_value = tmp_path
    whisperx.run(stage)
    assert [(way.device, way.windows) for way in tried] == [("cuda", 4), ("cuda", 2), ("cpu", 8), ("cpu", 1)]
    assert stage.warn.call_count == 2
    facts = stage.about.call_args.kwargs["computed_on"]
    assert (facts["device"], len(facts["steps_down"])) == ("CPU", 2)
