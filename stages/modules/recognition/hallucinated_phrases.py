"""What Whisper writes over silence, noise and music: ends of videos and names of subtitlers, as it was trained on them.

Collected in users' reports (https://github.com/openai/whisper/discussions/679, /1606, /2372, and
https://arxiv.org/abs/2501.11378). People say some of these, too, so none is dropped for its words alone.
"""

# Whole segments, of any language: Whisper also invents them in another one. Compared by letters and digits.
WHOLE = frozenset({
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

# Names of subtitlers and stations, wherever they stand in a segment.
PARTS = (
    "amaraorg", "opensubtitles", "castingwords", "dimatorzok", "субтитры", "редактор субтитров", "корректор а",
    "untertitel", "soustitr", "sottotitoli", "subtítulos", "legendas pela", "legenda por", "ondertitel", "napisy",
    "titulky", "undertexter", "teksting av", "altyazı", "υπότιτλοι", "字幕", "明镜", "点赞", "ترجمة نانسي",
    "ghiền mì gõ", "copyright wdr", "copyright swr", "copyright australian", "qtss", "mbc 뉴스",
)  # fmt: skip


def plain(text: str) -> str:
    """Letters, digits and single spaces, in small letters. Marks that belong to letters stay."""
    kept = (character if _of_word(character) else " " if character.isspace() else "" for character in text.casefold())
    return " ".join("".join(kept).split())


def is_known(text: str) -> bool:
    said = plain(text)
    return said in WHOLE or any(part in said for part in PARTS)


def _of_word(character: str) -> bool:
    import unicodedata

    return unicodedata.category(character)[0] in "LMN"
