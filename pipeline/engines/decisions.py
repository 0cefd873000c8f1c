"""Which engines a job gets: what each could do is looked up here, what it lacks in ``lacking.py``.

``media/engines.py`` decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.engines import EngineSpec, Languages, Pairs
from pipeline.config.workflows import DecisionSpec, WorkflowSpec
from pipeline.engines.pairs import codes
from pipeline.engines.report import unsaid
from pipeline.engines.requirements import Lacking
from pipeline.engines.select import AUTO, Candidate, Decision, Decisions, Obstacle, decide
from pipeline.envs.external.adoption import Adoption
from pipeline.errors import PipelineError, UsageError
from pipeline.media.languages import base, is_same, name
from pipeline.plan.filling import fill
from pipeline.plan.parameters import resolve
from pipeline.plan.planner import PlannedWorkflow, plan
from pipeline.plan.values import find

NOTHING_KNOWN = {"frame_rate": "", "language": ""}  # of an input: what ``$input`` stands for


@dataclass(frozen=True)
class Asked:
    """What a decision goes by, with values in place of parameters."""

    engine: str = AUTO
    model: str | None = None
    source: str = ""
    targets: tuple[str, ...] = ()
    original: bool = True
    subtitles: Mapping[str, Any] | None = None
    glossary: Mapping[str, Any] | None = None
    speakers: bool = False
    keep_cues: bool = False

    @property
    def language(self) -> str:
        """The language that is spoken, where it is known before anything is recognised."""
        return "" if self.source == AUTO else self.source


@dataclass(frozen=True)
class Chooser:
    catalog: Catalog
    adoption: Adoption
    workflow: WorkflowSpec
    tagged: str = ""  # the language that the audio track says it has

    def decide(self, values: Mapping[str, Any]) -> Decisions:
        """All decisions of the workflow. Raises ``UsageError`` or ``NotReady``."""
        made: list[Decision] = []
        outcome: dict[str, dict[str, Any]] = {}
        notes: list[str] = []
        recognizer: str | None = None
        for spec in self.workflow.decisions.values():
            asked = self._asked(spec, values)
            if spec.kind == "recognition":
                decisions = self._recognition(asked)
                recognizer = asked.model
                outcome[spec.name] = {
                    "engine": decisions[0].engine if decisions else "",
                    "model": decisions[0].model if decisions else "",
                    "is_needed": bool(decisions),
                    "speakers": self._speaker_model(decisions[0]) if decisions and asked.speakers else None,
                }
            else:
                decisions, outcome[spec.name], told = self._translation(asked, recognizer)
                notes += told
            made += decisions
        return Decisions(tuple(made), outcome, tuple(notes))

    def _asked(self, spec: DecisionSpec, values: Mapping[str, Any]) -> Asked:
        def look_up(written: str) -> Any:
            try:
                return find(values, written[1:])
            except LookupError as error:
                raise self.workflow.source.error(("decide", spec.name), str(error.args[0])) from error

        about = {key: fill(value, look_up) for key, value in spec.about.items()}
        return Asked(**{**about, "targets": tuple(about.get("targets", ()))})

    def _recognition(self, asked: Asked) -> list[Decision]:
        if asked.subtitles:
            return []
        candidates = [self._recognizer(each, asked) for each in self._engines("recognition")]
        return [decide("recognition", asked.engine, candidates)]

    def _recognizer(self, engine: EngineSpec, asked: Asked) -> Candidate:
        found = Candidate(engine.name, engine.quality, engine.note, model=asked.model)
        if asked.speakers and not engine.speakers:
            return replace(found, never="it doesn't tell speakers apart")
        lacks = [*self._lacking.of(engine, asked.model)]
        lacks += self._lacking.own_model(engine.speaker_model) if asked.speakers else ()
        return replace(found, obstacles=tuple(lacks))

    def _speaker_model(self, decision: Decision) -> str | None:
        own = self.catalog.engines[decision.engine].speaker_model
        return self._lacking.in_folder(own.files, own.name) if own else None

    def _translation(self, asked: Asked, recognizer: str | None) -> tuple[list[Decision], dict[str, Any], list[str]]:
        if not asked.targets and not asked.original:
            raise UsageError(
                "without the original there is nothing to make", "name languages to translate into with -t"
            )
        spoken = asked.language or (asked.subtitles or {}).get("language", "")
        targets = [target for target in asked.targets if not (spoken and is_same(target, spoken))]
        named = len(targets) < len(asked.targets)
        notes = [f"{name(spoken)} is the language itself: nothing is translated into it"] if named else []
        from_track = bool(asked.subtitles and asked.subtitles["track"])
        original = named or not targets or (asked.original and not from_track)
        source = spoken or self.tagged
        if targets and not spoken and asked.subtitles:  # nothing is recognised, so nothing finds it out
            raise UsageError(
                "the subtitles don't say in which language they are", "name it with -s CODE, such as -s en"
            )
        if targets and not spoken:
            notes.append(unsaid(self.tagged))
        found = {target: self._translator(source, target, asked, recognizer) for target in targets}
        chosen = {
            each.name: [target for target in targets if found[target].engine == each.name]
            for each in self._engines("translation")
        }
        tracks = [*([asked.source or AUTO] if original else []), *targets]
        values = {
            **chosen,
            "source": spoken,
            "original": tracks[: len(tracks) - len(targets)],
            "has_original": original,
            "targets": targets,
            "keep_cues": bool(asked.subtitles) and asked.keep_cues,
            "first": [*targets, *tracks][:1],
            "data": {target: found[target].data for target in targets},
            "models": {target: found[target].model or "" for target in targets},
        }
        return list(found.values()), values, notes

    def _translator(self, source: str, target: str, asked: Asked, recognizer: str | None) -> Decision:
        candidates = [self._candidate(each, source, target, asked, recognizer) for each in self._engines("translation")]
        pair = f"from {name(source)} into {name(target)}" if source else f"into {name(target)}"
        return decide(f"translation {pair}", asked.engine, candidates)

    def _candidate(
        self, engine: EngineSpec, source: str, target: str, asked: Asked, recognizer: str | None
    ) -> Candidate:
        found = Candidate(engine.name, engine.quality, engine.note)
        if engine.pairs_from:
            return self._by_installed_pair(found, engine, source, target)
        pair = next((each for each in engine.pairs if _covers(each, source, target)), None)
        if pair is None:
            return replace(found, never="it has no such pair")
        doubt = "" if source or pair.source is None else "it can't translate from every language that may be spoken"
        if not engine.from_audio:
            model = asked.model or pair.model
            lacks = tuple(self._lacking.of(engine, model, may_be_folder=True))
            model = self._lacking.in_folder(engine.files, model) if model else None
            return replace(found, doubt=doubt, model=model, obstacles=lacks)
        if asked.subtitles:
            return replace(found, never="it translates what is said, and there are subtitles instead of it")
        if recognizer and tuple(self.catalog.model(recognizer).languages) == ("en",):
            return replace(found, never=f"the model '{recognizer}' knows English only")
        lacks = tuple(self._lacking.of(engine, recognizer))
        doubt = "it goes by no glossary" if any((asked.glossary or {}).values()) else doubt
        return replace(found, doubt=doubt, model=recognizer, obstacles=lacks)

    def _by_installed_pair(self, found: Candidate, engine: EngineSpec, source: str, target: str) -> Candidate:
        lacks = list(self._lacking.of(engine, None))
        installed = self._lacking.pairs(engine)
        wanted = installed.sources(target)
        packaged = [each for each in engine.packages if base(target) in codes(each)]
        if source:
            wanted = [each for each in wanted if each == base(source)]
            packaged = [each for each in packaged if base(source) in codes(each)]
        if not wanted and not packaged:
            return replace(found, never="it has no such pair, and there is none to install")
        if not wanted:
            package = packaged[0] if len(packaged) == 1 or source else "PAIR"
            which = "" if package != "PAIR" else f", PAIR being one of {', '.join(packaged)}"
            pair = f"{engine.program}-{package}"
            lacks.append(Obstacle(f"the pair {package} isn't installed{which}", engine.install.format(pair=pair)))
        known = ", ".join(sorted(set(wanted)))
        doubt = "" if source or not wanted else f"only from {known}; say what is spoken with -s"
        data = installed.digests(source, target)
        return replace(found, doubt=doubt, data=data, obstacles=tuple(lacks))

    def _engines(self, kind: str) -> list[EngineSpec]:
        """Those whose stages the workflow has."""
        used = {use.uses for use in self.workflow.stages.values()}
        return [each for each in self.catalog.engines.values() if each.kind == kind and each.stage in used]

    @cached_property
    def _lacking(self) -> Lacking:
        return Lacking(self.catalog, self.adoption)


def _covers(pairs: Pairs, source: str, target: str) -> bool:
    return (not source or _has(pairs.source, source)) and _has(pairs.target, target)


def _has(languages: Languages, code: str) -> bool:
    return languages is None or base(code) in map(base, languages)


def usual_plan(chooser: Chooser) -> PlannedWorkflow:
    """What a job of the workflow has when nothing is asked for, whatever its input is."""
    values = resolve(chooser.workflow, {}, chooser.catalog)
    return plan(chooser.workflow, {**values, **chooser.decide(values).values, "input": NOTHING_KNOWN}, chooser.catalog)


def usual_plans(catalog: Catalog, adoption: Adoption) -> list[PlannedWorkflow]:
    """Those of the default workflows."""
    workflows = [catalog.workflow(name) for name in catalog.settings.default_workflows]
    return [usual_plan(Chooser(catalog, adoption, workflow)) for workflow in workflows]


def usual_commands(catalog: Catalog, adoption: Adoption) -> set[str]:
    """What a bare bootstrap makes ready, by the commands that make each of it ready."""
    try:
        plans = usual_plans(catalog, adoption)
    except PipelineError:  # the bare bootstrap would end with it, too
        return set()
    environments = {f"bootstrap --env {name}" for each in plans for name in each.environments}
    return environments | {f"bootstrap --model {name}" for each in plans for name in each.models}
