"""Rules of a Snakefile, as far as they are written out: https://snakemake.readthedocs.io/en/stable/snakefiles/rules.html.

The file is Python with further statements, so Python's own tokenizer finds those; a directive's arguments are read as
Python's own parser reads the arguments of a call, and count where they are literals. Nothing in the file is run.
"""

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from tokenize import TokenInfo

from pipeline.errors import ConfigurationError
from pipeline.scaffold.adoption.values import LeftOut
from pipeline.values import Struct, field

# What doesn't change what a rule's command does.
WITHOUT_EFFECT = (
    *("benchmark", "cache", "default_target", "group", "localrule", "message", "name", "priority", "version"),
    "wildcard_constraints",
)
NOTED = ("resources", "retries", "shadow")  # they limit or protect the command, which does the same without them
MARKS = ("ancient", "protected", "temp", "temporary")  # about when a file is made or removed, not about what is in it
PASSED_OVER = (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER)
READ = ("input", "output", "shell", "conda", "params", "threads", "log")
Literal = str | int | float | bool


class Directive(Struct, frozen=True):
    """The literals after a directive: those without a name, and those with one."""

    line: int
    unnamed: tuple[Literal, ...] = ()
    named: Mapping[str, Literal] = field(default_factory=dict)

    @property
    def single(self) -> Literal | None:
        return self.unnamed[0] if len(self.unnamed) == 1 and not self.named else None


class SnakemakeRule(Struct, frozen=True):
    name: str
    line: int
    directives: Mapping[str, Directive]
    noted: tuple[tuple[int, str], ...] = ()  # lines of directives that aren't taken over, with their names


class SnakefileContent(Struct, frozen=True):
    rules: tuple[SnakemakeRule, ...]  # those that can be read whole
    left_out: tuple[LeftOut, ...]  # all else, by its line
    hides_outputs: bool  # whether what is left out may make files that a rule reads


class UnreadableRule(Exception):
    """A rule, or another statement, that isn't written out in literals."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.left_out = (line, reason)


def read(text: str, shown_as: str) -> SnakefileContent:
    """Raises ``ConfigurationError`` for a text that Python's tokenizer refuses."""
    try:
        tokens = [each for each in tokenize.generate_tokens(io.StringIO(text).readline) if each.type not in PASSED_OVER]
    except (tokenize.TokenError, SyntaxError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else error.args[1][0]
        raise ConfigurationError(f"{shown_as}:{line or 1}: it can't be read: {error.args[0]}") from error
    rules: list[SnakemakeRule] = []
    left: list[LeftOut] = []
    hides = False
    lines = text.split("\n")  # as the tokenizer counts them
    for statement in _statements(tokens):
        try:
            rules.append(_rule(statement, lines))
        except UnreadableRule as error:
            left.append(LeftOut(shown_as, *error.left_out))
            hides = hides or _may_make_files(statement)
    return SnakefileContent(tuple(rules), tuple(left), hides)


def _may_make_files(statement: Sequence[TokenInfo]) -> bool:
    """Of a statement that isn't read: a rule with outputs, or what brings rules from elsewhere."""
    words = [each.string for each in statement]
    has_output = any(word == "output" and after == ":" for word, after in pairwise(words))
    return has_output or words[0] in {"include", "module", "use", "checkpoint"}


def _statements(tokens: Sequence[TokenInfo]) -> Iterator[list[TokenInfo]]:
    """The tokens of each statement, with those of the block below it."""
    statement: list[TokenInfo] = []
    depth = 0
    for number, token in enumerate(tokens):
        statement.append(token)
        depth += {tokenize.INDENT: 1, tokenize.DEDENT: -1}.get(token.type, 0)
        ends = token.type in (tokenize.NEWLINE, tokenize.DEDENT) and depth == 0
        opens = number + 1 < len(tokens) and tokens[number + 1].type == tokenize.INDENT
        if ends and not opens:
            yield statement
            statement = []
    if statement:
        yield statement


def _rule(tokens: Sequence[TokenInfo], lines: Sequence[str]) -> SnakemakeRule:
    """``rule NAME:`` and its directives. Raises ``UnreadableRule`` for all else."""
    line = tokens[0].start[0]
    if tokens[0].string != "rule":
        raise UnreadableRule(line, f"not read: {tokens[0].line.strip()}")
    head = [each.string for each in tokens[1:5]]
    is_named = len(head) > 2 and head[0].isidentifier() and head[1] == ":" and tokens[3].type == tokenize.NEWLINE
    if not is_named:
        raise UnreadableRule(line, f"not read: {tokens[0].line.strip()} (a rule has a name, and a block below it)")
    name = head[0]
    directives: dict[str, Directive] = {}
    noted: list[tuple[int, str]] = []
    for statement in _statements(tokens[5:-1]):
        first = statement[0]
        if first.type == tokenize.STRING:  # what the rule is for
            continue
        if len(statement) < 3 or statement[1].string != ":":
            raise UnreadableRule(first.start[0], f"rule {name}: not read: {first.line.strip()}")
        if first.string in WITHOUT_EFFECT:
            continue
        if first.string in NOTED:
            noted.append((first.start[0], first.string))
            continue
        if first.string not in READ:
            raise UnreadableRule(first.start[0], f"rule {name}: '{first.string}:' isn't read")
        directives[first.string] = _directive(name, statement, lines)
    return SnakemakeRule(name, line, directives, tuple(noted))


def _directive(rule: str, statement: Sequence[TokenInfo], lines: Sequence[str]) -> Directive:
    line = statement[0].start[0]
    values = [each for each in statement[2:] if each.type not in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)]
    what = f"rule {rule}: '{statement[0].string}:'"
    if not values:
        raise UnreadableRule(line, f"{what} is empty")
    source = _between(lines, values[0].start, values[-1].end)
    try:
        call = ast.parse(f"f({source}\n)", mode="eval").body
    except SyntaxError as error:
        raise UnreadableRule(line, f"{what} can't be read") from error
    assert isinstance(call, ast.Call)
    named: dict[str, Literal] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise UnreadableRule(line, f"{what} isn't written out")
        named[keyword.arg] = _literal(keyword.value, line, what)
    return Directive(line, tuple(_literal(each, line, what) for each in call.args), named)


def _literal(node: ast.expr, line: int, what: str) -> Literal:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS and len(node.args) == 1:
        return _literal(node.args[0], line, what)
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool):
        return node.value
    raise UnreadableRule(line, f"{what} isn't written out: {ast.unparse(node)}")


def _between(lines: Sequence[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    taken = list(lines[start[0] - 1 : end[0]])
    taken[-1] = taken[-1][: end[1]]
    taken[0] = taken[0][start[1] :]
    return "\n".join(taken)
