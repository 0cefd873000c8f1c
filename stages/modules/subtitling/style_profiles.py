"""The limits of a subtitle style for a language: line length, reading speed, durations and gaps.

Each profile says where its numbers come from; ``reading_speed`` has the speeds. Japanese has lines of 16 characters, as
Chinese and Korean have: Netflix's 13 belong to its slower speed for translations.
"""

from dataclasses import dataclass, replace

from subtitling import reading_speed

NETFLIX = (
    "https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617-Timed-Text-Style-Guide-General-Requirements"
)
BBC = "https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/"

RIGHT_TO_LEFT = ("ar", "arc", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi")


@dataclass(frozen=True)
class StyleProfile:
    """Limits of a style. Widths are columns of a screen; a full-width character takes two."""

    style: str
    source: str
    line: int  # columns
    speed: float  # columns per second that can be read
    lines: int = 2
    shortest: float = 5 / 6  # seconds that a cue stays
    longest: float = 7.0
    gap_frames: int = 2  # between two cues
    word_seconds: float = 0.0  # that a cue must stay for each of its words
    unit: int = 1  # columns of what the style counts as one character
    right_to_left: bool = False
    dash: str = "- "  # before the words of another speaker

    @property
    def comfort(self) -> float:
        """Columns per second at which reading is comfortable: cues stay longer for it where there is silence."""
        return reading_speed.COMFORTABLE_SHARE * self.speed

    @property
    def line_characters(self) -> int:
        return self.line // self.unit

    @property
    def speed_characters(self) -> float:
        return self.speed / self.unit


STYLES = {
    # Its general requirements.
    "netflix": StyleProfile("netflix", NETFLIX, line=42, speed=reading_speed.NETFLIX),
    # 37 characters (those of teletext). It sets no limits for durations and gaps, so the usual ones are used.
    "bbc": StyleProfile("bbc", BBC, line=37, speed=reading_speed.BBC, word_seconds=0.3),
}

FULL_WIDTH_LINE = 16  # full-width characters
SHORTER_LINES = {"th": 35}


def profile_of(style: str, language: str) -> StyleProfile:
    """The limits of a style for a language (a code such as ``ja`` or ``zh-TW``). ``KeyError`` for an unknown style."""
    general, base = STYLES[style], base_of(language)
    speed = reading_speed.limit(general.speed, base)
    if base in reading_speed.FULL_WIDTH:
        # Spaces don't separate words in these languages, so there is no limit by words.
        return replace(general, line=2 * FULL_WIDTH_LINE, speed=speed, unit=2, word_seconds=0.0, dash="-")
    line = min(general.line, SHORTER_LINES.get(base, general.line))
    return replace(general, line=line, speed=speed, right_to_left=is_right_to_left(language))


def is_right_to_left(language: str) -> bool:
    """Whether its script is written from right to left."""
    return base_of(language) in RIGHT_TO_LEFT


def base_of(language: str) -> str:
    """``zh`` of ``zh-TW`` or ``zh_Hant``."""
    return language.replace("_", "-").partition("-")[0].lower()
