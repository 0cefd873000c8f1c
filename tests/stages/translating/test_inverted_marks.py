"""Spanish questions begin with a mark, which engines leave out."""

import pytest
from translating import inverted_marks

from tests.stages.translating.helpers import FakeEngine


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Qué buscas?", "¿Qué buscas?"),
        ("Alto!", "¡Alto!"),
        ("Qué? De verdad? Sí!", "¿Qué? ¿De verdad? ¡Sí!"),
        ("Qué?!", "¡¿Qué?!"),
        ("Eres feliz o no?", "¿Eres feliz o no?"),
        ("Bien, qué es, John?", "Bien, ¿qué es, John?"),
        ("Es frío, no?", "Es frío, ¿no?"),
        ("Sigue. Y después?", "Sigue. ¿Y después?"),
        ("El Sr. Gómez viene?", "¿El Sr. Gómez viene?"),
        ('Dijo "qué?" y se fue.', 'Dijo "¿qué?" y se fue.'),
        ('Dijo "sí" o "no"?', '¿Dijo "sí" o "no"?'),
        ("Él (el jefe) viene?", "¿Él (el jefe) viene?"),
        ("- (quién?)", "- (¿quién?)"),
        ("¿Qué haces? Para!", "¿Qué haces? ¡Para!"),
        ("¿Vienes?", "¿Vienes?"),
        ("?", "?"),
        ("Nada.", "Nada."),
    ],
)
def test_a_question_gets_its_first_mark(text: str, marked: str) -> None:
    assert inverted_marks.opened(text) == marked
    assert inverted_marks.opened(marked) == marked


@pytest.mark.parametrize(
    ("target", "answer"), [("es", "¿Ya?"), ("es-419", "¿Ya?"), ("ES", "¿Ya?"), ("pt", "Ya?"), ("en", "Ya?")]
)
def test_only_languages_with_such_marks_get_them(target: str, answer: str) -> None:
    engine = inverted_marks.engine_for(FakeEngine(lambda _: "Ya?"), target)
    assert engine.translate(["Now?"]) == [answer]
