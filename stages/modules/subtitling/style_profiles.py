"""What a style asks of cues, by language. Each profile says where its numbers come from.

Netflix has a guide for each language, and in most of them two speeds: one for translations, which people shorten, and
one for the deaf (SDH), word for word. A recogniser and a translator shorten nothing, so the second is kept here:

| guide | a second, translations | a second, SDH | line |
|---|---|---|---|
| most languages | 17 | 20 | 42 |
| English, Arabic | 20 | 20, 23 | 42 |
| Hindi | 22 | 25 | 42 |
| Japanese | 4 | 7 | 13 across, 11 downwards |
| Chinese | 9 | 11 | 16 |
| Korean | 12 | 14 | 16 |
| Thai | 17 | 20 | 35, without marks above and below |

A half-width character counts as half of one in Chinese, Japanese and Korean. Faster than 20 is allowed nowhere, so
Arabic and Hindi stay below their limits. Japanese has lines of 16 as its neighbours have: 13 go with 4 a second.

https://partnerhelp.netflixstudios.com/hc/en-us/articles/215767517-Japanese-Timed-Text-Style-Guide
https://partnerhelp.netflixstudios.com/hc/en-us/articles/215986007-Chinese-Simplified-Timed-Text-Style-Guide
https://partnerhelp.netflixstudios.com/hc/en-us/articles/216001127-Korean-Timed-Text-Style-Guide
https://partnerhelp.netflixstudios.com/hc/en-us/articles/220448308-Thai-Timed-Text-Style-Guide
https://partnerhelp.netflixstudios.com/hc/en-us/articles/115001352212
"""

from dataclasses import dataclass, replace

NETFLIX = (
    "https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617-Timed-Text-Style-Guide-General-Requirements"
)
BBC = "https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/"

CHINESE_JAPANESE_KOREAN = ("zh", "yue", "ja", "ko")
RIGHT_TO_LEFT = ("ar", "arc", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi")


@dataclass(frozen=True)
class Profile:
    """Limits of a style. Widths are columns of a screen, of which a full-width character takes two."""

    style: str
    source: str
    line: int  # columns
    speed: float  # columns per second that can be read
    lines: int = 2
    shortest: float = 5 / 6  # seconds that a cue stays
    longest: float = 7.0
    gap_frames: int = 2  # between two cues
    word_seconds: float = 0.0  # that each of a cue's words asks for, at least
    unit: int = 1  # columns of what the style counts as one character
    right_to_left: bool = False
    dash: str = "- "  # before what another speaker says

    @property
    def comfort(self) -> float:
        """Columns per second that a cue is stretched to where there is silence: the limit is for those who hurry."""
        return 0.85 * self.speed

    @property
    def line_characters(self) -> int:
        return self.line // self.unit

    @property
    def speed_characters(self) -> float:
        return self.speed / self.unit


STYLES = {
    # Its general requirements, and from the English guide 20 characters a second.
    "netflix": Profile("netflix", NETFLIX, line=42, speed=20),
    # 37 characters (those of teletext). It recommends 160 to 180 words a minute, 0.33 s for each or more, and has 0.3 s
    # for the least, which is some 20 characters a second. It sets no other bounds of time, so those of everybody stand.
    "bbc": Profile("bbc", BBC, line=37, speed=20, word_seconds=0.3),
}

FULL_WIDTH_SPEED = {"ja": 7, "zh": 11, "yue": 11, "ko": 14}  # full-width characters, as the lines
FULL_WIDTH_LINE = 16
SHORTER_LINES = {"th": 35}


def profile(style: str, language: str) -> Profile:
    """The profile of a style for a language (a code such as ``ja`` or ``zh-TW``). ``KeyError`` for an unknown style."""
    general, base = STYLES[style], base_of(language)
    if base in CHINESE_JAPANESE_KOREAN:
        # Words aren't parted by spaces there, so there is no measure by words.
        speed = 2.0 * FULL_WIDTH_SPEED[base]
        return replace(general, line=2 * FULL_WIDTH_LINE, speed=speed, unit=2, word_seconds=0.0, dash="-")
    line = min(general.line, SHORTER_LINES.get(base, general.line))
    return replace(general, line=line, right_to_left=base in RIGHT_TO_LEFT)


def base_of(language: str) -> str:
    """``zh`` of ``zh-TW`` or ``zh_Hant``."""
    return language.replace("_", "-").partition("-")[0].lower()
