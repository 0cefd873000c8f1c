"""Subtitles that say when each word is sung or spoken: SubStation's ``\\k`` and WebVTT's time stamps."""

from collections.abc import Sequence

from subtitling import markup, writer
from subtitling.cues import Cue
from subtitling.exports import word_times
from subtitling.exports.word_times import KaraokeToken
from subtitling.exports.written_file import ExportOptions, WrittenFile, counted


def ass(cues: Sequence[Cue], options: ExportOptions) -> WrittenFile:
    """Each word has its length in hundredths of a second; players fill it in that time."""
    timed = word_times.tokens_of_cues(cues, options.words)
    events = (writer.ass_event(cue, _ass_text(cue, tokens)) for cue, tokens in timed)
    return WrittenFile((writer.ASS_HEAD + "".join(events)).encode(), _notes(timed))


def vtt(cues: Sequence[Cue], options: ExportOptions) -> WrittenFile:
    """Each word but the first has the time at which it begins, in angle brackets."""
    timed = word_times.tokens_of_cues(cues, options.words)
    blocks = (writer.vtt_block(cue, writer.voice_tag(cue) + _vtt_text(cue, tokens)) for cue, tokens in timed)
    return WrittenFile(("WEBVTT\n\n" + "".join(blocks)).encode(), _notes(timed))


def _notes(timed: Sequence[tuple[Cue, Sequence[KaraokeToken]]]) -> list[str]:
    guessed = [cue for cue, tokens in timed if tokens and not any(token.is_heard for token in tokens)]
    return [
        *counted([cue for cue, _ in timed if markup.TAG.search(cue.text)], "lost italics, bold or underlining"),
        *counted(guessed, "got times of words by their length, since none are known"),
    ]


def _ass_text(cue: Cue, tokens: Sequence[KaraokeToken]) -> str:
    """The lengths add up to the time from the cue's start to its end. What comes before the first word has none."""
    parts, at = list[str](), cue.start // 10
    ends = [*(token.start // 10 for token in tokens[1:]), cue.end // 10]
    if tokens and (silence := tokens[0].start // 10 - at) > 0:
        parts, at = [f"{{\\k{silence}}}"], at + silence
    for token, end in zip(tokens, ends, strict=True):
        parts.append(f"{{\\k{max(0, end - at)}}}{writer.ass_escaped(token.text)}")
        at = max(at, end)
    return "".join(parts).replace("\n", r"\N")


def _vtt_text(cue: Cue, tokens: Sequence[KaraokeToken]) -> str:
    """A time stamp must lie between the cue's start and its end, after the one before it."""
    parts, last = list[str](), cue.start
    for token in tokens:
        stamp = f"<{writer.time_stamp(token.start, '.')}>" if last < token.start < cue.end else ""
        last = token.start if stamp else last
        parts.append(stamp + writer.vtt_escaped(token.text))
    return "".join(parts)
