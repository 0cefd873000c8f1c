"""Speech models in ONNX form in a folder: of which family it is, which of its files are taken, and loading it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import onnxruntime
import stagekit

from recognition import compute
from recognition.compute import Compute, GraphicsCard
from recognition.model_errors import MODEL_ADVICE, load_errors
from recognition.moonshine import MoonshineModel
from recognition.nemo_models import AED, TRANSDUCERS, NemoModel
from recognition.recognised_text import SpeechModel
from recognition.waveform import SAMPLE_RATE

CUDA = "CUDAExecutionProvider"
CPU_PROVIDER = "CPUExecutionProvider"
EIGHT_BITS = "int8"
NEMO_ENCODERS = dict.fromkeys((*TRANSDUCERS, AED), "encoder-model") | {"nemo-conformer-ctc": "model"}
MOONSHINE = "moonshine"  # model_type in config.json
VOCABULARIES = ("tokenizer.json", "tokenizer.bin")


@dataclass(frozen=True)
class OnnxFolder:
    """What is in a folder with a model. Its kind is a ``model_type`` of config.json."""

    folder: Path
    kind: str
    full: Path | None  # the encoder that every device computes
    for_cpus: Path | None  # one that only CPUs compute: with weights of 8 bits, or in ONNX Runtime's own format

    @property
    def weights(self) -> int:
        """Bytes of all files with weights, in the form that a GPU takes."""
        return sum(file.stat().st_size for file in self._weight_files())

    @property
    def numbers_on_cpus(self) -> str:
        """The kind of numbers in which a CPU computes."""
        if self.for_cpus is None:
            return "float32"
        return EIGHT_BITS if f".{EIGHT_BITS}." in self.for_cpus.name else "the numbers that are stored"

    def _weight_files(self) -> Iterator[Path]:
        """Without those of 8 bits. Large models have their weights in files beside: ``encoder-model.onnx.data``."""
        parent = (self.full or self.folder / "none").parent
        for file in parent.iterdir() if parent.is_dir() else ():
            if ".onnx" in file.name and f".{EIGHT_BITS}." not in file.name:
                yield file


def read(folder: Path) -> OnnxFolder:
    """Raises ``StageFailed`` for a folder without a model of a known family."""
    kind = _kind(folder)
    if kind in NEMO_ENCODERS:
        stem = NEMO_ENCODERS[kind]
        places = [folder / f"{stem}.onnx", folder / f"{stem}.{EIGHT_BITS}.onnx"]
    elif kind == MOONSHINE:
        places = [_first(_moonshine_encoders(folder, suffix)) for suffix in (".onnx", ".ort")]
    else:
        known = ", ".join([*NEMO_ENCODERS, MOONSHINE])
        what = f"the model in {folder} is of the type {kind or 'unknown'!r}, not one of {known}"
        raise stagekit.StageFailed(f"{what}. Choose another model or another engine: --model NAME --asr auto")
    found = OnnxFolder(folder, kind, *(place if place.is_file() else None for place in places))
    if found.full is None and found.for_cpus is None:
        raise stagekit.StageFailed(f"the model in {folder} has no encoder in ONNX form. {MODEL_ADVICE}")
    return found


def ways(model: OnnxFolder, card: GraphicsCard | None, windows: int, cpus: int) -> tuple[Compute, ...]:
    """The ways to compute, the best first."""
    on_cpu = compute.on_cpu(windows, cpus, model.numbers_on_cpus)
    kinds = ["float32"] if model.full else []
    return compute.ways(card, kinds, model.weights // 2, on_cpu)


def has_cuda() -> bool:
    """Whether this build of ONNX Runtime can compute on NVIDIA's cards."""
    return CUDA in onnxruntime.get_available_providers()


def load(model: OnnxFolder, way: Compute) -> SpeechModel:
    """Raises ``StageFailed`` where the model can't be loaded, with the library's own error as its cause."""
    if way.is_gpu:
        onnxruntime.preload_dlls()  # CUDA's libraries, from the packages of the environment
    with load_errors(model.folder):
        loaded: SpeechModel = _load(model, way)
        if way.is_gpu and loaded.providers()[:1] != [CUDA]:
            raise RuntimeError("ONNX Runtime couldn't load its libraries for CUDA")
        # Files of another form are loaded without an error, and fail when they compute.
        loaded.recognise([numpy.zeros(SAMPLE_RATE // 2, dtype=numpy.float32)], "en")
        return loaded


def _load(model: OnnxFolder, way: Compute) -> SpeechModel:
    session = {"sess_options": _options(way), "providers": [CUDA, CPU_PROVIDER] if way.is_gpu else [CPU_PROVIDER]}
    encoder = model.full if way.is_gpu or model.for_cpus is None else model.for_cpus
    assert encoder is not None
    if model.kind != MOONSHINE:
        quantization = EIGHT_BITS if encoder == model.for_cpus else None
        return NemoModel(model.folder, model.kind, quantization, session)
    vocabulary = _first([model.folder / name for name in VOCABULARIES])
    if not vocabulary.is_file():
        raise ValueError(f"it has no {' and no '.join(VOCABULARIES)}")
    return MoonshineModel(encoder, encoder.with_stem("decoder_model_merged"), vocabulary, session)


def _options(way: Compute) -> Any:
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads, options.intra_op_num_threads = 1, way.threads
    return options


def _kind(folder: Path) -> str:
    """The ``model_type``; Moonshine's where there is no config.json, but files of its names. Else empty."""
    try:
        return str(json.loads((folder / "config.json").read_bytes()).get("model_type", ""))
    except FileNotFoundError:
        names = [place for suffix in (".onnx", ".ort") for place in _moonshine_encoders(folder, suffix)]
        return MOONSHINE if _first(names).is_file() else ""
    except (OSError, ValueError, AttributeError) as error:
        raise stagekit.StageFailed(f"{folder / 'config.json'} can't be read: {error}. {MODEL_ADVICE}") from error


def _moonshine_encoders(folder: Path, suffix: str) -> Sequence[Path]:
    return [place / f"encoder_model{suffix}" for place in (folder, folder / "onnx")]


def _first(places: Sequence[Path]) -> Path:
    """The first that is there, or else the first of all."""
    return next((place for place in places if place.is_file()), places[0])
