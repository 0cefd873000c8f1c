"""Writes a tiny model for telling speakers apart, of the layout and through the classes of the real one.

``PYTHON make_tiny_diarization.py FOLDER``, with the interpreter of whisperx. Its weights are random, but
for the one that says that somebody speaks, and always the same person.
"""

import sys
from pathlib import Path

import numpy
import pytorch_lightning
import torch
import yaml
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import WeSpeakerResNet34
from pyannote.audio.models.segmentation import PyanNet

WIDTH, NARROWER = 256, 128  # of an embedding, and of what it becomes before speakers are compared
PARTS = ("segmentation", "embedding", "plda")
PIPELINE = {
    "dependencies": {"pyannote.audio": "4.0.0"},
    "pipeline": {
        "name": "pyannote.audio.pipelines.SpeakerDiarization",
        "params": {
            "clustering": "VBxClustering",
            "embedding_exclude_overlap": True,
            **{part: f"$model/{part}" for part in PARTS},
        },
    },
    "params": {"clustering": {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8}, "segmentation": {"min_duration_off": 0.0}},
}


def save(model: torch.nn.Module, folder: Path) -> None:
    checkpoint = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": pytorch_lightning.__version__,
    }
    model.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, folder / "pytorch_model.bin")


def segmentation() -> PyanNet:
    model = PyanNet(lstm={"hidden_size": 8, "num_layers": 1}, linear={"hidden_size": 8, "num_layers": 1})
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    model.setup()
    with torch.no_grad():
        model.classifier.bias[1] += 100
    return model


def embedding() -> WeSpeakerResNet34:
    model = WeSpeakerResNet34()
    model.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0, classes=["somebody"]
    )
    return model


def main(folder: Path) -> None:
    torch.manual_seed(0)
    random = numpy.random.default_rng(0)
    for part in PARTS:
        (folder / part).mkdir(parents=True)
    save(segmentation(), folder / "segmentation")
    save(embedding(), folder / "embedding")
    means = {"mean1": numpy.zeros(WIDTH), "mean2": numpy.zeros(NARROWER)}
    numpy.savez(folder / "plda" / "xvec_transform.npz", lda=random.normal(size=(WIDTH, NARROWER)), **means)
    psi = numpy.linspace(2.0, 1.0, NARROWER)
    numpy.savez(folder / "plda" / "plda.npz", mu=numpy.zeros(NARROWER), tr=numpy.eye(NARROWER), psi=psi)
    (folder / "config.yaml").write_text(yaml.safe_dump(PIPELINE), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
