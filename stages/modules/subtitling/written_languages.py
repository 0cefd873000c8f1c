"""Languages in Latin letters: which letters beside a to z each has, and words that are in nearly any text of it.

By these, bytes are told apart that mean several things: 0xB3 is a letter of Polish in one code page and a small 3 in
another. Only words without such letters are listed, since their bytes are the same in all code pages.
"""

from typing import NamedTuple


class LatinLanguage(NamedTuple):
    """``letters`` in both cases."""

    code: str
    letters: frozenset[str]
    words: frozenset[str]


def _language(code: str, letters: str, words: str) -> LatinLanguage:
    return LatinLanguage(code, frozenset(letters + letters.upper()), frozenset(words.split()))


LANGUAGES = [
    _language(
        "fr", "àâæçèéêëîïôœùûüÿ", "le la les de des du un une et est je tu il vous nous pas que qui dans pour mais on"
    ),
    _language("es", "áéíñóúü¿¡", "el la los de que y en un una no es por con para pero lo me te se su"),
    _language("pt", "àáâãçéêíóôõúü", "o a os de que e do da em um uma por com para mas eu se me isso"),
    _language("it", "àèéìíîòóùú", "il la di che e un una non per con sono ma lo mi ti si del questo"),
    _language("de", "äöüß", "der die das und ich du ist nicht ein eine es wir sie mit zu auf was aber den"),
    _language("nl", "áäçéèêëíïóöúü", "de het een en ik je is niet van dat wat we ze met op maar te"),
    _language("en", "éèïç", "the a and you to of is it i that in we he she what not for this"),
    _language("sv", "åäöé", "och jag det att en som inte han du den vi har om med ett var"),
    _language("da", "åæøé", "og jeg det at en som ikke han du den vi har om med et var er"),
    _language("no", "åæøéòóô", "og jeg det at en som ikke han du den vi har om med et var er"),
    _language("fi", "äöåšž", "ja on ei se en mutta olen oli joka kun niin nyt mit"),
    _language("is", "áéíóúýþæöð", "og er hann vi sem til en um ekki var fyrir"),
    _language("ca", "àçèéíïòóúü·", "el la els de que i en un una no per amb ho em es"),
    _language("pl", "ąćęłńóśźż", "nie to jest w i na co jak do tak ale mnie ty ja tu czy za po"),
    _language("cs", "áčďéěíňóřšťúůýž", "je to a se na co ne jak ale tak by jsem si ten za tu do"),
    _language("sk", "áäčďéíĺľňóôŕšťúýž", "je to a sa na nie ako ale tak by som si ten za tu do"),
    _language("hu", "áéíóöőúüű", "a az nem hogy egy meg van ez de mit csak is itt ha el"),
    _language("ro", "ăâîşţșț", "nu este ce de la cu un o pe mai sunt am din dar te"),
    _language("hr", "čćđšž", "je da ne se to na sam si ali u i za ja ti od"),
    _language("sl", "čšž", "je da ne se to na sem si ali v in za ja ti od ni"),
    _language("sq", "çë", "dhe nuk po ti do ka me se un ai jam"),
    _language("tr", "çğıöşüâîİ", "bir bu ne ve ben sen var de mi evet ama o biz"),
    _language("et", "äõöüšž", "ei on ja see ma sa mis ta et oli kui me"),
    _language("lv", "āčēģīķļņšūž", "es tu un ir ka nav man kas no tas uz mums"),
    _language("lt", "ąčęėįšųūž", "ir ne kad tai ar su mes jis yra man kas tu"),
    _language("vi", "àáâãèéêìíòóôõùúýăđơư", "anh em ta cho trong khi ra sao nay"),
]
