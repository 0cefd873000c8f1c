"""Recognition with a Whisper model by faster-whisper, several windows at a time in one process.

A window keeps one CPU busy: its matrices are too small to be shared well among several. So as many windows as there are
CPUs are recognised at a time, each by a thread, and all threads share one copy of the model.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import faster_whisper
import numpy
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.vad import get_vad_model

from recognition import speech_detection, waveform
from recognition.language_evidence import LanguageEvidence
from recognition.segments import Segment, SpokenWord
from recognition.waveform import SAMPLE_RATE, Waveform
from recognition.windows import Window

ENGINE = f"faster-whisper {faster_whisper.__version__}"
TIME_PRECISION = 0.02  # seconds; the step of time stamps
BEAM_SIZE = 5
LANGUAGE_WINDOWS = 4  # windows, spread over the audio, in which the language is detected
CHECK_WINDOWS = 8  # the same, where a person has named it
CAREFUL_OPTIONS = {"no_repeat_ngram_size": 10}  # tokens; against repetitions

ReportProgress = Callable[[float, str], None]


def speech_probabilities(sound: Waveform, cpus: int) -> Sequence[float]:
    """The probability of speech in each frame, from the library's Silero model; the same for any number of CPUs."""
    return speech_detection.speech_probabilities(sound, cpus, get_vad_model())


@dataclass
class Recogniser:
    """Recognises windows of one audio in one language, which it finds first if none is given."""

    model: Any  # a WhisperModel; None while another one is loaded
    sound: Waveform
    workers: int
    language: str | None = None
    task: str = "transcribe"
    report: ReportProgress | None = None  # called with a share (0 to 1) and text after each window of the first pass
    language_probability: float = 1.0
    heard: dict[Window, dict[str, float]] = field(default_factory=dict)  # languages in the windows of the first pass
    _encodings: dict[Window, Any] = field(default_factory=dict)

    @property
    def windows(self) -> list[Window]:
        """Those of the first pass whose languages were heard, in order of time."""
        return sorted(self.heard, key=lambda window: window.start)

    @property
    def is_multilingual(self) -> bool:
        """Whether the model can tell languages apart."""
        return bool(self.model.model.is_multilingual)

    def use(self, model: WhisperModel | None, workers: int) -> None:
        """Go on with another model, for so many windows at a time; with none, so that the one before can be freed.

        What the one before encoded is forgotten: it may be on another device.
        """
        if model is not self.model:
            self._encodings.clear()
        self.model, self.workers = model, workers

    def recognise(self, windows: Sequence[Window], careful: bool) -> list[list[Segment]]:
        """The segments of each window, all in the same language. ``careful`` is for the second pass."""
        self.find_language(windows)
        return list(self.each(windows, careful, len(windows)))

    def each(self, windows: Sequence[Window], careful: bool, total: int) -> Iterator[list[Segment]]:
        """The segments of each window, one window after the other: of ``total``, the last ones."""
        with ThreadPoolExecutor(self.workers) as pool:
            recognised = pool.map(lambda each: self._segments(each, careful), windows)
            for count, segments in enumerate(recognised, start=total - len(windows) + 1):
                self._report(count / total, segments, careful)
                yield segments

    def find_language(self, windows: Sequence[Window]) -> None:
        """Set the language that is most likely in some windows together, unless it is known."""
        if self.language is not None or not windows:
            return
        self.language, self.language_probability = self.listen(windows, LANGUAGE_WINDOWS).likeliest

    def listen(self, windows: Sequence[Window], most: int = CHECK_WINDOWS) -> LanguageEvidence:
        """Which language is heard in at most so many of the windows, spread over the audio. Only for several languages.

        Their encodings are kept, so that recognising them doesn't encode them again.
        """
        sample, votes = _spread_evenly(windows, most), Counter[str]()
        with ThreadPoolExecutor(self.workers) as pool:
            encodings = list(pool.map(lambda window: self._encoded(self._features(window)), sample))
        for window, encoded in zip(sample, encodings, strict=True):
            self.heard[window] = self._languages(encoded)
            votes.update(self.heard[window])
            self._encodings[window] = encoded
        probabilities = {language: min(total / len(sample), 1.0) for language, total in votes.items()}
        return LanguageEvidence(probabilities, len(sample), sum(window.duration for window in windows))

    def listen_on(self, windows: Sequence[Window], most: int) -> None:
        """Hear the languages in at most so many of the windows, spread over the audio; ``heard`` has them then."""
        sample = [window for window in _spread_evenly(windows, most) if window not in self.heard]
        self.heard.update(zip(sample, self.languages_in(sample), strict=True))

    def languages_in(self, windows: Sequence[Window]) -> list[dict[str, float]]:
        """The probability of each language in each window. Nothing is kept."""
        with ThreadPoolExecutor(self.workers) as pool:
            return list(pool.map(lambda window: self._languages(self._encoded(self._features(window))), windows))

    def in_language(self, language: str, task: str) -> "Recogniser":
        """A recogniser of the same audio for another language."""
        return Recogniser(self.model, self.sound, self.workers, language, task)

    def _languages(self, encoded: Any) -> dict[str, float]:
        """By Whisper code. One step of the decoder: a hundredth of what the window's text takes."""
        return {token[2:-2]: float(likely) for token, likely in self.model.model.detect_language(encoded)[0]}

    def _segments(self, window: Window, careful: bool) -> list[Segment]:
        """One pass. Where the model stops before the speech ends, the second pass recognises the rest."""
        options, tokenizer = self._options(careful), self._tokenizer()
        features = self._features(window)
        encoded = self._encodings.pop(window, None) or self._encoded(features)
        if self.is_multilingual and not careful and window not in self.heard:
            self.heard[window] = self._languages(encoded)
        prompt = self.model.get_prompt(tokenizer, [], without_timestamps=False)
        result, log_probability, *_ = self.model.generate_with_fallback(encoded, prompt, tokenizer, options)
        parts = split_at_time_stamps(result.sequences_ids[0], tokenizer, window.duration)
        if parts:
            marks = options.prepend_punctuations, options.append_punctuations
            frames = min(self.model.feature_extractor.nb_max_frames, features.shape[-1] - 1)
            self.model.add_word_timestamps([parts], tokenizer, encoded, frames, *marks, 0.0)
        return [_segment(part, window, tokenizer, log_probability, result.no_speech_prob) for part in parts]

    def align(self, window: Window, text: str, log_probability: float) -> Segment:
        """A known text with the times at which the model attends to its words."""
        options, tokenizer, features = self._options(False), self._tokenizer(), self._features(window)
        part = {"seek": 0, "start": 0.0, "end": window.duration, "tokens": tokenizer.encode(f" {text.strip()}")}
        marks = options.prepend_punctuations, options.append_punctuations
        frames = min(self.model.feature_extractor.nb_max_frames, features.shape[-1] - 1)
        self.model.add_word_timestamps([[part]], tokenizer, self._encoded(features), frames, *marks, 0.0)
        return _segment(part, window, tokenizer, log_probability, 0.0)

    def _tokenizer(self) -> Any:
        return Tokenizer(self.model.hf_tokenizer, self.is_multilingual, task=self.task, language=self.language)

    def _options(self, careful: bool) -> Any:
        """The library's own options for our settings: its call makes them and recognises nothing yet.

        One temperature, so that the same audio gives the same text. No thresholds, so that text isn't dropped silently.
        """
        wanted: dict[str, Any] = {"temperature": 0.0, "compression_ratio_threshold": None, "log_prob_threshold": None}
        wanted |= {"no_speech_threshold": None, "condition_on_previous_text": False, "word_timestamps": True}
        wanted |= {"beam_size": BEAM_SIZE, "task": self.task, **(CAREFUL_OPTIONS if careful else {})}
        silence = numpy.zeros(SAMPLE_RATE, dtype=numpy.float32)
        _, info = self.model.transcribe(silence, language=self.language, clip_timestamps=[0.0], **wanted)
        return info.transcription_options

    def _features(self, window: Window) -> Any:
        return self.model.feature_extractor(waveform.of_pieces(self.sound, window.pieces))

    def _encoded(self, features: Any) -> Any:
        """The encoding of the first half minute."""
        frames = min(self.model.feature_extractor.nb_max_frames, features.shape[-1] - 1)
        return self.model.encode(pad_or_trim(features[:, :frames]))

    def _report(self, fraction: float, segments: list[Segment], careful: bool) -> None:
        if self.report and not careful:
            self.report(fraction, segments[-1].text if segments else "")


def _spread_evenly(windows: Sequence[Window], count: int) -> list[Window]:
    """``count`` of the windows, from all over the audio; all of them if there are no more."""
    if len(windows) <= count:
        return list(windows)
    return [windows[(2 * index + 1) * len(windows) // (2 * count)] for index in range(count)]


def split_at_time_stamps(tokens: Sequence[int], tokenizer: Any, duration: float) -> list[dict[str, Any]]:
    """The tokens between time stamps, as the library takes them for word times.

    Each part has ``start`` and ``end`` (seconds in the window), ``tokens`` (of text) and ``seek`` (always 0).
    """
    parts: list[dict[str, Any]] = []
    start, text = 0.0, list[int]()
    for token in tokens:
        if token < tokenizer.timestamp_begin:
            text.append(token)
            continue
        time = (token - tokenizer.timestamp_begin) * TIME_PRECISION
        if text:
            parts.append({"seek": 0, "start": start, "end": time, "tokens": text})
            text = []
        start = time
    if text:
        parts.append({"seek": 0, "start": start, "end": max(duration, start), "tokens": text})
    return [part for part in parts if tokenizer.decode(part["tokens"]).strip()]


def _segment(part: dict[str, Any], window: Window, tokenizer: Any, log_probability: float, silence: float) -> Segment:
    listed = [word for word in part.get("words", ()) if word["word"].strip()]
    words = tuple(
        SpokenWord(
            *window.audio_times(float(word["start"]), float(word["end"])), word["word"], float(word["probability"])
        )
        for word in listed
    )
    start, end = window.audio_times(part["start"], part["end"])
    if words:
        start, end = words[0].start, words[-1].end
    return Segment(start, end, tokenizer.decode(part["tokens"]).strip(), words, log_probability, silence)
