"""What a planned stage does, in a person's words: the title of its entry, with the value of its fan-out filled in."""

from collections.abc import Mapping
from typing import Any

EACH, LANGUAGE = "{each}", "{language}"
SPOKEN = "auto"  # as a language, the one that is spoken, whatever it is
UNNAMED = "the spoken language"


def of_member(policy: Mapping[str, Any], each: Any) -> dict[str, str]:
    """The title as a field of ``PlannedStage``; none where there is no title. ``each`` is ``None`` without a value."""
    title = policy.get("title")
    if not title:
        return {}
    value = "each" if each is None else str(each)
    if LANGUAGE in title:
        title = title.replace(LANGUAGE, _language(value))
    return {"title": title.replace(EACH, value)}


def _language(value: str) -> str:
    """``Spanish`` of ``es``; what is no language stays as it is."""
    if value == SPOKEN:
        return UNNAMED
    import langcodes

    return langcodes.get(value).display_name() if langcodes.tag_is_valid(value) else value
