"""Whether the machine's fonts have the letters of subtitles, by a test with libass, which will draw them.

Another program may look for fonts in other places than libass does.
"""

import collections
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import ffmpegs
import languages
import stagekit

FEW = 0.02  # share of a text's letters that may be missing, as in a name in another script
FONTS = "Install fonts for it (on Debian: apt-get install fonts-noto-core fonts-noto-cjk), and run again"
NO_LIBASS = "This ffmpeg can't draw subtitles (it was built without libass); put another one on PATH"
ADVICE = "See what ffmpeg says, and whether the disk has room"
MISSING_GLYPH = re.compile(r"failed to find any fallback with glyph 0x([0-9A-Fa-f]+)")


def require(stage: stagekit.Stage, file: Path) -> None:
    """Look for each letter of a subtitle file, in a moment and not after hours of coding.

    Warns of a few missing letters. Raises ``StageFailed`` for more.
    """
    letters = letters_of(file.read_text(encoding="utf-8", errors="replace"))
    missing = _missing(stage, sorted(letters))
    share = sum(letters[each] for each in missing) / max(1, letters.total())
    shown = " ".join(sorted(missing, key=lambda each: (-letters[each], each))[:12])
    if share > FEW:
        name = languages.name(file.stem)
        raise stagekit.StageFailed(f"no font of this machine has the letters of {name}: {shown}\n{FONTS}")
    if missing:
        stage.warn(f"no font of this machine has {shown}; boxes stand for them")


def letters_of(text: str) -> "collections.Counter[str]":
    """The characters that a font must have, with their counts: no blanks, invisible characters or combining marks."""
    kinds = ("Z", "C", "M")
    return collections.Counter(each for each in text if not unicodedata.category(each).startswith(kinds))


def _missing(stage: stagekit.Stage, letters: Sequence[str]) -> set[str]:
    """The letters that no font has, by the messages of libass as it draws them."""
    probe = stage.work / "letters.srt"
    safe = [letter for letter in letters if letter not in "<>{}\\"]
    lines = [" ".join(safe[start : start + 60]) for start in range(0, len(safe), 60)]
    probe.write_text("1\n00:00:00,000 --> 00:00:09,000\n" + "\n".join(lines) + "\n\n", encoding="utf-8")
    missing: set[str] = set()

    def on_line(line: str) -> None:
        glyph = MISSING_GLYPH.search(line)
        if glyph:
            missing.add(chr(int(glyph[1], 16)))

    picture = ["-f", "lavfi", "-i", "color=s=64x64:r=1:d=1"]
    drawn = ["-vf", "subtitles=filename=letters.srt", "-frames:v", "1", "-f", "null", "-"]
    done = ffmpegs.run([*picture, *drawn], on_line=on_line, folder=stage.work)
    if done.code:
        advice = NO_LIBASS if lacks_libass(done) else ADVICE
        raise stagekit.StageFailed(ffmpegs.message("ffmpeg could not draw any subtitles", done.last_lines, advice))
    return missing & set(letters)


def lacks_libass(done: ffmpegs.FfmpegResult) -> bool:
    """Whether ffmpeg failed because it was built without libass."""
    lines = "\n".join(done.last_lines)
    return "No such filter" in lines or "Error parsing filterchain" in lines
