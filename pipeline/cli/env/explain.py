"""``pipeline env explain``."""

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.errors import UsageError
from pipeline.sizes import show_size
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.conflicts.chains import Chain
    from pipeline.conflicts.conflicting_lines import Compatibility, Conflict
    from pipeline.conflicts.edits import Edit
    from pipeline.conflicts.sides import Line
    from pipeline.project import ProjectFolder


@click.command("explain")
@click.argument("arguments", nargs=-1, required=True, metavar="A B...", shell_complete=completion.environments)
@json_option
@root_option
def command(arguments: tuple[str, ...], as_json: bool) -> None:
    """Can these share one environment? If not, why not, and what would help.

    A and B are environments, requirements files, or requirements in quotes:

    \b
      pipeline env explain common whisper
      pipeline env explain 'whisperx==3.8.6' 'transformers>=5'
      pipeline env explain whisper requirements/new.txt

    Asks the package index for metadata, of wheels for this platform; nothing is installed. Either answer is a
    success: read "together" of --json in a script.
    """
    from pipeline.conflicts.conflicting_lines import explain
    from pipeline.conflicts.module_clashes import clashes
    from pipeline.conflicts.resolver import resolver_for
    from pipeline.conflicts.sides import named_sides

    if len(arguments) < 2:
        raise UsageError("name at least two that are to share one environment", "pipeline env explain A B")
    catalog = Catalog(project())
    sides = named_sides(catalog, arguments, Path.cwd())
    compatibility = explain(sides, resolver_for(sides), platform.python_version())
    names = [side.name for side in sides if side.name in catalog.environment_names]
    reasons, unbuilt = clashes(catalog, names) if compatibility.conflict is None and len(names) > 1 else ([], [])
    data = {
        "together": compatibility.conflict is None and not reasons,
        "python": compatibility.python,
        "sides": [side.name for side in sides],
        "conflict": _conflict(compatibility.conflict) if compatibility.conflict else None,
        "rivals": reasons,
        "not_built": unbuilt,
        "saving": _saving(compatibility, _installed_bytes(catalog.project, compatibility)),
    }
    if as_json:
        print_json("env-explain", data)
    else:
        click.echo("\n".join(map(printable, _answer_lines(data))))


def _conflict(conflict: "Conflict") -> dict[str, Any]:
    return {
        "requirements": [_line(line) for line in conflict.lines],
        "pythons": [{"range": each.text, "where": each.where} for each in conflict.pythons],
        "package": conflict.package,
        "chains": [_chain(chain) for chain in conflict.chains],
        "edits": [_edit(edit) for edit in conflict.edits],
        "others_remain": conflict.others_remain,
        "resolver": conflict.refusal,
    }


def _line(line: "Line") -> dict[str, str]:
    return {"text": line.text, "where": line.where}


def _chain(chain: "Chain") -> dict[str, Any]:
    steps = [{"package": step.package, "version": step.version, "requires": str(step.requires)} for step in chain.steps]
    return {"requirement": _line(chain.line), "steps": steps, "wants": chain.specifier, "shown": str(chain)}


def _edit(edit: "Edit") -> dict[str, str]:
    return {**_line(edit.line), "becomes": edit.text, "resolves_to": f"{edit.line.name} {edit.version}"}


def _installed_bytes(here: "ProjectFolder", compatibility: "Compatibility") -> int | None:
    """The disk space that shared packages take more than once today; ``None`` where not all sides are built."""
    from pipeline.conflicts.module_clashes import repeated_bytes
    from pipeline.environments import registry_of

    registry = registry_of(here)
    builds = [build for side in compatibility.sides if (build := registry.live(side.name))]
    return (
        repeated_bytes(builds, {each.name for each in compatibility.shared})
        if len(builds) == len(compatibility.sides)
        else None
    )


def _saving(compatibility: "Compatibility", installed: int | None) -> dict[str, Any] | None:
    if compatibility.together is None:
        return None
    again = [(each.sides - 1, each.wheel_bytes) for each in compatibility.shared]
    return {
        "packages": [f"{each.name} {each.version}" for each in compatibility.shared],
        "wheel_bytes": sum(times * size for times, size in again if size is not None),
        "wheels_of_unknown_size": sum(size is None for _, size in again),
        "installed_bytes": installed,
    }


def _answer_lines(data: dict[str, Any]) -> list[str]:
    names = " and ".join(data["sides"])
    on = f"on Python {data['python']}, this platform" if data["python"] else ""
    if data["together"]:
        return [f"{names} can share one environment ({on}).", *_saving_lines(data["saving"]), *_unbuilt_lines(data)]
    if data["conflict"] is None:
        why = [f"  {each}" for each in data["rivals"]]
        return [f"{names} must not share one environment, although their packages resolve together ({on}):", *why]
    return [f"{names} can't share one environment{f' ({on})' if on else ''}.", *_conflict_lines(data["conflict"])]


def _conflict_lines(conflict: dict[str, Any]) -> list[str]:
    lines = [f"  {each['text']}  ({each['where']})" for each in conflict["requirements"]]
    lines += [f"  Python {each['range']}  ({each['where']})" for each in conflict["pythons"]]
    alone = len(lines) == 1
    head = "This has no solution, whatever stands beside it:" if alone else "The smallest set that conflicts:"
    text = ["", head, *lines]
    if conflict["chains"]:
        text += ["", f"They clash on {conflict['package']}:", *(f"  {each['shown']}" for each in conflict["chains"])]
    if conflict["edits"]:
        rest = " (another conflict remains after it)" if conflict["others_remain"] else ""
        text += ["", f"Either of these changes removes it{rest}, the smallest first:"]
        text += [
            f"  {each['where']}: {each['text']} → {each['becomes']}  gives {each['resolves_to']}"
            for each in conflict["edits"]
        ]
    elif conflict["requirements"]:
        text += ["", "No looser form of one of these lines removes it."]
    if conflict["resolver"]:
        text += ["", "In the resolver's words:", *(f"  {line}" for line in conflict["resolver"].splitlines())]
    return text


def _saving_lines(saving: dict[str, Any]) -> list[str]:
    if not saving["packages"]:
        return ["They have no package in common, so that one environment saves nothing."]
    unknown = saving["wheels_of_unknown_size"]
    count = len(saving["packages"])
    sizes = f"{show_size(saving['wheel_bytes'])} of wheels"
    beside = f" (and {unknown} of unknown size)" if unknown else ""
    text = [f"It saves {count} package{'' if count == 1 else 's'} that would be installed again, {sizes}{beside}:"]
    text += [f"  {', '.join(saving['packages'])}"]
    if saving["installed_bytes"] is not None:
        text += [f"As they are built today, these take {show_size(saving['installed_bytes'])} more than once."]
    return text


def _unbuilt_lines(data: dict[str, Any]) -> list[str]:
    missing = " and ".join(data["not_built"])
    what = "whether packages of both install the same module is seen only when they are built"
    return [f"Not looked at: {missing} isn't built, and {what}."] if missing else []
