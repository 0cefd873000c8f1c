"""One text from two windows that overlap, because there was no pause to cut at."""

from collections.abc import Callable

from recognition.segments import Segment, with_words

SEAM_SECONDS = 1.5  # before and after the seam, where words may stand in both windows


def merge(before: list[Segment], after: list[Segment], seam: float) -> list[Segment]:
    """The segments of both windows, changing over at the words that both have; else at ``seam``, a time in seconds."""
    end_before, start_after = _seam_times(before, after, seam)
    kept = [_side(segment, lambda middle: middle < end_before) for segment in before]
    kept += [_side(segment, lambda middle: middle >= start_after) for segment in after]
    return [segment for segment in kept if segment is not None]


def _seam_times(before: list[Segment], after: list[Segment], seam: float) -> tuple[float, float]:
    """Where the first window ends and where the second begins: at their longest run of common words."""
    left, right = _near(before, seam), _near(after, seam)
    runs = [(_common_run(left[i:], right[j:]), i, j) for i in range(len(left)) for j in range(len(right))]
    length, i, j = max(runs, default=(0, 0, 0))
    return (left[i][0], right[j][0]) if length else (seam, seam)


def _near(segments: list[Segment], seam: float) -> list[tuple[float, str]]:
    words = [word for segment in segments for word in segment.words]
    return [(word.middle, _letters(word.text)) for word in words if abs(word.middle - seam) <= SEAM_SECONDS]


def _common_run(left: list[tuple[float, str]], right: list[tuple[float, str]]) -> int:
    count = 0
    for (_, one), (_, other) in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _side(segment: Segment, is_wanted: Callable[[float], bool]) -> Segment | None:
    if not segment.words:
        return segment if is_wanted(segment.middle) else None
    words = [word for word in segment.words if is_wanted(word.middle)]
    return with_words(segment, words) if words else None


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
