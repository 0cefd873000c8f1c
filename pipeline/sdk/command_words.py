"""The placeholders of a command stage, such as ``{input.text}``: read, and filled in.

The orchestrator imports it as ``pipeline.sdk.command_words``, to check placeholders before a job is made. In a stage's
process it is a shared module, ``command_words``, of the stage's own (``command_stage.py``).

Standard library only, Python 3.8 and later.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Sequence, Tuple

    Part = Tuple[str, str]  # the kind of a placeholder and its name; no kind for text as it stands
    Look = Callable[[str, str], Any]  # the value of a placeholder

BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|\{")
# {input.NAME} and so on. Ports are those that a service itself has, services those that a stage uses.
NAMED = ("input", "output", "parameter", "model", "file", "port", "service")
ALONE = ("cpus", "work", "output_folder")
TOKEN = "token"  # noqa: S105  # a placeholder of services, in variables alone
FOUND_NOTHING = "the program %s isn't there; it was looked for in %s"
SHELL = ("bash", "-euo", "pipefail", "-c")  # a failure in the middle of a pipe is one, too


class TemplateError(ValueError):
    """A text whose placeholders can't be read; ``placeholder`` is the one that means nothing, where it is one."""

    def __init__(self, message: str, placeholder: "Optional[str]" = None) -> None:
        super().__init__(message)
        self.placeholder = placeholder


class ValueUnusable(ValueError):
    """A value can't stand where a placeholder is; the message says what helps."""


def parse(text: str) -> "List[Part]":
    """The parts of a word. ``{{`` and ``}}`` are braces. Raises ``TemplateError``."""
    parts = []  # type: List[Part]
    position = 0
    for found in BRACES.finditer(text):
        _add_text(parts, text[position : found.start()])
        position = found.end()
        if found[0] in ("{{", "}}"):
            _add_text(parts, found[0][0])
        elif found[1] is None:
            raise TemplateError("a '{' isn't closed; a brace itself is written {{")
        else:
            parts.append(_placeholder(found[1]))
    _add_text(parts, text[position:])
    return parts


def words(templates: "Sequence[str]", look: "Look") -> "List[str]":
    """The words of a command.

    A word that is one placeholder becomes a word for each item of a list. Without a value (null, false, an empty list)
    it is left out, with an option right before it; where it is true, the option alone stays. A longer word is left out
    where one of its values is null. Raises ``ValueUnusable``.
    """
    result = []  # type: List[str]
    after_option = False
    for template in templates:
        parts = parse(template)
        if len(parts) == 1 and parts[0][0]:
            value = look(*parts[0])
            if value is None or value is False or value == []:
                del result[len(result) - after_option :]
            elif value is not True or not after_option:
                result += _items(value)
            after_option = False
        else:
            values = [(part, look(*part) if part[0] else part[1]) for part in parts]
            if any(value is None for _, value in values):
                after_option = False
                continue
            result.append("".join(_single(part, value) for part, value in values))
            after_option = is_option(template) and all(not kind for kind, _ in parts)
    return result


def is_option(word: str) -> bool:
    return word.startswith("-") and word not in ("-", "--")


def shell_text(template: str, look: "Look") -> str:
    """The text for a shell: each value is quoted, the items of a list each by itself. Null is an empty word."""
    import shlex

    texts = []
    for kind, name in parse(template):
        if not kind:
            texts.append(name)
            continue
        value = look(kind, name)
        texts.append("''" if value is None else " ".join(map(shlex.quote, _items(value))))
    return "".join(texts)


def variable_text(template: str, look: "Look") -> "Optional[str]":
    """The value of an environment variable; ``None`` where one of its placeholders is null: then it isn't set."""
    values = [(part, look(*part) if part[0] else part[1]) for part in parse(template)]
    if any(value is None for _, value in values):
        return None
    return "".join(_single(part, value) for part, value in values)


def find_program(name: str, path: str) -> "Optional[str]":
    """Where a program is: ``name`` is looked for in the folders of ``path``, unless it is a path itself."""
    import shutil

    return shutil.which(name, path=path)


def _add_text(parts: "List[Part]", text: str) -> None:
    if parts and not parts[-1][0]:
        parts[-1] = ("", parts[-1][1] + text)
    elif text:
        parts.append(("", text))


def _placeholder(inside: str) -> "Part":
    kind, dot, name = inside.partition(".")
    if inside in ALONE or inside == TOKEN:
        return inside, ""
    if kind in NAMED and dot and name:
        return kind, name
    raise TemplateError("unknown placeholder {%s}; a brace itself is written {{" % inside, inside)


def _items(value: "Any") -> "List[str]":
    return [_text(item) for item in value] if isinstance(value, list) else [_text(value)]


def _single(part: "Part", value: "Any") -> str:
    if isinstance(value, list):
        if part[0] != "input" or len(value) != 1:
            placeholder = "{%s}" % ".".join(filter(None, part))
            raise ValueUnusable("%s has %d values, so it must be a word by itself" % (placeholder, len(value)))
        return _text(value[0])
    return _text(value)


def _text(value: "Any") -> str:
    """A number, a boolean or a mapping as JSON writes it."""
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False)


def start_problem(program: str, error: Exception) -> str:
    """Why a program that is there can't be started, in words."""
    import errno

    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return "%s can't be started: the interpreter in its first line (%s) isn't there" % (
            program,
            _first_line(program),
        )
    if number == errno.ENOEXEC:
        return (
            "%s can't be started: it is no program of this machine, and has no first line that begins with #!" % program
        )
    if number == errno.E2BIG:
        return "%s can't be started: its arguments are longer than the system takes; write them into a file" % program
    return "%s can't be started: %s" % (program, getattr(error, "strerror", None) or error)


def _first_line(program: str) -> str:
    with open(program, "rb") as file:
        return file.readline(200).decode("utf-8", "replace").strip()
