"""What the stage makes of WhisperX's results and failures; its libraries are replaced by mocks."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from recognition.compute import Compute
from recognition.segments import Segment, SpokenWord
from recognition.two_pass import RecognisedSpeech

LIBRARIES = ("nltk", "torch", "torchaudio", "whisperx", "whisperx.diarize")
CHUNK = {"start": 1.0, "end": 25.0, "text": " It was the best of times.", "avg_logprob": -0.2}
FOUND = {"segments": [CHUNK, {"start": 30.0, "end": 31.0, "text": " "}], "language": "en"}


@pytest.fixture
def whisperx(engines: None, load_stage: Callable[..., ModuleType], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for library in LIBRARIES:
        monkeypatch.setitem(sys.modules, library, MagicMock(__version__="1.0"))
    stage: Any = load_stage("whisperx_asr")
    stage.alignment = SimpleNamespace(
        DEFAULT_ALIGN_MODELS_TORCH={"en": "WAV2VEC2_ASR_BASE_960H"},
        LANGUAGES_WITHOUT_SPACES=["ja", "zh"],
        align=None,
        load_align_model=lambda language, device: ("model", "details"),
    )
    stage.whisper.with_attention_times = lambda model, samples, parts, language: [
        Segment(start, end, text.strip()) for start, end, text, _ in parts
    ]
    return stage


def with_times(stage: Any) -> tuple[list[Segment], str, list[str]]:
    segments, aligned, notes = stage.with_word_times(FOUND, "model", "samples", "audio", "cpu")
    return segments, stage.word_times_of(segments, aligned)[0], notes


def aligned(*words: dict[str, Any], **more: Any) -> Callable[..., Any]:
    segment = {"start": 1.2, "end": 4.0, "text": "It was", "words": list(words), "avg_logprob": -0.2, **more}
    return lambda *_: {"segments": [segment]}


def test_aligned_words_have_the_times_of_the_sound(whisperx: Any) -> None:
    whisperx.alignment_model = lambda language, device: ("model", "details")
    whisperx.alignment.align = aligned(
        {"word": "It", "start": 1.2, "end": 1.4, "score": 0.8}, {"word": "was", "start": 1.5, "end": 4.0, "score": 0.7}
    )
    (segment,), word_times, notes = with_times(whisperx)
    assert (word_times, notes) == ("aligned", [])
    assert [(word.start, word.end, word.text) for word in segment.words] == [(1.2, 1.4, " It"), (1.5, 4.0, " was")]


def test_a_word_that_cannot_be_aligned_is_where_the_one_before_it_ends(whisperx: Any) -> None:
    (segment,) = whisperx.segments_of_alignment(
        aligned({"word": "It", "start": 1.2, "end": 1.4}, {"word": "1859"})()["segments"], True
    )
    assert [(word.start, word.end) for word in segment.words] == [(1.2, 1.4), (1.4, 1.4)]


def test_a_script_without_spaces_gets_none(whisperx: Any) -> None:
    (segment,) = whisperx.segments_of_alignment(aligned({"word": "今", "start": 1.2, "end": 1.4})()["segments"], False)
    assert segment.words[0].text == "今"
    assert not whisperx.has_spaces("ja")


@pytest.mark.parametrize("error", [ValueError("No default align-model"), OSError("no route"), LookupError("punkt")])
def test_without_a_model_for_alignment_words_have_the_times_of_attention(whisperx: Any, error: Exception) -> None:
    def fail(language: str, device: str) -> None:
        raise error

    whisperx.alignment_model = fail
    segments, word_times, notes = with_times(whisperx)
    assert word_times == "attention"
    assert [segment.text for segment in segments] == ["It was the best of times."]
    assert str(error) in notes[0]


@pytest.mark.parametrize("broken", [{"words": []}, {"start": float("nan")}])
def test_a_segment_that_cannot_be_aligned_has_the_times_of_attention(whisperx: Any, broken: dict[str, Any]) -> None:
    whisperx.alignment_model = lambda language, device: ("model", "details")
    whisperx.alignment.align = aligned({"word": "It", "start": 1.2, "end": 1.4}, **broken)
    segments, word_times, notes = with_times(whisperx)
    assert [(segment.start, segment.end) for segment in segments] == [(1.0, 25.0)]
    assert notes == ["1 of 1 segments couldn't be aligned with the sound"]
    assert word_times == "attention"


@pytest.mark.parametrize(("again", "word_times"), [(1, "aligned"), (3, "attention")])
def test_words_that_were_recognised_again_are_not_called_aligned(whisperx: Any, again: int, word_times: str) -> None:
    first = SpokenWord(1.0, 1.5, " It", 0.9), SpokenWord(1.5, 2.0, " was", 0.9)
    second = tuple(SpokenWord(5.0 + count, 5.5 + count, " the", 0.9) for count in range(again))
    segments = [Segment(1.0, 2.0, "It was", first), Segment(5.0, 9.0, "the", second)]
    aligned = frozenset((word.start, word.end) for word in first)
    said = f"{again} of {2 + again} words have the times of the recogniser's attention, not of the sound"
    assert whisperx.word_times_of(segments, aligned) == (word_times, [said])


def test_a_model_that_is_not_here_is_not_asked_for_while_the_hub_is_silent(whisperx: Any, tmp_path: Path) -> None:
    whisperx.torchaudio.pipelines.WAV2VEC2_ASR_BASE_960H._path = "wav2vec2.pth"
    whisperx.torch.hub.get_dir = lambda: str(tmp_path)
    with pytest.raises(LookupError, match=r"the alignment model wav2vec2.pth isn't here"):
        whisperx.alignment_model("en", "cpu")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "wav2vec2.pth").touch()
    assert whisperx.alignment_model("en", "cpu") == ("model", "details")


def test_sentences_are_not_waited_for_either(whisperx: Any, tmp_path: Path) -> None:
    whisperx.nltk.data.find.side_effect = LookupError("a page of advice")
    with pytest.raises(LookupError, match=r"\(punkt_tab\) isn't here"):
        whisperx.alignment_model("de_unknown", "cpu")


def test_a_download_that_stands_still_comes_to_an_end(whisperx: Any) -> None:
    limits = []

    def slow(language: str, device: str) -> tuple[str, str]:
        limits.append(socket.getdefaulttimeout())
        return "model", "details"

    whisperx.alignment_model = slow
    whisperx.alignment.align = aligned({"word": "It", "start": 1.2, "end": 1.4})
    with_times(whisperx)
    assert limits == [whisperx.STALLED_SECONDS]
    assert socket.getdefaulttimeout() is None


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
        whisperx.speaker_turns(DiarizationStage(), "audio", "cpu")


def test_turns_of_speakers_are_taken_from_the_table(whisperx: Any) -> None:
    row = SimpleNamespace(start=1.0, end=2.0, speaker="SPEAKER_00")
    table = SimpleNamespace(itertuples=lambda: [row])
    whisperx.DiarizationPipeline.return_value.return_value = table
    (turn,) = whisperx.speaker_turns(DiarizationStage(), "audio", "cpu")
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
        return whisperx.WhisperXResult(RecognisedSpeech([Segment(0.0, 1.0, "text")], []), "recogniser", frozenset(), ())

    def turns(_stage: Any, _audio: Any, device: str) -> list[Any]:
        tried.append(Compute(device, "", 1))
        return []

    monkeypatch.setattr(whisperx.models, "ways", lambda *_: (ways, "a card"))
    monkeypatch.setattr(whisperx.waveform, "read_audio", lambda _: MagicMock(__len__=lambda _: 16000))
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
