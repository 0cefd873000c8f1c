"""What the names of subtitle files say, as Jellyfin, Plex and Kodi read them."""

import pytest

from pipeline.media.subtitle_names import SubtitleFlag, parse, tag_of_title

FORCED, SDH, COMMENTARY, DEFAULT = (
    SubtitleFlag.FORCED,
    SubtitleFlag.HEARING_IMPAIRED,
    SubtitleFlag.COMMENTARY,
    SubtitleFlag.DEFAULT,
)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("film.srt", ""),
        ("film.en.srt", "en"),
        ("film.EN.srt", "en"),
        ("film.eng.srt", "en"),
        ("film.Eng.srt", "en"),
        ("film.ger.srt", "de"),
        ("film.deu.srt", "de"),
        ("film.fre.vtt", "fr"),
        ("film.chi.ass", "zh"),
        ("film.English.srt", "en"),
        ("film.deutsch.srt", "de"),
        ("film.Español.srt", "es"),
        ("film.fil.srt", "fil"),
        ("film.pt-BR.srt", "pt-BR"),
        ("film.pt_br.srt", "pt-BR"),
        ("film.pt.BR.srt", "pt-BR"),
        ("film.pt.br.srt", "pt-BR"),
        ("film.pob.srt", "pt-BR"),
        ("film.Brazilian Portuguese.srt", "pt-BR"),
        ("film.zh-Hant.srt", "zh-Hant"),
        ("film.zh-hans-CN.srt", "zh-Hans-CN"),
        ("film.zh-TW.srt", "zh-TW"),
        ("film.chs.srt", "zh-Hans"),
        ("film.cht.ass", "zh-Hant"),
        ("film.es-419.srt", "es-419"),
        ("film.sr-Latn.srt", "sr-Latn"),
        ("film.no.srt", "no"),
        ("film.it.srt", "it"),
        ("film.hi.srt", "hi"),
        ("film [en].srt", "en"),
        ("film (English).srt", "en"),
        ("film - French.srt", "fr"),
        ("film.en (1).srt", "en"),
        ("The.Big.Lebowski.1998.en.srt", "en"),
        ("The.Big.Lebowski.1998.srt", ""),
        ("The.Big.srt", ""),
        ("Dr.No.srt", ""),
        ("JUST.GO.WITH.IT.srt", ""),
        ("Just.Go.With.It.2011.it.srt", "it"),
        ("The.Italian.Job.2003.srt", ""),
        ("The.French.srt", ""),
        ("The.English.Patient.fr.srt", "fr"),
        ("No.Country.for.Old.Men.2007.srt", ""),
        ("It.2017.de.srt", "de"),
        ("Her.2013.srt", ""),
        ("2012.srt", ""),
        ("1917.2019.srt", ""),
        ("1917.2019.ja.srt", "ja"),
        ("en.srt", ""),
        ("no-language.srt", ""),
        ("spider-man.srt", ""),
        ("film.cut.srt", ""),
        ("film.cd1.srt", ""),
        ("film.720p.BluRay.x264-GRP.srt", ""),
        ("film.und.srt", ""),
        (".srt", ""),
        ("film", ""),
    ],
)
def test_a_name_says_its_language(name: str, language: str) -> None:
    assert parse(name).language == language


@pytest.mark.parametrize(
    ("name", "language", "flags"),
    [
        ("film.ja.sdh.srt", "ja", {SDH}),
        ("film.sdh.ja.srt", "ja", {SDH}),
        ("film.en.forced.srt", "en", {FORCED}),
        ("film.forced.en.srt", "en", {FORCED}),
        ("film.en.foreign.srt", "en", {FORCED}),
        ("film.default.en.forced.srt", "en", {DEFAULT, FORCED}),
        ("film.en.cc.srt", "en", {SDH}),
        ("film.en.CC.srt", "en", {SDH}),
        ("film.en.hi.srt", "en", {SDH}),
        ("film.hi.en.srt", "en", {SDH}),
        ("film.hi.sdh.srt", "hi", {SDH}),
        ("film.sdh.srt", "", {SDH}),
        ("film.pt-BR.commentary.srt", "pt-BR", {COMMENTARY}),
        ("film.en.Director's Commentary.srt", "en", {COMMENTARY}),
        ("film.en.Signs & Songs.ass", "en", {FORCED}),
        ("film (English SDH).srt", "en", {SDH}),
    ],
)
def test_flags_stand_in_any_order_beside_a_language(name: str, language: str, flags: set[SubtitleFlag]) -> None:
    for movies in ((), ("film",)):
        assert parse(name, movies).language == language
        assert set(parse(name, movies).flags) == flags


@pytest.mark.parametrize(
    ("name", "movies", "language", "title"),
    [
        ("Dr.no.srt", ("Dr.no",), "", ""),
        ("Dr.no.No.srt", ("Dr.no",), "no", ""),
        ("dr.no.de.srt", ("dr.no", "dr"), "de", ""),
        ("film.en.srt", ("fil",), "en", ""),
        ("It.It.srt", ("It",), "it", ""),
        ("film.The best one.en.srt", ("film",), "en", "The best one"),
        ("film.en.1080p.BluRay.srt", ("film",), "en", "1080p BluRay"),
        ("film.de.en.srt", ("film",), "en", "de"),
        ("film_es.srt", ("film",), "es", ""),
        ("film-es.srt", ("film",), "es", ""),
    ],
)
def test_what_stands_after_the_movie_s_name_is_no_title(
    name: str, movies: tuple[str, ...], language: str, title: str
) -> None:
    assert (parse(name, movies).language, parse(name, movies).title) == (language, title)


@pytest.mark.parametrize(
    ("language", "title", "tag"),
    [
        ("pt", "Portuguese (BR)", "pt-BR"),
        ("pt", "Portuguese (Brazil)", "pt-BR"),
        ("pt", "Brazilian Portuguese (SDH)", "pt-BR"),
        ("pt", "pt-BR", "pt-BR"),
        ("zh", "Chinese (Traditional)", "zh-Hant"),
        ("zh", "Simplified Chinese", "zh-Hans"),
        ("zh", "zh-Hant", "zh-Hant"),
        ("es", "Español (Latinoamérica)", "es-419"),
        ("en", "English (GB)", "en-GB"),
        ("en", "English", "en"),
        ("en", "Portuguese (BR)", "en"),
        ("en", "Director's commentary", "en"),
        ("en", "", "en"),
    ],
)
def test_a_track_s_title_may_say_more_of_its_language(language: str, title: str, tag: str) -> None:
    assert tag_of_title(title, language) == tag
