"""Phrases that Whisper hallucinates over silence, noise and music: it was trained on videos that end with them.

They are collected from users' reports (https://github.com/openai/whisper/discussions/679, /1606, /2372, and
https://arxiv.org/abs/2501.11378). People say some of them, too, so none is dropped for its words alone.
"""

# Whole segments, in any language: Whisper invents them in other languages, too. Letters and digits are compared.
WHOLE_SEGMENTS = frozenset({
    # English
    "thank you", "thank you very much", "thank you so much", "thank you for watching", "thanks for watching",
    "thank you for watching this video", "thanks for watching this video", "thank you for your watching",
    "please subscribe", "please subscribe to my channel", "please like and subscribe", "dont forget to subscribe",
    "subscribe to my channel", "see you in the next video", "see you next time", "ill see you next time",
    "bye", "bye bye", "you", "the end", "so", "okay", "oh", "im sorry", "music", "applause",
    # German
    "vielen dank", "vielen dank fürs zuschauen", "danke fürs zuschauen", "bis zum nächsten mal", "tschüss",
    "untertitelung des zdf 2020", "untertitelung im auftrag des zdf für funk 2017", "das wars für heute",
    # French
    "merci", "merci davoir regardé cette vidéo", "merci davoir regardé la vidéo", "abonnezvous", "à bientôt",
    # Spanish
    "gracias", "gracias por ver el video", "gracias por ver", "muchas gracias", "suscríbete", "suscríbete al canal",
    # Italian
    "grazie", "grazie per aver guardato il video", "grazie a tutti", "iscriviti al canale",
    # Portuguese
    "obrigado", "obrigada", "obrigado por assistir", "inscrevase no canal", "e aí",
    # Dutch
    "bedankt voor het kijken", "dank je wel", "tot de volgende keer",
    # Polish, Czech, Hungarian, Romanian
    "dziękuję za oglądanie", "dziękuję", "děkuji za pozornost", "köszönöm hogy megnézted", "köszönöm a figyelmet",
    "vă mulțumesc pentru vizionare", "să vă mulțumim pentru vizionare",
    # Swedish, Norwegian, Danish, Finnish
    "tack för att ni tittade", "tack för att du tittade", "takk for at du så på", "tak fordi du så med",
    "kiitos kun katsoit",
    # Russian, Ukrainian
    "продолжение следует", "спасибо за просмотр", "подписывайтесь на канал", "до новых встреч", "дякую за перегляд",
    # Turkish, Arabic, Hebrew, Hindi, Indonesian, Vietnamese
    "izlediğiniz için teşekkür ederim", "izlediğiniz için teşekkürler", "abone olmayı unutmayın",
    "شكرا للمشاهدة", "اشتركوا في القناة", "شكرا", "תודה רבה", "תודה שצפיתם", "धन्यवाद", "terima kasih",
    "terima kasih telah menonton", "cảm ơn các bạn đã theo dõi", "cảm ơn đã xem video",
    # Chinese, Japanese, Korean
    "谢谢观看", "謝謝觀看", "谢谢大家", "謝謝大家", "请订阅", "下期再见", "ご視聴ありがとうございました",
    "最後までご視聴いただきありがとうございました", "チャンネル登録をお願いします", "おやすみなさい",
    "시청해주셔서 감사합니다", "시청해 주셔서 감사합니다", "구독과 좋아요 부탁드립니다", "다음 영상에서 만나요",
})  # fmt: skip

# Names of subtitlers and stations, anywhere in a segment.
PARTS_OF_SEGMENTS = (
    "amaraorg", "opensubtitles", "castingwords", "dimatorzok", "субтитры", "редактор субтитров", "корректор а",
    "untertitel", "soustitr", "sottotitoli", "subtítulos", "legendas pela", "legenda por", "ondertitel", "napisy",
    "titulky", "undertexter", "teksting av", "altyazı", "υπότιτλοι", "字幕", "明镜", "点赞", "ترجمة نانسي",
    "ghiền mì gõ", "copyright wdr", "copyright swr", "copyright australian", "qtss", "mbc 뉴스",
)  # fmt: skip


def plain_words(text: str) -> str:
    """Only letters (with their combining marks), digits and single spaces, in lower case."""
    kept = (
        character if _is_word_character(character) else " " if character.isspace() else ""
        for character in text.casefold()
    )
    return " ".join("".join(kept).split())


def is_known(text: str) -> bool:
    """Whether a segment's text is such a phrase, or has such a name in it."""
    said = plain_words(text)
    return said in WHOLE_SEGMENTS or any(part in said for part in PARTS_OF_SEGMENTS)


def _is_word_character(character: str) -> bool:
    import unicodedata

    return unicodedata.category(character)[0] in "LMN"
