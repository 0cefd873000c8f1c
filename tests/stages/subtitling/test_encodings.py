"""Bytes whose encoding nobody states."""

import pytest
from subtitling.encodings import Undecodable, decode

SRT = "1\n00:00:01,000 --> 00:00:03,000\n{}\n\n"
RU = "Привет, как дела?\nЯ не знаю, что сказать."


@pytest.mark.parametrize("language", ["", "ru"])
@pytest.mark.parametrize(
    "name", ["cp1251", "koi8_r", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_russian_is_read_whatever_it_is_in(name: str, language: str) -> None:
    text, found, _ = decode(SRT.format(RU).encode(name), language)
    assert text == SRT.format(RU)
    assert found == name


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("fr", "cp1252", "Où êtes-vous allé ce matin ?\nJ'étais à l'école."),
        ("es", "cp1252", "¿Dónde está el niño? ¡Mañana será otro día!"),
        ("cs", "cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy."),
        ("tr", "cp1254", "Günaydın, nasılsınız? Şimdi gidiyoruz, değil mi?"),
        ("el", "cp1253", "Καλημέρα, τι κάνεις; Πού πας σήμερα;"),
        ("ar", "cp1256", "مرحبا، كيف حالك؟ لا أعرف ماذا أقول."),
        ("ja", "shift_jis", "こんにちは、元気ですか。今日はどこへ行きますか。"),
        ("ja", "euc_jp", "こんにちは、元気ですか。今日はどこへ行きますか。"),
        ("zh", "gb18030", "你好,你今天去哪里?我不知道该说什么。"),
        ("zh-TW", "big5", "你好,你今天去哪裡?我不知道該說什麼。"),
        ("ko", "cp949", "안녕하세요, 오늘 어디 가세요? 뭐라고 말해야 할지 모르겠어요."),
    ],
)
def test_a_short_text_is_read_also_where_its_language_is_unknown(language: str, name: str, text: str) -> None:
    data = SRT.format(text).encode(name)
    assert decode(data)[0] == decode(data, language)[0] == SRT.format(text)


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [("pl", "cp1250", "Cześć, jak się masz? Wszystko będzie dobrze, żółw."), ("he", "cp1255", "שלום, מה שלומך?")],
)
def test_what_reads_as_well_in_another_alphabet_is_read_by_its_language(language: str, name: str, text: str) -> None:
    assert decode(SRT.format(text).encode(name), language)[0] == SRT.format(text)


def test_a_language_that_is_wrong_does_not_make_it_unreadable() -> None:
    assert decode(SRT.format(RU * 5).encode("cp1251"), "ja")[0] == SRT.format(RU * 5)


@pytest.mark.parametrize(
    ("language", "name", "text"), [("kk", "cp1251", "Мен білмеймін."), ("af", "cp1252", "Môre is dit só.")]
)
def test_a_language_whose_letters_are_not_listed_is_read_like_its_neighbours(
    language: str, name: str, text: str
) -> None:
    assert decode(SRT.format(text).encode(name), language).text == SRT.format(text)


def test_what_says_that_it_is_utf_16_and_is_not_is_refused() -> None:
    with pytest.raises(Undecodable, match="it says that it is utf-16"):
        decode(b"\xff\xfea\x00\x00\xd8b\x00")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(Undecodable, match="may be no text"):
        decode(bytes(range(256)) * 40)


@pytest.mark.parametrize("language", ["", "fr"])
def test_a_western_file_with_marks_that_only_its_code_page_has_is_read_as_such(language: str) -> None:
    text = SRT.format("Où êtes-vous allée hier soir ?\nÇa n’a rien à voir… Mon cœur, c’était « fini ».")
    assert decode(text.encode("cp1252"), language)[:2] == (text, "cp1252")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cp1252", "Das weiß ich nicht, mein Freund. Die Straße ist groß…"),
        ("cp1252", "“Well,” he said—twice. Don’t do that… it’s a trap."),
        ("cp1252", "Você está bem? Amanhã à noite não sei."),
        ("cp1250", "Nie wiem, o co ci chodzi. Dziękuję, ale to nie jest moje."),
        ("cp1250", "Nem tudom, hogy mit akarsz tőlem. Ez az őrült."),
        ("cp1250", "Nu ştiu ce să fac. Bună ziua, vă rog să veniţi."),
        ("iso8859_2", "Ne, děkuji. To je můj kůň, ale tak se má."),
        ("cp1254", "Şimdi gidiyoruz, değil mi? Ben de öyle, ama bir şey var."),
        ("cp1257", "Aš nežinau, kad tai yra. Ačiū, labas, sekėsi gerai."),
        ("mac_roman", "Où êtes-vous allé ? Ça va, j’étais à l’école, et vous ?"),
    ],
)
def test_the_words_of_a_language_tell_its_code_page(name: str, text: str) -> None:
    assert decode(SRT.format(text).encode(name)).text == SRT.format(text)


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("ru", "koi8_r", "Да!"),
        ("ru", "iso8859_5", "Привет."),
        ("uk", "cp1251", "Привіт, як справи?"),
        ("bg", "cp1251", "Добър ден!"),
        ("el", "iso8859_7", "Καλημέρα."),
        ("he", "cp1255", "שלום"),
        ("ar", "iso8859_6", "مرحبا"),
        ("th", "cp874", "สวัสดีครับ"),
        ("ja", "euc_jp", "はい"),
        ("ja", "iso2022_jp", "こんにちは。"),
        ("zh", "gb18030", "你好。"),
        ("zh-TW", "big5", "你好。"),
        ("hu", "cp1250", "őrült"),
    ],
)
def test_with_its_language_a_single_word_is_enough(language: str, name: str, text: str) -> None:
    assert decode(SRT.format(text).encode(name), language).text == SRT.format(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cp1251", "Привет."),
        ("koi8_r", "Я не знаю, что сказать."),
        ("cp1253", "Καλημέρα."),
        ("cp1255", "אני לא יודע מה להגיד."),
        ("cp1256", "لا أعرف ماذا أقول."),
        ("cp874", "ฉันไม่รู้จะพูดอะไร"),
        ("gb18030", "我不知道该说什么。"),
        ("big5", "我不知道該說什麼。"),
    ],
)
def test_scripts_are_told_apart_without_a_language(name: str, text: str) -> None:
    assert decode(SRT.format(text).encode(name)).text == SRT.format(text)


def test_a_short_text_is_a_guess_with_a_low_confidence_and_a_long_one_is_not() -> None:
    assert decode(SRT.format("Ça va ?").encode("cp1252")).confidence < 0.9
    assert decode(SRT.format("Où êtes-vous allé hier soir, et que faites-vous là ?").encode("cp1252")).confidence > 0.9
    assert decode(SRT.format(RU).encode()).confidence == 1


def test_utf_8_with_a_damaged_byte_stays_utf_8() -> None:
    text, name, confidence = decode(SRT.format("Où êtes-vous allé ? Ça va très bien. Déjà vu.").encode() + b"\xc3\n")
    assert (name, "Déjà vu." in text, "\ufffd" in text) == ("utf-8", True, True)
    assert confidence < 1
