"""The options of commands that prepare jobs: the workflow, its parameters, what may be done for environments."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion
from pipeline.cli.value_types import FiniteRange
from pipeline.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.config.workflows import ParameterSpec
    from pipeline.prepare.batch import RequestFactory

AUTO = "auto"  # as config/workflows.py has it, which takes long to load
UNDECIDED: tuple[Any, ...] = (None, False, "", [], AUTO)  # with these, what needs a parameter changes nothing
WORKFLOWS = ("transcribe", "translate", "subtitle")


@dataclass(frozen=True)
class Shortcut:
    """An option that stands for a workflow's parameter."""

    option: str
    parameter: str
    help: str
    short: str | None = None
    metavar: str | None = None
    value: str | None = None  # of the parameter, where the option is given without one
    takes_value: bool = True
    joined: bool = False  # may be repeated; the values are joined with commas
    needs: str | None = None  # the parameter without which it would change nothing
    needs_value: str | None = None  # the value without which it would change nothing; None: any
    instead: str | None = None  # the parameter with which it would change nothing

    @property
    def flag(self) -> str:
        return f"--{self.option}"

    @property
    def is_list(self) -> bool:
        """Whether click gives a list of all values. Else it drops all but the last."""
        return self.takes_value and self.value is None

    @property
    def declared(self) -> list[str]:
        """As click takes them."""
        return [*([self.short] if self.short else []), self.flag, self.parameter]


SHORTCUTS = (
    Shortcut("source-language", "source_language", "The spoken language; default: detect it.", "-s", "CODE"),
    Shortcut(
        "strict-language",
        "strict_language",
        "Refuse a film in which another language is heard than the one that -s says.",
        value="true",
        takes_value=False,
        needs="source_language",
        instead="from_subtitles",
    ),
    Shortcut(
        "target-language",
        "target_languages",
        "Languages to translate into, a track for each; may be repeated: -t es,fr -t de.",
        "-t",
        "CODE",
        joined=True,
    ),
    Shortcut("no-original", "original", "Make only the translations.", value="false", takes_value=False),
    Shortcut(
        "asr",
        "asr",
        "Engine for the recognition: faster-whisper (default), onnx-asr or whisperx; auto takes the best that can work "
        "now.",
        metavar="ENGINE",
        instead="from_subtitles",
    ),
    Shortcut(
        "model",
        "model",
        "Model for the recognition, by its name or its folder; auto takes the best one that is here.",
        metavar="NAME|FOLDER|auto",
        instead="from_subtitles",
    ),
    Shortcut(
        "quality",
        "quality",
        "With --model auto: fast, balanced (default: no longer than the film) or best, however long it takes.",
        metavar="NAME",
        needs="model",
        needs_value=AUTO,
    ),
    Shortcut(
        "within",
        "within",
        "With --model auto: how long the recognition may take, such as 30m.",
        metavar="TIME",
        needs="model",
        needs_value=AUTO,
    ),
    Shortcut(
        "translator",
        "translator",
        "Engine for the translation: auto takes the best that can work now; or whisper, apertium, indictrans2, "
        "madlad, nllb-ct2, nllb.",
        metavar="ENGINE",
        needs="target_languages",
    ),
    Shortcut(
        "translation-model",
        "translation_model",
        "Model for the translation, instead of the engine's own.",
        metavar="NAME|FOLDER",
        needs="target_languages",
    ),
    Shortcut(
        "audio-track",
        "audio_track",
        "Which audio, in a movie with several; default: the main one.",
        metavar="N|CODE",
        instead="from_subtitles",
    ),
    Shortcut(
        "from-subtitles",
        "from_subtitles",
        "Use existing subtitles instead of recognition: a file, a track by number or language; alone, whichever exist.",
        metavar="[FILE|N|CODE]",
        value="auto",
    ),
    Shortcut(
        "recut",
        "keep_cues",
        "With --from-subtitles: cut the text into new cues by the style's rules; without it, cues keep their times.",
        value="false",
        takes_value=False,
        needs="from_subtitles",
    ),
    Shortcut("format", "formats", "Subtitle files: srt, vtt and ass; default: srt,vtt.", metavar="NAMES", joined=True),
    Shortcut("style", "style", "Rules for the subtitles: netflix (default) or bbc.", metavar="PROFILE"),
    Shortcut(
        "glossary",
        "glossary",
        "Translations of names and terms: a .csv, .tsv or .yaml file of terms and translations.",
        metavar="FILE",
        needs="target_languages",
    ),
    Shortcut("burn-in", "burn_in", "Also draw the subtitles into the picture.", value="true", takes_value=False),
    Shortcut(
        "diarize",
        "diarize",
        "Tell the speakers apart (WhisperX can).",
        value="true",
        takes_value=False,
        instead="from_subtitles",
    ),
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command all of them. It gets them as keywords, for ``request_factory``."""
    workflow = [
        *(click.option(f"--{name}", is_flag=True, help=f"The workflow '{name}'.") for name in WORKFLOWS),
        click.option(
            "--workflow", metavar="NAME", shell_complete=completion.workflows, help="Any workflow by its name."
        ),
    ]
    return _with(workflow, workflow_values(allowance_options(command)))


def workflow_values(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that give a workflow's parameters their values."""
    parameters = click.option(
        "--param", "parameters", metavar="NAME=VALUE", multiple=True, help="Any other parameter of the workflow."
    )
    return _with([*map(_option, SHORTCUTS), parameters], command)


def allowance_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what may be done for a job beside its results."""
    added: list[Callable[[Any], Any]] = [
        click.option("--beside", is_flag=True, help="Also put the subtitles next to the movie: movie.es.srt."),
        click.option("--overwrite", is_flag=True, help="Also where the movie has such subtitles already."),
        click.option(
            "--inherit-environment",
            is_flag=True,
            help="Give the stages all variables of this shell, not only what programs need and what they ask for.",
        ),
        click.option(
            "--fetch", is_flag=True, help="With --model auto: fetch the model that is best for it, where it isn't here."
        ),
        click.option(
            "--allow-code",
            is_flag=True,
            help="Also models in folders whose files run code when they are loaded, such as pickles: you trust their "
            "makers as those of a program.",
        ),
        click.option("--build", is_flag=True, help="Build environments that are missing, which may take minutes."),
        click.option(
            "--wait",
            metavar="SECONDS",
            type=FiniteRange(min=0),
            help="How long to wait for an environment that another process is building; default: 300.",
        ),
        click.option(
            "--allow-degraded",
            is_flag=True,
            help="Use an older environment that isn't healthy where there is no other; "
            "the results aren't shared with other jobs.",
        ),
    ]
    return _with(added, command)


def _with(added: Sequence[Callable[[Any], Any]], command: Callable[..., Any]) -> Callable[..., Any]:
    for add in reversed(added):
        command = add(command)
    return command


def _option(shortcut: Shortcut) -> Callable[[Any], Any]:
    more: dict[str, Any] = {"help": shortcut.help, "metavar": shortcut.metavar, "multiple": shortcut.is_list}
    if not shortcut.takes_value:
        return click.option(*shortcut.declared, is_flag=True, help=shortcut.help)
    if shortcut.value:
        more |= {"is_flag": False, "flag_value": shortcut.value}
    return click.option(*shortcut.declared, **more)


def request_factory(options: Mapping[str, Any], catalog: "Catalog") -> "RequestFactory":
    """Makes the request for a file, from the options that a command got. Raises ``UsageError``."""
    from pipeline.envs.choice.decision import EnvironmentOptions
    from pipeline.prepare.preparation import WAIT_SECONDS, JobRequest

    typed = _typed(options)
    workflow = _workflow(catalog.workflow_names, [name for name in WORKFLOWS if options.get(name)], options["workflow"])
    _require_known(typed, workflow, catalog)
    _require_effect(typed, catalog.workflow(workflow).parameters)
    if options["fetch"] and ("model" not in typed or typed["model"].text != AUTO):
        raise UsageError("--fetch changes nothing without --model auto", "give --model auto, or leave it out")
    wait = WAIT_SECONDS if options["wait"] is None else options["wait"]
    allowed = EnvironmentOptions(wait, options["build"], options["allow_degraded"])
    parameters = {name: each.text for name, each in typed.items()}
    return lambda file: JobRequest(
        file,
        workflow,
        parameters,
        allowed,
        options["beside"],
        options["overwrite"],
        options["inherit_environment"],
        fetches=options["fetch"],
        allows_code=options["allow_code"],
    )


def _workflow(known: Sequence[str], shortcuts: Sequence[str], workflow: str | None) -> str:
    names = {*shortcuts, *([workflow] if workflow else [])}
    if len(names) != 1:
        ways = ", ".join(f"--{name}" for name in WORKFLOWS)
        what = f"not {' and '.join(sorted(names))} at once: " if names else ""
        raise UsageError(f"{what}name one workflow: {ways} or --workflow NAME", "pipeline workflow list")
    name = names.pop()
    if name in shortcuts and name not in known:
        raise UsageError(f"this project has no workflow for --{name} yet", "pipeline workflow list")
    return name


@dataclass(frozen=True)
class TypedParameter:
    """A parameter's value as a person typed it."""

    text: str
    option: str  # by which it was given, such as --model or --param


def _typed(options: Mapping[str, Any]) -> dict[str, TypedParameter]:
    """By parameter. Raises ``UsageError`` where one is given twice."""
    typed: dict[str, TypedParameter] = {}
    for text in options["parameters"]:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--param takes NAME=VALUE, not {text!r}", "prepare-job --help")
        _add(typed, name, TypedParameter(value, "--param"))
    for shortcut in SHORTCUTS:
        value = options[shortcut.parameter]
        if value is None or value is False or value == ():
            continue
        for text in _texts(shortcut, value):
            _add(typed, shortcut.parameter, TypedParameter(text, shortcut.flag))
    return typed


def _texts(shortcut: Shortcut, value: Any) -> Sequence[str]:
    """The values of an option, as the parameter takes them; several where one is typed again with another value."""
    if not shortcut.takes_value:
        return [str(shortcut.value)]
    if shortcut.joined:
        return [",".join(value)]
    return list(dict.fromkeys(value)) if shortcut.is_list else [value]


def _add(typed: dict[str, TypedParameter], name: str, parameter: TypedParameter) -> None:
    if name in typed:
        both = f"{typed[name].text!r} and {parameter.text!r}"
        raise UsageError(f"the parameter '{name}' is given twice: {both}", "give it once")
    typed[name] = parameter


def _require_known(typed: Mapping[str, TypedParameter], workflow: str, catalog: "Catalog") -> None:
    """Raises ``UsageError`` for an option that means nothing to the workflow, with a workflow that knows it."""
    known = catalog.workflow(workflow).parameters
    for name, parameter in typed.items():
        if name not in known and parameter.option != "--param":
            others = [each for each in catalog.workflow_names if name in catalog.workflow(each).parameters]
            near = f"; {' and '.join(others)} would" if others else did_you_mean(name, list(known))
            raise UsageError(
                f"the workflow '{workflow}' has no use for {parameter.option} (it has no parameter '{name}'){near}",
                f"pipeline workflow show {others[0] if others else workflow}",
            )


def _require_effect(typed: Mapping[str, TypedParameter], known: "Mapping[str, ParameterSpec]") -> None:
    """Raises ``UsageError`` for an option that would change nothing: whoever gives it expects that it does."""
    flags = {each.parameter: each.flag for each in SHORTCUTS}
    undecided = {name for name, spec in known.items() if spec.default in UNDECIDED and spec.default}
    has_value = {
        name for name, each in typed.items() if each.text and not (name in undecided and each.text in UNDECIDED)
    }
    has_value |= {name for name, spec in known.items() if spec.default not in UNDECIDED and name not in typed}
    values = {name: spec.default for name, spec in known.items()} | {name: each.text for name, each in typed.items()}
    for each in SHORTCUTS:
        if each.parameter not in typed or typed[each.parameter].option != each.flag:
            continue
        if each.needs and each.needs in known and not _is_met(each, has_value, values):
            other = " ".join(filter(None, [flags[each.needs], each.needs_value]))
            raise UsageError(f"{each.flag} changes nothing without {other}", f"give {other}, or leave it out")
        if each.instead and each.instead in has_value:
            what = f"{each.flag} changes nothing with {flags[each.instead]}, which needs no recognition"
            raise UsageError(what, "leave one of the two out")


def _is_met(option: Shortcut, has_value: Collection[str], values: Mapping[str, Any]) -> bool:
    """Whether the parameter that it needs has a value, or the one value with which it changes something."""
    return option.needs in has_value if option.needs_value is None else values[option.needs or ""] == option.needs_value
