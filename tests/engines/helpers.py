"""A project with two engines that recognise and three that translate, and a workflow that decides about them."""

from pathlib import Path
from typing import Any

ENGINES = """
hearing: {kind: recognition, stage: copy, quality: 20, files: [model.bin]}
speakers: {kind: recognition, stage: noop, quality: 10, speakers: true}
ear: {kind: translation, stage: says, quality: 30, from_audio: true, pairs: [{from: any, to: [en]}]}
paired:
  kind: translation
  stage: word
  quality: 10
  program: pairs
  pairs_from: [pairs, -l]
  packages: [eng-spa, hbs-eng, fra-spa]
  install: get pairs {pair}
heavy:
  kind: translation
  stage: join
  quality: 50
  files: [model.bin]
  pairs: [{from: [en], to: [hi, es], model: en-indic}]
  weights: fetch {model} into {folder}
"""
SPEAKERS = """speakers: {
  model: voices, catalogued: pyannote, files: [a.yaml, deep/b.bin], weights: 'fetch {model} into {folder}'}"""

MODELS = f"""
base: {{files: {{model.bin: {"a" * 64}}}, sources: [{{folder: models/base}}]}}
english: {{languages: [en], files: {{model.bin: {"b" * 64}}}, sources: [{{folder: models/english}}]}}
"""

STAGES = "\n".join(
    f"  {stage}: {{uses: {stage}, when: $never}}" for stage in ("copy", "noop", "says", "word", "join", "counted")
)
HEAD = f"""
decide:
  recognition: {{kind: recognition, engine: $asr, model: $model, subtitles: $subtitles, speakers: $speakers}}
  translation:
    kind: translation
    engine: $engine
    model: $weights
    source: $source
    targets: $targets
    original: $original
    subtitles: $subtitles
    glossary: $glossary
stages:
{STAGES}
"""

USUAL: dict[str, Any] = {
    "asr": "hearing",
    "model": "base",
    "subtitles": {},
    "speakers": False,
    "engine": "auto",
    "weights": None,
    "source": "en",
    "targets": ["es"],
    "original": True,
    "glossary": {},
}


def write(root: Path, engines: str = ENGINES, workflow: str = HEAD) -> None:
    for path, text in {"engines": engines, "models": MODELS, "workflows/w": workflow}.items():
        file = root / "config" / f"{path}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
