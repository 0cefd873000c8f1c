"""Subtitles that exist: tracks of a movie, files beside it, or a file that a person names."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.digests import sha256_of_bytes
from pipeline.errors import ExitCode, InputError, PipelineError
from pipeline.media import caption_codes, subtitle_names, tracks
from pipeline.media.languages import UNKNOWN, base, is_same, tag
from pipeline.media.languages import name as language_name
from pipeline.media.probe import Media, MediaTrack
from pipeline.media.subtitle_names import SubtitleFlag
from pipeline.text import printable

_TEXT = "srt vtt ass ssa ttml dfxp itt smi sami scc stl sbv sub mpl"
SUFFIXES = tuple(f".{name}" for name in _TEXT.split())
NAMED_SUFFIXES = (*SUFFIXES, ".txt", ".xml")  # also of other files, so that they count only where a person names one
PICTURES = ("hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub")
FIRST = "auto"  # the first that there is
Files = Mapping[Path, subtitle_names.SubtitleName]  # what the names of files beside a movie say
ORIGINAL = "auto"  # as a language: the spoken one, whatever it is

NAMED_FLAGS = {  # as Jellyfin, Plex and Kodi read them
    SubtitleFlag.FORCED: "forced",
    SubtitleFlag.HEARING_IMPAIRED: "sdh",
    SubtitleFlag.COMMENTARY: "commentary",
}


class AlreadyThere(PipelineError):
    """There is nothing to do for this input, which is no failure."""

    exit_code = ExitCode.OK


def source(text: str, movie: Path, media: Media, spoken: str = "") -> dict[str, str]:
    """What ``--from-subtitles TEXT`` means: empty, ``auto``, a file, or a track by number or language.

    ``spoken``: the language as a person named it, or empty; ``auto`` takes subtitles in it.

    ``track`` is a track's number, from 1, or empty; ``file`` is the absolute path of a file, or empty, with its SHA-256
    in ``file_digest``; ``language`` is a code, or empty where it isn't known. All keys are missing without a text.

    Raises ``InputError`` where there are no such subtitles, or they can't be read.
    """
    if not text:
        return {}
    if text == FIRST:
        return _first(movie, media, spoken)
    if (text.isdecimal() or base(text)) and not Path(text).is_file():
        return _of_track(tracks.find(text, media.subtitles, "subtitle", "--from-subtitles"))
    return _of_file(Path(os.path.abspath(text)), movie)


def flags(source: Mapping[str, str], movie: Path, media: Media) -> str:
    """What the subtitles that ``source`` gave are for, as it stands in names of files: ``forced,sdh``; mostly empty.

    What is made of them is for the same, so it has these words in its name, too. Which track is shown by default, no
    text of them decides.
    """
    if not source:
        return ""
    track = next((each for each in media.subtitles if str(each.number) == source["track"]), None)
    found = tracks.flags(track) if track else frozenset[SubtitleFlag]()
    if source["file"]:
        found = subtitle_names.of_file(Path(source["file"]), movie).flags
    return ",".join(word for flag, word in NAMED_FLAGS.items() if flag in found)


def is_whole(source: Mapping[str, str], media: Media) -> bool:
    """Whether what ``source`` gave holds all that is said, as far as its flags and its name tell."""
    if source["file"]:
        return subtitle_names.parse(Path(source["file"]).name).is_whole
    track = next((each for each in media.subtitles if str(each.number) == source["track"]), None)
    return track is None or not tracks.rank(track)[0]


def require_missing(languages: Sequence[str], track_language: str, movie: Path, media: Media) -> None:
    """Raises ``AlreadyThere`` where the movie has subtitles in all of these languages, in it or beside it.

    ``ORIGINAL`` among the languages stands for ``track_language``, what the audio track says; where that is empty, its
    subtitles count as missing.
    """
    codes = [track_language if each in UNKNOWN else tag(each) for each in languages]
    there = existing(movie, media)
    found = {code: next((each for each in there if is_same(code, each)), "") for code in codes}
    if codes and all(found.values()):
        where = ", ".join(f"{code} ({there[each]})" for code, each in found.items())
        shown = printable(str(movie))
        raise AlreadyThere(
            f"{shown} has subtitles already: {where}", "to make them again, give prepare-job the option --overwrite"
        )


def existing(movie: Path, media: Media) -> dict[str, str]:
    """The languages that the movie has subtitles in, by their tags, each with where.

    Forced ones, as for signs, don't count, nor those in a form that ffmpeg doesn't know, as few players know it, too.
    """
    found = {
        tracks.language_of(track): f"track {track.number} of the movie"
        for track in reversed(media.subtitles)
        if tag(track.language) and not tracks.rank(track)[0] and track.codec
    }
    for file in beside(movie):
        name = subtitle_names.parse(file.name, [movie.stem])
        if name.language and name.is_whole:
            found[name.language] = printable(file.name)
    return found


def beside(movie: Path) -> Iterator[Path]:
    """Subtitle files of a movie in its folder: ``movie.srt``, ``movie.es.srt``, ``movie.es.forced.srt``.

    ``movie.2.srt`` belongs to ``movie.2.mkv``, if there is one.
    """
    try:
        names = sorted(os.listdir(movie.parent))
    except OSError:
        return
    others = [each for each in subtitle_names.movies_in(movie.parent) if each.startswith(f"{movie.stem}.")]
    for each in names:
        is_ours = each.startswith(f"{movie.stem}.") and not any(each.startswith(f"{other}.") for other in others)
        if is_ours and each.lower().endswith(SUFFIXES) and not _are_pictures(each, names):
            yield movie.parent / each


def _are_pictures(name: str, names: Sequence[str]) -> bool:
    """Whether it is a file of VobSub, whose index lies beside it."""
    index = name.lower().removesuffix(".sub") + ".idx"
    return name.lower().endswith(".sub") and any(each.lower() == index for each in names)


def _first(movie: Path, media: Media, spoken: str) -> dict[str, str]:
    """The best track of text, else a file: what has all that is said goes before signs, commentaries and the like."""
    texts = tracks.by_preference(track for track in media.subtitles if track.codec and track.codec not in PICTURES)
    files: Files = {file: subtitle_names.parse(file.name, [movie.stem]) for file in beside(movie)}
    if spoken and (texts or files):
        texts, files = _in_language(spoken, texts, files, movie)
    if texts and not (tracks.rank(texts[0])[0] and any(name.is_whole for name in files.values())):
        return _of_track(texts[0])
    if files:
        return _of_file(_only(files, movie), movie)
    if texts:
        return _of_track(texts[0])
    shown = printable(str(movie))
    if media.subtitles:
        unknown = (track for track in media.subtitles if not track.codec)  # the stage may be able to read it
        return _of_track(next(unknown, media.subtitles[0]))  # pictures: the error says so
    raise InputError(
        f"{shown} has no subtitle track, and no subtitle file is beside it",
        "leave --from-subtitles out to have the speech recognised, or name a file with it",
    )


def _in_language(spoken: str, texts: Sequence[MediaTrack], files: Files, movie: Path) -> tuple[list[MediaTrack], Files]:
    """Those in a language, else those that say no language. Raises ``InputError`` where there are none of either."""
    own = {file: name for file, name in files.items() if base(name.language) == base(spoken)}
    if (same := tracks.in_language(spoken, texts)) or own:
        return same, {file: name for file, name in own.items() if tag(name.language) == tag(spoken)} or own
    silent = {file: name for file, name in files.items() if not name.language}
    if (unnamed := [track for track in texts if not base(track.language)]) or silent:
        return unnamed, silent
    there = ", ".join([*map(tracks.described, texts), *(printable(file.name) for file in files)])
    raise InputError(
        f"{printable(str(movie))} has no subtitles in {language_name(spoken)}; there are: {there}",
        "name one of them with --from-subtitles N or FILE, or leave it out to have the speech recognised",
    )


def _only(files: Files, movie: Path) -> Path:
    """The best file. Raises ``InputError`` where several are as good, or are in several languages."""
    ranks = {file: (not name.is_whole, len(name.flags)) for file, name in files.items()}
    best = [file for file, rank in ranks.items() if rank == min(ranks.values())]
    whole = {base(name.language) for name in files.values() if name.is_whole}
    if len(best) == 1 and len(whole) < 2:
        return best[0]
    names = ", ".join(printable(file.name) for file in files)
    raise InputError(
        f"several subtitle files are beside {printable(str(movie))}: {names}", "--from-subtitles FILE   or -s LANGUAGE"
    )


def _of_track(track: MediaTrack) -> dict[str, str]:
    if track.codec in PICTURES:
        raise InputError(
            f"subtitle track {track.number} holds pictures ({track.codec}), which no stage can read",
            "name a text track or a file with --from-subtitles, or leave it out to have the speech recognised",
        )
    return {"track": str(track.number), "file": "", "file_digest": "", "language": tracks.language_of(track)}


def _of_file(file: Path, movie: Path) -> dict[str, str]:
    shown = printable(str(file))
    if file.suffix.lower() not in NAMED_SUFFIXES:
        raise InputError(f"{shown} is no subtitle file", f"name one that ends in {', '.join(NAMED_SUFFIXES)}")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"the subtitles {shown} can't be read: {error.strerror}", "--from-subtitles FILE") from error
    if not content.strip() or (file.suffix.lower() == ".scc" and not caption_codes.has_text(content)):
        what = f"the subtitles {shown} have no text that can be read"
        raise InputError(what, "name other ones with --from-subtitles, or leave it out to have the speech recognised")
    digest = sha256_of_bytes(content)
    language = subtitle_names.of_file(file, movie).language
    return {"track": "", "file": str(file), "file_digest": digest, "language": language}
