"""Whether a placeholder in a shell's text stands inside quotes, where what is filled in would be quoted twice."""

from collections.abc import Sequence

HERE_DOCUMENT = "<<"  # in which quotes are characters like others, so that nothing can be told


def quoted_placeholder(parts: Sequence[tuple[str, str]]) -> str | None:
    """The first placeholder in quotes, such as ``input.text``. ``parts`` are those of ``command_words.parse``."""
    if any(HERE_DOCUMENT in text for kind, text in parts if not kind):
        return None
    quote = ""
    for kind, text in parts:
        if kind and quote:
            return ".".join(filter(None, (kind, text)))
        if not kind:
            quote = _after(text, quote)
    return None


def _after(text: str, quote: str) -> str:
    """The quote that is open after a text; empty where none is."""
    position, before = 0, " "
    while position < len(text):
        character = text[position]
        if not quote and character == "#" and before.isspace():
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
            before = "\n"
            continue
        if character == "\\" and quote != "'":
            position += 2
            before = "x"
            continue
        if character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        before = character
        position += 1
    return quote
