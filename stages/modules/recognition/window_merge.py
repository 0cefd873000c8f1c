"""One text from two windows that overlap, since there was no pause to part them."""

from collections.abc import Callable

from recognition.segments import Segment, of_words

REACH = 1.5  # seconds before and after the seam in which words may be those of both windows


def joined(before: list[Segment], after: list[Segment], seam: float) -> list[Segment]:
    """Parted at the words that both heard alike; else each window keeps the words on its own side of the seam."""
    at_before, at_after = _meeting(before, after, seam)
    kept = [_part(segment, lambda middle: middle < at_before) for segment in before]
    kept += [_part(segment, lambda middle: middle >= at_after) for segment in after]
    return [segment for segment in kept if segment is not None]


def _meeting(before: list[Segment], after: list[Segment], seam: float) -> tuple[float, float]:
    """The times up to which the first is taken and from which the second is: where their longest common run begins."""
    left, right = _near(before, seam), _near(after, seam)
    runs = [(_common_run(left[i:], right[j:]), i, j) for i in range(len(left)) for j in range(len(right))]
    length, i, j = max(runs, default=(0, 0, 0))
    return (left[i][0], right[j][0]) if length else (seam, seam)


def _near(segments: list[Segment], seam: float) -> list[tuple[float, str]]:
    words = [word for segment in segments for word in segment.words]
    return [(word.middle, _plain(word.text)) for word in words if abs(word.middle - seam) <= REACH]


def _common_run(left: list[tuple[float, str]], right: list[tuple[float, str]]) -> int:
    count = 0
    for (_, one), (_, other) in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _part(segment: Segment, wanted: Callable[[float], bool]) -> Segment | None:
    if not segment.words:
        return segment if wanted(segment.middle) else None
    words = [word for word in segment.words if wanted(word.middle)]
    return of_words(segment, words) if words else None


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
