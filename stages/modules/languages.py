"""Languages as tracks and file names give them: any code or English name, made standard."""

import re
from typing import NamedTuple

UNKNOWN = "und"


class Language(NamedTuple):
    """A code, that of ISO 639-2/T for containers, and the English name."""

    code: str
    three_letters: str
    name: str


# The languages of our engines. langcodes knows all codes, but its import takes a tenth of a second; the names of all
# languages take 24 MB more.
KNOWN = [
    Language(*entry.split(" ", 2))
    for entry in re.split(
        r";\s+",
        """af afr Afrikaans; ak aka Akan; am amh Amharic; ar ara Arabic; as asm Assamese; az aze Azerbaijani;
        ba bak Bashkir; be bel Belarusian; bg bul Bulgarian; bn ben Bangla; bo bod Tibetan; br bre Breton;
        brx brx Bodo; bs bos Bosnian; ca cat Catalan; ceb ceb Cebuano; ckb ckb Central Kurdish; cs ces Czech;
        cy cym Welsh; da dan Danish; de deu German; doi doi Dogri; el ell Greek; en eng English; eo epo Esperanto;
        es spa Spanish; et est Estonian; eu eus Basque; fa fas Persian; fi fin Finnish; fil fil Filipino;
        fo fao Faroese; fr fra French; ga gle Irish; gd gla Scottish Gaelic; gl glg Galician; gu guj Gujarati;
        ha hau Hausa; haw haw Hawaiian; he heb Hebrew; hi hin Hindi; hr hrv Croatian; ht hat Haitian Creole;
        hu hun Hungarian; hy hye Armenian; id ind Indonesian; ig ibo Igbo; is isl Icelandic; it ita Italian;
        ja jpn Japanese; jv jav Javanese; ka kat Georgian; kk kaz Kazakh; km khm Khmer; kn kan Kannada;
        ko kor Korean; kok kok Konkani; ks kas Kashmiri; ku kur Kurdish; ky kir Kyrgyz; la lat Latin;
        lb ltz Luxembourgish; ln lin Lingala; lo lao Lao; lt lit Lithuanian; lv lav Latvian; mai mai Maithili;
        mg mlg Malagasy; mi mri Māori; mk mkd Macedonian; ml mal Malayalam; mn mon Mongolian; mni mni Manipuri;
        mr mar Marathi; ms msa Malay; mt mlt Maltese; my mya Burmese; ne nep Nepali; nl nld Dutch;
        nn nno Norwegian Nynorsk; no nor Norwegian; oc oci Occitan; or ori Odia; pa pan Punjabi; pl pol Polish;
        ps pus Pashto; pt por Portuguese; ro ron Romanian; ru rus Russian; rw kin Kinyarwanda; sa san Sanskrit;
        sat sat Santali; sd snd Sindhi; si sin Sinhala; sk slk Slovak; sl slv Slovenian; sn sna Shona;
        so som Somali; sq sqi Albanian; sr srp Serbian; st sot Southern Sotho; su sun Sundanese; sv swe Swedish;
        sw swa Swahili; ta tam Tamil; te tel Telugu; tg tgk Tajik; th tha Thai; tk tuk Turkmen; tn tsn Tswana;
        tr tur Turkish; tt tat Tatar; ug uig Uyghur; uk ukr Ukrainian; ur urd Urdu; uz uzb Uzbek; vi vie Vietnamese;
        xh xho Xhosa; yi yid Yiddish; yo yor Yoruba; yue yue Cantonese; zh zho Chinese; zu zul Zulu""",
    )
]
_BY_CODE = {language.code: language for language in KNOWN}
_CODES = {text.lower(): language.code for language in reversed(KNOWN) for text in language}


def tag(text: str) -> str:
    """The standard form of a code or English name: ``de`` for ``deu``, ``ger`` and ``German``, ``pt-BR`` for ``pt_br``.

    ``und`` for any other text.
    """
    plain = text.strip()
    code = _CODES.get(plain.lower())
    return code or (UNKNOWN if plain in ("", UNKNOWN) else _looked_up(plain))


def of_engines(text: str) -> str:
    """The short code for a code or English name of a language of our engines; empty for any other. Needs no library."""
    return _CODES.get(text.strip().lower(), "")


def of_code(code: str) -> str:
    """The English name for a short code; the code where it isn't a language of our engines. Needs no library."""
    return _BY_CODE[code].name if code in _BY_CODE else code


def is_known(text: str) -> bool:
    """Whether it is a language of our engines. (Nearly any three letters are the code of some language.)"""
    return base(text) in _BY_CODE


def _looked_up(text: str) -> str:
    import langcodes

    try:
        found = langcodes.Language.get(text)
    except (LookupError, ValueError):  # the library raises both for text that is no tag
        return UNKNOWN
    return found.to_tag() if found.is_valid() else UNKNOWN


def base(text: str) -> str:
    """The language alone, as its shortest code: ``zh`` of ``zh-Hant``."""
    return tag(text).partition("-")[0]


def three_letters(text: str) -> str:
    """The code of ISO 639-2/T; ``und`` where there is none."""
    code = base(text)
    if code in _BY_CODE or code == UNKNOWN:
        return _BY_CODE[code].three_letters if code in _BY_CODE else UNKNOWN
    import langcodes

    try:
        return langcodes.Language.get(code).to_alpha3(variant="T")
    except LookupError:
        return UNKNOWN


def name(text: str) -> str:
    """The name for people: ``Portuguese (BR)``. The code itself if there is no name."""
    known = tag(text)
    language, _, rest = known.partition("-")
    if language not in _BY_CODE:
        return known
    return f"{_BY_CODE[language].name} ({rest})" if rest else _BY_CODE[language].name


def shown(code: str) -> str:
    """``Hindi (hi)`` for a short code; the code alone where it isn't a language of our engines. Needs no library."""
    return f"{_BY_CODE[code].name} ({code})" if code in _BY_CODE else code
