"""What the choice of a recognition model is made from, as it is on this machine now."""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache

from pipeline.config.catalog import Catalog
from pipeline.config.engines import EngineSpec
from pipeline.config.models import ModelSpec
from pipeline.config.workflows import AUTO, WorkflowSpec
from pipeline.engines.criteria import Criteria
from pipeline.engines.decisions import RECOGNITION
from pipeline.engines.model_candidates import MachineFacts, ModelCandidate
from pipeline.envs.choice.decision import Refuse
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.errors import ConfigurationError, NotReady
from pipeline.host import machine
from pipeline.models.speeds import ModelSpeeds
from pipeline.models.store import ModelStore

# Packages in a lock without which nothing is computed on a GPU: those of CTranslate2 and ONNX Runtime.
GPU_PACKAGES = re.compile(r"^(nvidia-cublas|onnxruntime-gpu)", re.MULTILINE)


def recognition_engines(
    catalog: Catalog, finder: EnvironmentFinder, workflow: WorkflowSpec, recognition: Criteria | None
) -> list[EngineSpec]:
    """The engines that may recognise: the one that a person names, which may turn out to be the wrong one; with
    ``auto`` those whose environment can be used now."""
    used = {use.uses for use in workflow.stages.values()}
    able = [each for each in catalog.engines.values() if each.kind == RECOGNITION and each.stage in used]
    if recognition is None:
        return able
    if recognition.engine != AUTO:
        return [each for each in able if each.name == recognition.engine]
    suited = [each for each in able if each.speakers or not recognition.speakers] or able
    return [each for each in suited if _is_usable(catalog, finder, each)] or suited


def _is_usable(catalog: Catalog, finder: EnvironmentFinder, engine: EngineSpec) -> bool:
    try:
        return not isinstance(finder.choose(catalog.environment(catalog.stage(engine.stage).environment)), Refuse)
    except ConfigurationError:  # whoever needs that environment is told
        return False


def candidates(catalog: Catalog, engines: Sequence[EngineSpec]) -> Iterator[ModelCandidate]:
    store, speeds = ModelStore(catalog.project.model_store), ModelSpeeds(catalog.project)
    for spec in catalog.models.values():
        stages = [engine.stage for engine in engines if _has_use_for(engine, spec)]
        if not (spec.may_do(RECOGNITION) and spec.languages and stages):
            continue
        figures = catalog.model_figures.of(spec.name)
        measured = (speeds.times(stage, spec.name) for stage in stages)
        yield ModelCandidate(
            name=spec.name,
            languages=spec.languages,
            figures=figures,
            is_here=store.problem_of(spec) is None,
            size=sum(spec.sizes.values()) or figures.size,
            measured=next((times for times in measured if times), None),
        )


def _has_use_for(engine: EngineSpec, spec: ModelSpec) -> bool:
    """Whether the model has, or may have, the files that the engine needs; a pattern stands for any name that fits."""
    names, patterns = spec.files.keys(), () if spec.files else spec.patterns or ("*",)
    return all(
        any(name in names or any(fnmatchcase(name, each) for each in patterns) for name in needed.split(" | "))
        for needed in engine.files
    )


def machine_facts(catalog: Catalog, engines: Sequence[EngineSpec]) -> MachineFacts:
    """A GPU counts where the engines' packages can compute on it. Without them, only a run shows what it brings."""
    return _machine(with_gpus=any(_has_gpu_package(catalog, each) for each in engines))


@cache
def _machine(with_gpus: bool) -> MachineFacts:
    """Looked at once for all films. A driver that doesn't answer counts as no GPU, since it works without one."""
    try:
        found = machine.detect(os.environ, with_gpus=with_gpus)
    except NotReady:
        found = machine.detect(os.environ)
    return MachineFacts(found.cpus, found.memory, max((card.memory or 0 for card in found.gpus), default=0))


def _has_gpu_package(catalog: Catalog, engine: EngineSpec) -> bool:
    try:
        lock = catalog.environment(catalog.stage(engine.stage).environment).lock
        text = lock.read_text(encoding="utf-8") if lock else ""
    except (ConfigurationError, OSError, UnicodeDecodeError):
        return False
    return GPU_PACKAGES.search(text) is not None
