"""Which engines a job gets: all ``decide`` entries of its workflow, from what there is on this machine.

Nothing here looks at a disk or starts a program. The steps, with what is looked at between them
(``prepare/job_engines.py``):

1. ``tasks`` says what there is to do, and ``questions`` what must be known for it;
2. ``choose`` takes the engines, and ``folders`` and ``pair_files`` say what of them must be read;
3. ``settle`` gives what the workflow's ``$names`` stand for, and what ``job.json`` records.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.config.engines import EngineSpec
from pipeline.config.workflows import WorkflowSpec
from pipeline.engines import translation
from pipeline.engines.criteria import criteria
from pipeline.engines.recognition import RecognitionChoice, RecognitionTask
from pipeline.engines.requirements import EngineContents, EngineInventory, EngineQuestions, ModelFolder, PairFiles
from pipeline.engines.translation import TranslationChoice, TranslationTask
from pipeline.jobs.plan import EngineDecision

RECOGNITION, TRANSLATION = KINDS = ("recognition", "translation")

DecisionTask = RecognitionTask | TranslationTask
DecisionChoice = RecognitionChoice | TranslationChoice


@dataclass(frozen=True)
class Decisions:
    """All decisions of a job."""

    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by entry: what ``$NAME.KEY`` stands for
    records: tuple[EngineDecision, ...] = ()

    def with_notes(self, notes: Iterable[str]) -> "Decisions":
        """These, and what else a person should know."""
        return replace(self, records=(*self.records, *map(EngineDecision, notes)))


def tasks(
    workflow: WorkflowSpec, values: Mapping[str, Any], engines: Sequence[EngineSpec], track_language: str = ""
) -> dict[str, DecisionTask]:
    """What there is to do, by entry. ``values`` are those of the workflow's parameters.

    ``track_language``: the language that the audio track says it has; empty where it doesn't.

    Raises ``UsageError`` where the values ask for something that can't be made.
    """
    used = {use.uses for use in workflow.stages.values()}
    able = {kind: tuple(each for each in engines if each.kind == kind and each.stage in used) for kind in KINDS}
    found: dict[str, DecisionTask] = {}
    recognizer: str | None = None
    for entry in workflow.decisions.values():
        about = criteria(workflow, entry, values)
        if entry.kind == RECOGNITION:
            recognizer = about.model
            found[entry.name] = RecognitionTask(about, able[RECOGNITION])
        else:
            found[entry.name] = translation.task(about, able[TRANSLATION], recognizer, track_language)
    return found


def questions(tasks: Mapping[str, DecisionTask]) -> EngineQuestions:
    """What must be looked at, each engine and model once."""
    all_of_them = [task.questions for task in tasks.values()]
    engines = {engine.name: engine for each in all_of_them for engine in each.engines}
    return EngineQuestions(
        tuple(engines.values()), tuple(dict.fromkeys(model for each in all_of_them for model in each.models))
    )


def choose(tasks: Mapping[str, DecisionTask], inventory: EngineInventory) -> dict[str, DecisionChoice]:
    """By entry. Raises ``UsageError`` where no engine can ever do something, ``NotReady`` where one lacks something."""
    return {name: task.choose(inventory) for name, task in tasks.items()}


def folders(choices: Mapping[str, DecisionChoice]) -> tuple[ModelFolder, ...]:
    """The folders of models that the chosen engines take and that no model is defined for."""
    return tuple(dict.fromkeys(folder for choice in choices.values() for folder in choice.folders))


def pair_files(choices: Mapping[str, DecisionChoice]) -> tuple[PairFiles, ...]:
    """The files of the language pairs that the chosen engines translate with."""
    return tuple(dict.fromkeys(files for choice in choices.values() for files in choice.pair_files))


def settle(choices: Mapping[str, DecisionChoice], contents: EngineContents) -> Decisions:
    """``contents`` has an entry for each of the ``folders`` and ``pair_files``."""
    made = {name: choice.settle(contents) for name, choice in choices.items()}
    notes = tuple(EngineDecision(note) for each in made.values() for note in each.notes)
    records = tuple(record for each in made.values() for record in each.records)
    return Decisions({name: each.values for name, each in made.items()}, records + notes)
