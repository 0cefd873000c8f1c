"""Languages: which letters beside a to z each is written with, how usual they are, and words that nearly any text has.

By these, bytes are told apart that mean several things: 0xB3 is a letter of Polish in one code page, one of Russian in
another, and a small 3 in a third.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

LETTER = 0.05  # the share of a letter among those beside a to z, for languages that have a few of them
MOST_USUAL, DECAY = 0.11, 9.0  # of a whole alphabet: the share of the first letter, and how fast the next get rarer
CAPITAL = 0.3  # how much rarer a capital is than its small letter
WIDE_MARKS = frozenset("、。，．！？：；「」『』（）・…ー〜～《》“”‘’—\u3000")

USUAL_SYLLABLES = frozenset(
    "이다는을가의에로고하지은한도를서기사나아해자있인어시리대수전부보그니라일안게만정으들상장제네여면내거말우요까것무스주없"
    "데동세당생왜구원미못알때뭐야잘난저른렇습죠할했던신모선오와과연소유적마경조성비방문심치분간음람좋살았었겠같더바금"
)
USUAL_SIMPLIFIED = frozenset(
    "的一是不了我人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之"
    "都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名"
    "法间斯知世什两次使身者被高已亲其进此话常与活正感该谁吗吧啊今哪"
)
USUAL_TRADITIONAL = frozenset(
    "的一是不了我人在他有這個上們來到時大地為子中你說生國年著就那和要她出也得裡後自以會家可下而過天去能對小多然於心學麼之"
    "都好看起發當沒成只如事把還用第樣道想作種開美總從無情己面最女但現前些所同日手又行意動方期它頭經長兒回位分愛老因很給名"
    "法間斯知世什兩次使身者被高已親其進此話常與活正感該誰嗎吧啊今哪"
)


class WrittenLanguage(NamedTuple):
    """``share_of``: the logarithm of a character's share in texts, or ``None`` for one that the language hasn't."""

    code: str
    share_of: Callable[[str], float | None]
    words: frozenset[str]
    is_latin: bool = False
    touches_latin: bool = False  # whether its letters stand beside a to z without a space


def _latin(code: str, letters: str, words: str) -> WrittenLanguage:
    """``letters``: those beside a to z. ``words`` have none of them: their bytes are the same in all code pages."""
    shares = dict.fromkeys(letters + letters.upper(), math.log(LETTER))
    return WrittenLanguage(code, shares.get, frozenset(words.split()), is_latin=True)


def _alphabet(code: str, letters: str, words: str) -> WrittenLanguage:
    """``letters``: the whole alphabet, the most usual first."""
    shares: dict[str, float] = {}
    for rank, letter in enumerate(letters):
        shares[letter] = math.log(MOST_USUAL) - rank / DECAY
        if letter.upper() != letter:
            shares[letter.upper()] = shares[letter] + math.log(CAPITAL)
    return WrittenLanguage(code, shares.get, frozenset(words.split()))


def _ideographs(code: str, share_of: Callable[[str], float | None]) -> WrittenLanguage:
    return WrittenLanguage(code, lru_cache(maxsize=8192)(share_of), frozenset(), touches_latin=True)


def _japanese(character: str) -> float | None:
    if "ぁ" <= character <= "ん":
        return math.log(1 / 60)
    if "ァ" <= character <= "ヶ":
        return math.log(1 / 150)
    return _ideograph(character, "shift_jis", range(0x88, 0x98))


def _korean(character: str) -> float | None:
    if not "가" <= character <= "힣":
        return _mark(character)
    return math.log(1 / 150 if character in USUAL_SYLLABLES else 1 / 5000)


def _simplified(character: str) -> float | None:
    return math.log(1 / 250) if character in USUAL_SIMPLIFIED else _ideograph(character, "gb2312", range(0xB0, 0xD8))


def _traditional(character: str) -> float | None:
    return math.log(1 / 250) if character in USUAL_TRADITIONAL else _ideograph(character, "big5", range(0xA4, 0xC7))


def _ideograph(character: str, standard: str, usual: range) -> float | None:
    """By the old standard's order, in which the usual characters come first; others are rare."""
    if not "\u4e00" <= character <= "\u9fff":
        return _mark(character)
    return math.log(1 / 3000 if _is_in(character, standard, usual) else 1 / 500_000)


def _mark(character: str) -> float | None:
    return math.log(1 / 20) if character in WIDE_MARKS else None


def _is_in(character: str, standard: str, usual: range) -> bool:
    """Whether the standard has the character, in these of its rows."""
    try:
        return character.encode(standard)[0] in usual
    except UnicodeEncodeError:
        return False


LANGUAGES = [
    _latin(
        "fr", "àâæçèéêëîïôœùûüÿ", "le la les de des du un une et est je tu il vous nous pas que qui dans pour mais on"
    ),
    _latin("es", "áéíñóúü¿¡", "el la los de que y en un una no es por con para pero lo me te se su"),
    _latin("pt", "àáâãçéêíóôõúü", "o a os de que e do da em um uma por com para mas eu se me isso"),
    _latin("it", "àèéìíîòóùú", "il la di che e un una non per con sono ma lo mi ti si del questo"),
    _latin("de", "äöüß", "der die das und ich du ist nicht ein eine es wir sie mit zu auf was aber den"),
    _latin("nl", "áäçéèêëíïóöúü", "de het een en ik je is niet van dat wat we ze met op maar te"),
    _latin("en", "éèïç", "the a and you to of is it i that in we he she what not for this"),
    _latin("sv", "åäöé", "och jag det att en som inte han du den vi har om med ett var"),
    _latin("da", "åæøé", "og jeg det at en som ikke han du den vi har om med et var er"),
    _latin("no", "åæøéòóô", "og jeg det at en som ikke han du den vi har om med et var er"),
    _latin("fi", "äöåšž", "ja on ei se en mutta olen oli joka kun niin nyt mit"),
    _latin("is", "áéíóúýþæöð", "og er hann vi sem til en um ekki var fyrir"),
    _latin("ca", "àçèéíïòóúü·", "el la els de que i en un una no per amb ho em es"),
    _latin("pl", "ąćęłńóśźż", "nie to jest w i na co jak do tak ale mnie ty ja tu czy za po"),
    _latin("cs", "áčďéěíňóřšťúůýž", "je to a se na co ne jak ale tak by jsem si ten za tu do"),
    _latin("sk", "áäčďéíĺľňóôŕšťúýž", "je to a sa na nie ako ale tak by som si ten za tu do"),
    _latin("hu", "áéíóöőúüű", "a az nem hogy egy meg van ez de mit csak is itt ha el"),
    _latin("ro", "ăâîşţșț", "nu este ce de la cu un o pe mai sunt am din dar te"),
    _latin("hr", "čćđšž", "je da ne se to na sam si ali u i za ja ti od"),
    _latin("sl", "čšž", "je da ne se to na sem si ali v in za ja ti od ni"),
    _latin("sq", "çë", "dhe nuk po ti do ka me se un ai jam"),
    _latin("tr", "çğıöşüâîİ", "bir bu ne ve ben sen var de mi evet ama o biz"),
    _latin("et", "äõöüšž", "ei on ja see ma sa mis ta et oli kui me"),
    _latin("lv", "āčēģīķļņšūž", "es tu un ir ka nav man kas no tas uz mums"),
    _latin("lt", "ąčęėįšųūž", "ir ne kad tai ar su mes jis yra man kas tu"),
    _latin("vi", "àáâãèéêìíòóôõùúýăđơư", "anh em ta cho trong khi ra sao nay"),
    _alphabet("ru", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", "я не что в и на ты это как он мы с у вы да нет а но"),
    _alphabet("uk", "оанівиретслкмдупзьябгчйхжцшюєїщфґ", "я не що в і на ти це як він ми з у ви так ні а але"),
    _alphabet("be", "аоніерстлкдвўзыпмугцбячшьжхёюэйф", "я не што ў і на ты гэта як ён мы з у вы так але"),
    _alphabet("bg", "аеоинтрсвлдкмпузгъяжчбшцхйщюьф", "не да се на и в че ти аз това е за си ли ще съм от"),
    _alphabet("sr", "аоиенртсјкудпмвлзгбљшжчњћцхђфџ", "не да се на и у је ти ја то за си ли сам од шта али"),
    _alphabet("mk", "аоеинртсвкдлпмујзгбшчжцњќфхѓљџѕ", "не да се на и во е ти јас тоа за си ли сум од што"),
    _alphabet("el", "αοιετσνηυρπκμλωςδγάίόέθφχήβώξύζψϊϋΐΰ", "να το και δεν με τι η ο για που είναι θα σε μου την"),
    _alphabet("he", "יוהלארםתבשמנןעדחקפכגטצזסךףץ", "לא את אני זה מה הוא על של אתה כן היא עם יש"),
    _alphabet("ar", "اليمنوترهبعدفسكقحجأشصةخطىضذغثزءإئظؤآـ", "لا ما من أن هذا في أنا على يا لم هل كان نعم"),
    _alphabet("fa", "ایرندهمتوبسشکزگخفعقجلپحصآطچضغظثذژئ", "من به که این از در را تو یه با هم"),
    _alphabet("th", "านร่อเก้มงัทิยลีสวดะไจ็ตคปชแำหุบูขพโ์ใึถืผซณธภศฟฝฉญฏๆฎฐฑฒฆฬฮฯ", ""),
    _ideographs("ja", _japanese),
    _ideographs("ko", _korean),
    _ideographs("zh", _simplified),
    _ideographs("zh", _traditional),
    _ideographs("yue", _traditional),
]
