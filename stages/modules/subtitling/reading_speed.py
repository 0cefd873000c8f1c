"""How fast viewers can read subtitles, in columns per second, by style and language.

Netflix has a guide for each language, and most guides have two speeds: one for translations, which people shorten, and
one for the deaf and hard of hearing (SDH), word for word. A recogniser and a translator shorten nothing, so the second
is used here. Characters per second, and the length of a line:

| guide | translations | SDH | line |
|---|---|---|---|
| most languages | 17 | 20 | 42 |
| English, Arabic | 20 | 20, 23 | 42 |
| Hindi | 22 | 25 | 42 |
| Japanese | 4 | 7 | 13 across, 11 downwards |
| Chinese | 9 | 11 | 16 |
| Korean | 12 | 14 | 16 |
| Thai | 17 | 20 | 35, without marks above and below |

In Chinese, Japanese and Korean, a half-width character counts as half of one. No language gets more than 20, so Arabic
and Hindi stay below their limits.

https://partnerhelp.netflixstudios.com/hc/en-us/articles/215767517-Japanese-Timed-Text-Style-Guide
https://partnerhelp.netflixstudios.com/hc/en-us/articles/215986007-Chinese-Simplified-Timed-Text-Style-Guide
https://partnerhelp.netflixstudios.com/hc/en-us/articles/216001127-Korean-Timed-Text-Style-Guide
https://partnerhelp.netflixstudios.com/hc/en-us/articles/220448308-Thai-Timed-Text-Style-Guide
https://partnerhelp.netflixstudios.com/hc/en-us/articles/115001352212
"""

NETFLIX = 20  # from the English guide
BBC = 20  # 160 to 180 words a minute, and at least 0.3 s for each word, are about so many characters

FULL_WIDTH = {"ja": 7, "zh": 11, "yue": 11, "ko": 14}  # full-width characters, of two columns each

COMFORTABLE_SHARE = 0.85  # of the limit, which is for those who must hurry


def limit(of_style: float, language: str) -> float:
    """Columns per second for a language (``ja``, ``en``), where ``of_style`` is the limit for most languages."""
    return 2.0 * FULL_WIDTH[language] if language in FULL_WIDTH else of_style
