"""Language codes of the engines: ``en`` is ``eng`` for Apertium, ``eng_Latn`` for NLLB, ``en`` for M2M100, MADLAD."""

from collections.abc import Collection, Iterable

import langcodes

# Macrolanguages of ISO 639-3, and which of their languages is meant. https://iso639-3.sil.org/code_tables
OF_MACROLANGUAGE = {
    "ara": ("arb",),
    "aym": ("ayr",),
    "aze": ("azj",),
    "est": ("ekk",),
    "fas": ("pes",),
    "fil": ("tgl",),
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
MACROLANGUAGE_OF = {"hrv": "hbs", "srp": "hbs", "bos": "hbs"}  # one language for Apertium
SCRIPTS = {"Kore": "Hang", "Aran": "Arab"}  # their names in FLORES


def parse(code: str) -> langcodes.Language:
    """Raises ``ValueError`` for text that is no code."""
    return langcodes.get(code)


def is_same_language(one: str, other: str) -> bool:
    """Whether there is nothing to translate: ``en`` and ``en-GB``, but not ``zh-Hans`` and ``zh-Hant``."""
    first, second = parse(one).maximize(), parse(other).maximize()
    return (first.language, first.script) == (second.language, second.script)


def iso_639_3_codes(code: str) -> list[str]:
    """The ISO 639-3 codes that may be meant, the most likely first."""
    alpha = _alpha3(code)
    return list(
        dict.fromkeys(
            [alpha, *OF_MACROLANGUAGE.get(alpha, ()), *([MACROLANGUAGE_OF[alpha]] if alpha in MACROLANGUAGE_OF else [])]
        )
    )


def apertium_mode(source: str, target: str, modes: Iterable[str]) -> str | None:
    """Apertium's name for a pair, of those installed: ``eng-spa``, or with a region ``spa-eng_US``; else ``None``."""
    listed = sorted(modes)
    regions = [f"_{region}" for region in (parse(target).territory,) if region]
    for first in iso_639_3_codes(source):
        for second in iso_639_3_codes(target):
            exact = [f"{first}-{second}{suffix}" for suffix in (*regions, "")]
            near = [each for each in listed if each.startswith(f"{first}-{second}_")]
            mode = next((each for each in (*exact, *near) if each in listed), None)
            if mode:
                return mode
    return None


def flores_code(code: str, known: Collection[str]) -> str | None:
    """The code of NLLB and IndicTrans2, such as ``hin_Deva``, if it is in ``known``; else ``None``."""
    script = parse(code).maximize().script or ""
    script = SCRIPTS.get(script, script)
    alphas = iso_639_3_codes(code)
    exact = [f"{alpha}_{script}" for alpha in (*alphas[1:], alphas[0])]
    usual = (
        []
        if parse(code).script
        else [each for alpha in alphas for each in sorted(known) if each.startswith(f"{alpha}_")]
    )
    return next((each for each in (*exact, *usual) if each in known), None)


def m2m100_code(code: str, known: Collection[str]) -> str | None:
    """M2M100's code, such as ``hi``, if it is in ``known``; else ``None``."""
    base = parse(code).language or code
    likely = [code, base, _alpha3(code), *(["no"] if base in ("nb", "nn") else [])]
    return next((each for each in likely if each in known), None)


def madlad_code(code: str, known: Collection[str]) -> str | None:
    """MADLAD-400's code, such as ``hi`` or ``hi_Latn``, if it is in ``known``; else ``None``.

    It writes each language in one script, but for those whose codes say another: so ``zh-Hant`` isn't ``zh``.
    """
    tag = parse(code)
    base = tag.language or code
    script, usual = tag.maximize().script, parse(base).maximize().script
    if script != usual:
        return f"{base}_{script}" if f"{base}_{script}" in known else None
    near = [base, _shortest(base), *(["no"] if base in ("nb", "nn") else []), *(["fil"] if base == "tl" else [])]
    members = [macro for macro, own in OF_MACROLANGUAGE.items() if _alpha3(code) in own]
    return next((each for each in (*near, *map(_shortest, members)) if each in known), None)


def _shortest(code: str) -> str:
    return parse(code).language or code


def _alpha3(code: str) -> str:
    try:
        return str(parse(code).to_alpha3())
    except LookupError:
        return parse(code).language or code
