"""Which language is heard in an audio, and whether it contradicts the language that a person named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import languages

LEAST_SPEECH = 15.0  # seconds; from less, a model takes one language for another
LITTLE_SPEECH = 5.0  # seconds; from less, nothing can be said
SURE = 0.8  # mean probability of a language from which little speech is enough for a doubt
CLEAR = 0.6  # mean probability of a language that is heard without doubt
DOUBTFUL_WORDS = 0.65  # mean probability of the words of a model for English, which writes down any speech as English
UNLIKELY = 0.1  # mean probability of a language that is hardly spoken

# Languages that Whisper takes for one another, since they sound alike or it learned little of them. See the confusions
# in https://arxiv.org/abs/2212.04356 and in https://github.com/openai/whisper/discussions/1456
ALIKE = tuple(
    frozenset(group.split())
    for group in (
        "hi ur pa sd ne mr gu bn as sa", "no nn da sv", "hr sr bs sl", "cs sk", "mk bg", "ru uk be", "id ms jw su",
        "zh yue", "nl af", "de lb yi", "es gl ca pt oc", "fa tg", "tr az tk uz kk tt ba", "fi et", "is fo", "br cy",
    )
)  # fmt: skip


# Languages that Whisper hears in unclear or accented speech, and that films hardly have. They say nothing of others.
OFTEN_FALSE = frozenset({"haw", "jw", "la", "nn", "sa"})


@dataclass(frozen=True)
class LanguageEvidence:
    """What a model heard at some places of an audio. ``probabilities``: by Whisper code, the mean over the places."""

    probabilities: Mapping[str, float]
    places: int
    speech: float  # seconds in the whole audio

    @property
    def likeliest(self) -> tuple[str, float]:
        """The most likely language and its probability. Only where there is a place."""
        return max(self.probabilities.items(), key=lambda each: (each[1], each[0]))

    @property
    def is_enough(self) -> bool:
        """Whether there is enough speech to judge."""
        return self.places > 0 and self.speech >= LEAST_SPEECH


def is_alike(one: str, other: str) -> bool:
    """Whether the model can't tell two languages (Whisper codes) apart well enough."""
    return any({one, other} <= group for group in ALIKE)


def is_another(language: str, main: str) -> bool:
    """Whether it is worth believing that a language is spoken instead of, or beside, the ``main`` one."""
    return language != main and language not in OFTEN_FALSE and not is_alike(language, main)


def contradiction(evidence: LanguageEvidence, named: str) -> str | None:
    """The language that is clearly heard instead of the one that was ``named``, if there is one; both Whisper codes."""
    if not evidence.is_enough:
        return None
    language, probability = evidence.likeliest
    is_clear = probability >= CLEAR and evidence.probabilities.get(named, 0.0) <= UNLIKELY
    return language if is_clear and is_another(language, named) else None


def doubt(evidence: LanguageEvidence, named: str) -> str | None:
    """Why another language than the one that was ``named`` may be spoken, where there is too little speech to judge."""
    if evidence.is_enough or not evidence.places or evidence.speech < LITTLE_SPEECH:
        return None
    language, probability = evidence.likeliest
    is_sure = probability >= SURE and evidence.probabilities.get(named, 0.0) <= UNLIKELY
    if not is_sure or language == named or is_alike(language, named):
        return None
    return (
        f"the speech may be {languages.shown(language)}, with a probability of {probability:.2f}, and not "
        f"{languages.shown(named)}, which was named; {evidence.speech:.0f} s of speech are too few to be sure. "
        f"If it is, say -s {language}, or leave -s out"
    )


def contradiction_text(evidence: LanguageEvidence, named: str, spoken: str) -> str:
    """The contradiction in one sentence, with both probabilities."""
    likely, unlikely = evidence.probabilities[spoken], evidence.probabilities.get(named, 0.0)
    where = "at 1 place" if evidence.places == 1 else f"at {evidence.places} places"
    return (
        f"the speech is {languages.shown(spoken)}, with a probability of {likely:.2f} {where} of the audio, and "
        f"not {languages.shown(named)}, which was named ({unlikely:.2f})"
    )


def doubt_about_english(word_probabilities: Sequence[float], speech: float, model: str) -> str | None:
    """Why what a ``model`` for English alone recognised may not be English; ``None`` where nothing says so.

    English has a mean word probability of 0.9 with such models, other languages 0.4 to 0.6. ``speech``: seconds of it.
    """
    if speech < LEAST_SPEECH or not word_probabilities:
        return None
    mean = sum(word_probabilities) / len(word_probabilities)
    if mean >= DOUBTFUL_WORDS:
        return None
    return (
        f"the speech may not be English, which is all that model {model} knows: it is unsure of its words (their mean "
        f"probability is {mean:.2f}). A multilingual model, such as --model whisper-base, finds out the language"
    )


def too_little_text(evidence: LanguageEvidence) -> str:
    """Why the language wasn't checked."""
    return (
        f"the language wasn't checked: the audio has {evidence.speech:.0f} s of speech, "
        f"and at least {LEAST_SPEECH:.0f} s are needed"
    )
