"""Languages as the tags of tracks and the names of files have them, in any form of their codes."""

import re

import langcodes

UNKNOWN = "und"

# Those that engines here speak, in English. The library that knows all names takes 24 MB and a third of a second.
NAMES = dict(
    entry.split(" ", 1)
    for entry in re.split(
        r";\s+",
        """af Afrikaans; ak Akan; am Amharic; ar Arabic; as Assamese; az Azerbaijani; ba Bashkir; be Belarusian;
        bg Bulgarian; bn Bangla; bo Tibetan; br Breton; brx Bodo; bs Bosnian; ca Catalan; ceb Cebuano;
        ckb Central Kurdish; cs Czech; cy Welsh; da Danish; de German; doi Dogri; el Greek; en English; eo Esperanto;
        es Spanish; et Estonian; eu Basque; fa Persian; fi Finnish; fil Filipino; fo Faroese; fr French; ga Irish;
        gd Scottish Gaelic; gl Galician; gu Gujarati; ha Hausa; haw Hawaiian; he Hebrew; hi Hindi; hr Croatian;
        ht Haitian Creole; hu Hungarian; hy Armenian; id Indonesian; ig Igbo; is Icelandic; it Italian; ja Japanese;
        jv Javanese; ka Georgian; kk Kazakh; km Khmer; kn Kannada; ko Korean; kok Konkani; ks Kashmiri; ku Kurdish;
        ky Kyrgyz; la Latin; lb Luxembourgish; ln Lingala; lo Lao; lt Lithuanian; lv Latvian; mai Maithili;
        mg Malagasy; mi Māori; mk Macedonian; ml Malayalam; mn Mongolian; mni Manipuri; mr Marathi; ms Malay;
        mt Maltese; my Burmese; ne Nepali; nl Dutch; nn Norwegian Nynorsk; no Norwegian; oc Occitan; or Odia;
        pa Punjabi; pl Polish; ps Pashto; pt Portuguese; ro Romanian; ru Russian; rw Kinyarwanda; sa Sanskrit;
        sat Santali; sd Sindhi; si Sinhala; sk Slovak; sl Slovenian; sn Shona; so Somali; sq Albanian; sr Serbian;
        st Southern Sotho; su Sundanese; sv Swedish; sw Swahili; ta Tamil; te Telugu; tg Tajik; th Thai; tk Turkmen;
        tn Tswana; tr Turkish; tt Tatar; ug Uyghur; uk Ukrainian; ur Urdu; uz Uzbek; vi Vietnamese; xh Xhosa;
        yi Yiddish; yo Yoruba; yue Cantonese; zh Chinese; zu Zulu""",
    )
)
_CODES = {name.lower(): code for code, name in NAMES.items()}


def tag(text: str) -> str:
    """The standard form of a code or English name: ``de`` for ``deu``, ``ger`` and ``German``, ``pt-BR`` for ``pt_br``.

    ``und`` where it is none.
    """
    plain = text.strip()
    try:
        found = langcodes.Language.get(_CODES.get(plain.lower(), plain or UNKNOWN))
    except (LookupError, ValueError):  # the library has both for what is no tag
        return UNKNOWN
    return found.to_tag() if found.is_valid() else UNKNOWN


def base(text: str) -> str:
    """The language alone, in as few letters as there are: ``zh`` of ``zh-Hant``."""
    return tag(text).partition("-")[0]


def three_letters(text: str) -> str:
    """ISO 639-2/T, which containers want; ``und`` where there is none."""
    try:
        return langcodes.Language.get(tag(text)).to_alpha3(variant="T")
    except LookupError:
        return UNKNOWN


def name(text: str) -> str:
    """For people: ``Portuguese (BR)``. The code itself where it has no name here."""
    known = tag(text)
    language, _, rest = known.partition("-")
    if language not in NAMES:
        return known
    return f"{NAMES[language]} ({rest})" if rest else NAMES[language]
