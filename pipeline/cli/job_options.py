"""What a person may ask of a job, for the commands that prepare some: the workflow, and its parameters as options."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion
from pipeline.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.config.workflows import ParameterSpec
    from pipeline.prepare.prepare import Request

WORKFLOWS = ("transcribe", "translate", "subtitle")


@dataclass(frozen=True)
class Shortcut:
    """An option that stands for a workflow's parameter."""

    option: str
    parameter: str
    help: str
    short: str | None = None
    metavar: str | None = None
    value: str | None = None  # what it means by itself, without a value
    takes_value: bool = True
    joined: bool = False  # may be repeated; the values are joined with commas
    needs: str | None = None  # the parameter without which it would change nothing
    instead: str | None = None  # the parameter with which it would change nothing

    @property
    def declared(self) -> list[str]:
        return [*([self.short] if self.short else []), f"--{self.option}", self.parameter]


SHORTCUTS = (
    Shortcut("source-language", "source_language", "Language that is spoken; default: detect it.", "-s", "CODE"),
    Shortcut(
        "target-language",
        "target_languages",
        "Languages to translate into, a track for each; may be repeated: -t es,fr -t de.",
        "-t",
        "CODE",
        joined=True,
    ),
    Shortcut("no-original", "original", "Only the translations.", value="false", takes_value=False),
    Shortcut(
        "asr",
        "asr",
        "Engine for the recognition: faster-whisper (default) or whisperx; auto takes the best that can work now.",
        metavar="ENGINE",
        instead="from_subtitles",
    ),
    Shortcut(
        "model",
        "model",
        "Model for the recognition, by its name or its folder.",
        metavar="NAME|FOLDER",
        instead="from_subtitles",
    ),
    Shortcut(
        "translator",
        "translator",
        "Engine for the translation: auto takes the best that can work now; or whisper, apertium, indictrans2, nllb.",
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
        "Take subtitles that exist and recognise nothing: a file, a track by number or language; alone, what there is.",
        metavar="[FILE|N|CODE]",
        value="auto",
    ),
    Shortcut(
        "recut",
        "keep_cues",
        "With --from-subtitles: cut them anew by the style's rules; without it, each cue stays one, with its times.",
        value="false",
        takes_value=False,
        needs="from_subtitles",
    ),
    Shortcut("format", "formats", "Subtitle files: srt, vtt and ass; default: srt,vtt.", metavar="NAMES", joined=True),
    Shortcut("style", "style", "Rules for the subtitles: netflix (default) or bbc.", metavar="PROFILE"),
    Shortcut(
        "glossary",
        "glossary",
        "How names and terms are translated: a .csv, .tsv or .yaml file of terms and translations.",
        metavar="FILE",
        needs="target_languages",
    ),
    Shortcut("burn-in", "burn_in", "Draw the subtitles into the picture, too.", value="true", takes_value=False),
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
    """All of them on a command, which gets them as keywords and hands them to ``read``."""
    added: list[Callable[[Any], Any]] = [
        *(click.option(f"--{name}", is_flag=True, help=f"The workflow '{name}'.") for name in WORKFLOWS),
        click.option(
            "--workflow", metavar="NAME", shell_complete=completion.workflows, help="Any workflow by its name."
        ),
        *(_option(shortcut) for shortcut in SHORTCUTS),
        click.option(
            "--param", "parameters", metavar="NAME=VALUE", multiple=True, help="Any other parameter of the workflow."
        ),
        click.option("--beside", is_flag=True, help="Put the subtitles next to the movie, too: movie.es.srt."),
        click.option("--overwrite", is_flag=True, help="Also where the movie has such subtitles already."),
        click.option("--build", is_flag=True, help="Build an environment that isn't there, which may take minutes."),
        click.option(
            "--wait",
            metavar="SECONDS",
            type=click.FloatRange(min=0),
            help="How long to wait for an environment that another process is building; default: 300.",
        ),
        click.option(
            "--allow-degraded",
            is_flag=True,
            help="Take an older environment that isn't healthy where there is nothing else; "
            "no other job gets the results.",
        ),
    ]
    for add in reversed(added):
        command = add(command)
    return command


def _option(shortcut: Shortcut) -> Callable[[Any], Any]:
    more: dict[str, Any] = {"help": shortcut.help, "metavar": shortcut.metavar, "multiple": shortcut.joined}
    if not shortcut.takes_value:
        return click.option(*shortcut.declared, is_flag=True, help=shortcut.help)
    if shortcut.value:
        more |= {"is_flag": False, "flag_value": shortcut.value}
    return click.option(*shortcut.declared, **more)


def read(chosen: Mapping[str, Any], catalog: "Catalog") -> "Callable[[Path], Request]":
    """What makes a request for a file of what was asked for. Raises ``UsageError``."""
    from pipeline.envs.external.decision import Allowed
    from pipeline.prepare.prepare import WAIT_SECONDS, Request

    given = _given(chosen)
    workflow = _workflow(catalog.workflow_names, [name for name in WORKFLOWS if chosen[name]], chosen["workflow"])
    _require_known(given, workflow, catalog)
    _require_effect(given, catalog.workflow(workflow).parameters)
    wait = WAIT_SECONDS if chosen["wait"] is None else chosen["wait"]
    allowed = Allowed(wait, chosen["build"], chosen["allow_degraded"])
    values = {name: value for name, (_, value) in given.items()}
    return lambda path: Request(path, workflow, values, allowed, chosen["beside"], chosen["overwrite"])


def _workflow(known: Sequence[str], shortcuts: Sequence[str], workflow: str | None) -> str:
    chosen = {*shortcuts, *([workflow] if workflow else [])}
    if len(chosen) != 1:
        names = ", ".join(f"--{name}" for name in WORKFLOWS)
        what = f"not {' and '.join(sorted(chosen))} at once: " if chosen else ""
        raise UsageError(f"{what}name one workflow: {names} or --workflow NAME", "pipeline workflow list")
    name = chosen.pop()
    if name in shortcuts and name not in known:
        raise UsageError(f"this project has no workflow for --{name} yet", "pipeline workflow list")
    return name


def _given(chosen: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Values by parameter, each with the option that it was given with."""
    given: dict[str, tuple[str, str]] = {}
    for text in chosen["parameters"]:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--param takes NAME=VALUE, not {text!r}", "prepare-job --help")
        _give(given, name, "--param", value)
    for shortcut in SHORTCUTS:
        value = chosen[shortcut.parameter]
        if value is None or value is False or value == ():
            continue
        text = ",".join(value) if shortcut.joined else value if shortcut.takes_value else str(shortcut.value)
        _give(given, shortcut.parameter, f"--{shortcut.option}", text)
    return given


def _give(given: dict[str, tuple[str, str]], name: str, option: str, value: str) -> None:
    if name in given:
        raise UsageError(f"the parameter '{name}' is given twice: {given[name][1]!r} and {value!r}", "give it once")
    given[name] = (option, value)


def _require_known(given: Mapping[str, tuple[str, str]], workflow: str, catalog: "Catalog") -> None:
    """Raises ``UsageError`` for an option that means nothing to the workflow, with one that knows it."""
    known = catalog.workflow(workflow).parameters
    for name, (option, _) in given.items():
        if name not in known and option != "--param":
            others = [each for each in catalog.workflow_names if name in catalog.workflow(each).parameters]
            near = f"; {' and '.join(others)} would" if others else did_you_mean(name, list(known))
            raise UsageError(
                f"the workflow '{workflow}' has no use for {option} (it has no parameter '{name}'){near}",
                f"pipeline workflow show {others[0] if others else workflow}",
            )


def _require_effect(given: Mapping[str, tuple[str, str]], known: "Mapping[str, ParameterSpec]") -> None:
    """Raises ``UsageError`` for an option that would change nothing: whoever gives it expects that it does."""
    shown = {each.parameter: f"--{each.option}" for each in SHORTCUTS}
    wanted = {name for name, (_, value) in given.items() if value}
    wanted |= {name for name, spec in known.items() if spec.default and name not in given}
    for each in SHORTCUTS:
        if given.get(each.parameter, ("", ""))[0] != shown[each.parameter]:
            continue
        if each.needs and each.needs in known and each.needs not in wanted:
            other = shown[each.needs]
            raise UsageError(
                f"{shown[each.parameter]} changes nothing without {other}", f"give {other}, or leave it out"
            )
        if each.instead and each.instead in wanted:
            what = f"{shown[each.parameter]} changes nothing with {shown[each.instead]}, which needs no recognition"
            raise UsageError(what, "leave one of the two out")
