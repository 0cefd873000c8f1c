"""One language as the engines call it: ``en`` is ``eng`` to Apertium, ``eng_Latn`` to NLLB, ``en`` to M2M100."""

from collections.abc import Collection, Iterable

import langcodes

# What ISO 639-3 calls a macrolanguage, and which of its languages is meant. https://iso639-3.sil.org/code_tables
MEANT = {
    "ara": ("arb",),
    "aze": ("azj",),
    "est": ("ekk",),
    "fas": ("pes",),
    "grn": ("gug",),
    "hbs": ("hrv", "srp", "bos"),
    "kok": ("gom",),
    "kur": ("kmr", "ckb"),
    "lav": ("lvs",),
    "mlg": ("plt",),
    "mon": ("khk",),
    "msa": ("zsm",),
    "nep": ("npi",),
    "nor": ("nob", "nno"),
    "ori": ("ory",),
    "orm": ("gaz",),
    "pus": ("pbt",),
    "que": ("quy",),
    "sqi": ("als",),
    "swa": ("swh",),
    "tgl": ("fil",),
    "uzb": ("uzn",),
    "yid": ("ydd",),
    "zho": ("cmn",),
}
SPOKEN_TOO = {"hrv": "hbs", "srp": "hbs", "bos": "hbs"}  # one language to Apertium
SCRIPTS = {"Kore": "Hang", "Aran": "Arab"}  # as FLORES calls them


def parsed(code: str) -> langcodes.Language:
    return langcodes.get(code)


def is_same(one: str, other: str) -> bool:
    """Whether nothing is to be translated: ``en`` and ``en-GB``, but not ``zh-Hans`` and ``zh-Hant``."""
    first, second = parsed(one).maximize(), parsed(other).maximize()
    return (first.language, first.script) == (second.language, second.script)


def three_letters(code: str) -> list[str]:
    """ISO 639-3 codes that may be meant, the likeliest first."""
    alpha = _alpha3(code)
    return list(dict.fromkeys([alpha, *MEANT.get(alpha, ()), *([SPOKEN_TOO[alpha]] if alpha in SPOKEN_TOO else [])]))


def mode(source: str, target: str, modes: Iterable[str]) -> str | None:
    """Apertium's name for a pair: ``eng-spa``, or one with a region, ``spa-eng_US``, the asked one first."""
    listed = sorted(modes)
    regions = [f"_{region}" for region in (parsed(target).territory,) if region]
    for first in three_letters(source):
        for second in three_letters(target):
            exact = [f"{first}-{second}{suffix}" for suffix in (*regions, "")]
            near = [each for each in listed if each.startswith(f"{first}-{second}_")]
            found = next((each for each in (*exact, *near) if each in listed), None)
            if found:
                return found
    return None


def flores(code: str, known: Collection[str]) -> str | None:
    """``hin_Deva``: NLLB's and IndicTrans2's code for a language, of those that a checkpoint knows."""
    script = parsed(code).maximize().script or ""
    script = SCRIPTS.get(script, script)
    alphas = three_letters(code)
    exact = [f"{alpha}_{script}" for alpha in (*alphas[1:], alphas[0])]
    usual = (
        []
        if parsed(code).script
        else [each for alpha in alphas for each in sorted(known) if each.startswith(f"{alpha}_")]
    )
    return next((each for each in (*exact, *usual) if each in known), None)


def two_letters(code: str, known: Collection[str]) -> str | None:
    """M2M100's code for a language."""
    base = parsed(code).language or code
    likely = [code, base, _alpha3(code), *(["no"] if base in ("nb", "nn") else [])]
    return next((each for each in likely if each in known), None)


def _alpha3(code: str) -> str:
    try:
        return str(parsed(code).to_alpha3())
    except LookupError:
        return parsed(code).language or code
