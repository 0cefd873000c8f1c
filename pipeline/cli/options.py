"""A command line read by a table of its options, without click, whose import takes half as long as a whole small job.

click prints the help and completes words, from the same table.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError, did_you_mean
from pipeline.values import Struct

if TYPE_CHECKING:
    import click

HELP = ("-h", "--help", "--version")


class Option(Struct, frozen=True, kw_only=True):
    """One option. Two with the same name set the same value."""

    flags: tuple[str, ...]
    name: str  # of its value
    help: str
    metavar: str | None = None  # what stands for its value in the help; None where it takes none
    read: Callable[[str], Any] = str  # raises ValueError, which says what is wrong with the value
    default: Any = None
    constant: Any = True  # its value where none is written
    may_be_bare: bool = False  # its value may be left out
    many: bool = False  # it may be repeated; its value is a list
    completes: Callable[..., Any] | None = None  # as click's ``shell_complete``


def parse(command: str, words: Sequence[str], options: Sequence[Option]) -> dict[str, Any]:
    """The value of each option by its name. Raises ``UsageError``."""
    known = {flag: option for option in options for flag in option.flags}
    values: dict[str, Any] = {option.name: [] if option.many else option.default for option in options}
    rest = list(reversed(words))
    while rest:
        flag, value = _split(rest.pop())
        option = known.get(flag)
        if option is None:
            raise _refusal(command, _unknown(flag, known))
        if option.metavar is None:
            if value is not None:
                raise _refusal(command, f"{flag} takes no value")
            values[option.name] = option.constant
            continue
        if value is None and rest and not rest[-1].startswith("-"):
            value = rest.pop()
        if value is None and not option.may_be_bare:
            raise _refusal(command, f"{flag} needs a value: {flag} {option.metavar}")
        read = option.constant if value is None else _read(command, option, flag, value)
        values[option.name] = [*values[option.name], read] if option.many else read
    return values


def _split(word: str) -> tuple[str, str | None]:
    """``--name=value`` and ``-nVALUE`` hold their value."""
    if word.startswith("--"):
        flag, has_value, value = word.partition("=")
        return flag, value if has_value else None
    return (word[:2], word[2:] or None) if word.startswith("-") else (word, None)


def _read(command: str, option: Option, flag: str, value: str) -> Any:
    try:
        return option.read(value)
    except ValueError as error:
        raise _refusal(command, f"{flag} {value}: {error}") from error


def _unknown(flag: str, known: Mapping[str, Option]) -> str:
    if not flag.startswith("-"):
        return f"'{flag}' is no option"
    return f"there is no option {flag}{did_you_mean(flag, list(known), listing=False)}"


def _refusal(command: str, message: str) -> UsageError:
    return UsageError(message, f"{command} --help")


def click_options(options: Sequence[Option]) -> "Callable[[Callable[..., Any]], Callable[..., Any]]":
    """The same options for a command of click, which gets their values by their names, as ``parse`` gives them."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = _read_by_click(option)(command)
        return command

    return add


def _read_by_click(option: Option) -> "Callable[[Any], Any]":
    import click

    def read(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        try:
            if option.many:
                return [option.read(each) for each in value]
            return value if value in (None, option.default, option.constant) else option.read(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    known: dict[str, Any] = {"help": option.help, "metavar": option.metavar, "shell_complete": option.completes}
    if option.metavar is None:
        known |= {"is_flag": True, "flag_value": option.constant, "default": option.default}
    elif option.may_be_bare:
        known |= {"is_flag": False, "flag_value": option.constant}
    return click.option(*option.flags, option.name, multiple=option.many, callback=read, **known)


def click_command(name: str, text: str, options: Sequence[Option]) -> "click.Command":
    """For help, version and completion alone."""
    import click

    from pipeline.cli.context import version_option

    params: list[click.Parameter] = [
        click.Option(
            list(option.flags),
            help=option.help,
            metavar=option.metavar,
            is_flag=option.metavar is None,
            shell_complete=option.completes,
        )
        for option in options
    ]
    settings = {"help_option_names": ["-h", "--help"]}
    return version_option(click.Command(name, context_settings=settings, params=params, help=text, callback=None))  # type: ignore[return-value]  # a command in, a command out
