"""Many movies at once, and folders that are watched: as a person gives the commands."""

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.files import read_json
from pipeline.jobs.events import Event, RunCancelled, RunFailed, RunFinished, RunInterrupted, RunStarted
from pipeline.jobs.job import JobFolder
from pipeline.locks import is_held
from tests.conftest import Result, Sandbox
from tests.jobs.helpers import record

WORKFLOW = """
makes: subtitles
parameters:
  source_language: {type: language, default: auto}
  target_languages: {type: languages, default: []}
  original: {type: boolean, default: true}
decide:
  translation:
    kind: translation
    engine: auto
    source: $source_language
    targets: $target_languages
    original: $original
stages:
  copy: {inputs: {file: job.input}, disk: {per_second: 1 kB, of_input: 1}}
deliver: [{output: copy.file, beside: true}]
"""

# Answers by what stands in the file: its tracks as JSON, or that it is no media file. Where there is FILE.waits, it
# waits until there is what that names.
FFPROBE = r"""#!/bin/sh
for word; do file=${word#file:}; done
if [ -e "$file.waits" ]; then
    for _ in $(seq 300); do [ -e "$(cat "$file.waits")" ] && break; sleep 0.1; done
    [ -e "$(cat "$file.waits")" ] || { echo "nothing came" >&2; exit 1; }
fi
case $(head -c 7 "$file") in
tracks:) printf '{"format": {"duration": "36000"}, "streams": %s}' "$(tail -c +8 "$file")" ;;
*) echo "$file: no media" >&2; exit 1 ;;
esac
"""


def movie(*subtitles: str, spoken: str = "") -> str:
    streams = [{"codec_type": "audio", "tags": {"language": spoken}}]
    streams += [{"codec_type": "subtitle", "codec_name": "subrip", "tags": {"language": code}} for code in subtitles]
    return f"tracks:{json.dumps(streams)}"


@pytest.fixture
def studio(ready: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    ready.write("config/workflows/subtitle.yaml", WORKFLOW)
    ready.write("config/workflows/transcribe.yaml", "stages:\n  copy: {inputs: {file: job.input}}\n")
    program = tmp_path / "bin/ffprobe"
    program.parent.mkdir()
    program.write_text(FFPROBE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return ready


def prepare(studio: Sandbox, *words: "str | Path") -> Result:
    ask = studio.run if "--run" in words else studio.give
    return ask("prepare-job", "--subtitle", *words)


def fates(studio: Sandbox, *words: "str | Path") -> dict[str, str]:
    done = prepare(studio, "--json", *words)
    rows = json.loads(done.out)["data"]
    return {Path(row["input"]).name: f"{row['became']} {row['why']}".strip() for row in rows}


def test_a_folder_is_prepared_and_one_bad_file_stops_no_other(studio: Sandbox) -> None:
    studio.write("films/a.mkv", movie())
    studio.write("films/b.mkv", "no movie at all")
    studio.write("films/c.mkv", movie())
    done = prepare(studio, studio.root / "films")
    assert done.code == 5
    assert len(done.out.split()) == 2
    rows = [line.split(maxsplit=2) for line in done.err.splitlines() if ".mkv " in line]
    assert [row[:2] for row in rows[:3]] == [["a.mkv", "prepared"], ["b.mkv", "failed"], ["c.mkv", "prepared"]]
    assert "1 of 3" in done.error


def test_the_second_time_nothing_is_prepared_again(studio: Sandbox) -> None:
    studio.write("films/a.mkv", movie())
    first = prepare(studio, studio.root / "films").out.strip()
    assert fates(studio, studio.root / "films")["a.mkv"].startswith(f"skipped {first} ")
    studio.write("films/a.mkv", movie("de"))
    assert fates(studio, studio.root / "films") == {"a.mkv": "prepared"}
    assert fates(studio, "--overwrite", studio.root / "films") == {"a.mkv": "continued"}
    assert fates(studio, "-s", "fi", studio.root / "films") == {"a.mkv": "prepared"}


def test_a_movie_that_has_the_wanted_subtitles_is_skipped(studio: Sandbox) -> None:
    studio.write("films/has.mkv", movie("eng"))
    studio.write("films/other.mkv", movie("deu"))
    studio.write("films/beside.mkv", movie())
    studio.write("films/beside.en.srt", "1\n")
    found = fates(studio, "-s", "en", studio.root / "films")
    assert re.fullmatch(r"skipped .*has\.mkv .* en \(track 1 .*\)", found["has.mkv"])
    assert re.fullmatch(r"skipped .*beside\.mkv .* en \(beside\.en\.srt\)", found["beside.mkv"])
    assert found["other.mkv"] == "prepared"


def test_a_single_movie_that_has_them_is_no_failure(studio: Sandbox) -> None:
    studio.write("films/has.mkv", movie("eng", spoken="eng"))
    done = prepare(studio, studio.root / "films/has.mkv")
    assert (done.code, done.out) == (0, "")
    assert "--overwrite" in done.next_step
    assert prepare(studio, "--overwrite", studio.root / "films/has.mkv").out.startswith("job-")


def test_the_plan_for_ten_hours_says_what_they_take(studio: Sandbox) -> None:
    file = studio.write("films/a.mkv", movie())
    document = prepare(studio, "--json", file).data
    assert document["input"]["duration_s"] == 36_000
    assert document["disk_needed"] == 36_000_000 + file.stat().st_size


def test_a_single_movie_is_prepared_as_often_as_it_is_named(studio: Sandbox) -> None:
    file = studio.write("films/a.mkv", movie())
    assert prepare(studio, file).out != prepare(studio, file).out


def test_all_of_one_call_may_run_at_once_and_a_table_says_what_became_of_each(studio: Sandbox) -> None:
    for name in "ab":
        studio.write(f"films/{name}.mkv", movie())
    done = prepare(studio, "--run", studio.root / "films")
    assert done.code == 0, done.err
    jobs = done.out.split()[:2]
    rows = [line.split()[:3] for line in done.err.splitlines() if "finished" in line and "/output" in line]
    assert rows == [["a.mkv", jobs[0], "finished"], ["b.mkv", jobs[1], "finished"]]


def test_what_could_not_be_prepared_is_told_again_after_the_run(studio: Sandbox) -> None:
    studio.write("films/a.mkv", movie())
    studio.write("films/bad.mkv", "")
    done = prepare(studio, "--run", studio.root / "films")
    assert done.code == 5
    first, second = done.error.splitlines()
    assert "1 of 2" in first
    assert second.strip().startswith("bad.mkv: ")


def test_of_a_table_that_is_long_the_failures_are_told_below_it(studio: Sandbox) -> None:
    for number in range(22):
        studio.write(f"films/{number:02}.mkv", movie() if number < 2 else "")
    done = prepare(studio, studio.root / "films")
    first, *below = done.error.splitlines()
    assert "20 of 22" in first
    assert [line.partition(":")[0].strip() for line in below] == [f"{number:02}.mkv" for number in range(2, 22)]


def test_subtitles_go_beside_the_movie_where_that_is_asked_for(studio: Sandbox) -> None:
    studio.write("films/a.mkv", movie())
    done = prepare(studio, "--beside", "--run", studio.root / "films/a.mkv")
    assert done.code == 0, done.err
    assert (studio.root / "films/a.copy.txt").read_text() == movie()


def test_two_movies_of_one_name_cannot_both_put_theirs_beside(studio: Sandbox) -> None:
    studio.write("films/a.mkv", movie())
    studio.write("films/a.mp4", movie())
    found = fates(studio, "--beside", studio.root / "films")
    assert found["a.mkv"] == "prepared"
    assert re.fullmatch(r"failed .*a\.mkv", found["a.mp4"])


def test_an_option_that_a_workflow_has_no_use_for_names_one_that_has(studio: Sandbox) -> None:
    file = studio.write("films/a.mkv", movie())
    done = studio.give("prepare-job", "--transcribe", "-t", "es", file)
    assert (done.code, done.next_step) == (2, "pipeline workflow show subtitle")
    assert "'transcribe'" in done.error
    assert "--target-language" in done.error


PARAMETERS = """
makes: subtitles
parameters:
  asr: {type: string, default: alpha}
  glossary: {type: string, default: ""}
  keep_cues: {type: boolean, default: true}
  target_languages: {type: languages, default: []}
  from_subtitles: {type: string, default: ""}
stages:
  copy: {inputs: {file: job.input}}
deliver: [{output: copy.file, beside: true}]
"""


@pytest.mark.parametrize(
    ("words", "both"),
    [
        (["--recut"], ["--recut", "--from-subtitles"]),
        (["--glossary", "names.csv"], ["--glossary", "--target-language"]),
        (["--asr", "alpha", "--from-subtitles=a.srt"], ["--asr", "--from-subtitles"]),
        (["--recut", "--from-subtitles=a.srt"], []),
        (["--recut", "--param", "from_subtitles=a.srt"], []),
        (["--glossary", "names.csv", "-t", "es"], []),
        (["--asr", "alpha"], []),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(studio: Sandbox, words: list[str], both: list[str]) -> None:
    studio.write("config/workflows/subtitle.yaml", PARAMETERS)
    done = prepare(studio, *words, studio.write("films/a.mkv", movie()))
    assert done.code == (2 if both else 0), done.err
    assert re.findall(r"--[a-z-]+", done.error) == both


def test_what_is_needed_may_be_the_workflows_default(studio: Sandbox) -> None:
    studio.write("config/workflows/subtitle.yaml", PARAMETERS.replace("default: []", "default: [es]"))
    assert prepare(studio, "--glossary", "names.csv", studio.write("films/a.mkv", movie())).code == 0


def test_what_is_run_at_once_is_not_said_to_come_next(studio: Sandbox) -> None:
    file = studio.write("films/a.mkv", movie())
    assert prepare(studio, file).next_step.startswith("run-pipeline -j ")
    assert prepare(studio, "--run", file).next_step == ""


def test_a_movie_taken_for_subtitles_is_told(studio: Sandbox) -> None:
    file = studio.write("films/a.mkv", movie())
    done = prepare(studio, "--from-subtitles", file)
    assert done.code == 2
    assert done.next_step.startswith(f"prepare-job --subtitle {file} --from-subtitles")


def test_a_program_gets_one_document_and_the_exit_code(studio: Sandbox) -> None:
    studio.write("films/bad.mkv", "no movie")
    done = prepare(studio, "--json", studio.root / "films")
    assert done.code == 5
    assert [row["exit_code"] for row in done.data] == [5]


def test_nothing_named_is_told(studio: Sandbox) -> None:
    done = prepare(studio)
    assert (done.code, done.next_step) == (2, "prepare-job MOVIE --subtitle")


def watching(studio: Sandbox, *words: str) -> Result:
    return studio.run("pipeline", "watch", studio.root / "in", "--subtitle", "--settle", "0.2", *words)


def test_a_watched_folder_is_seen_to_once(studio: Sandbox) -> None:
    studio.write("in/a.mkv", movie())
    studio.write("in/b.mkv.part", movie())
    done = watching(studio, "--once")
    assert done.code == 0, done.err
    (job,) = (studio.root / "jobs").glob("job-*")
    assert (job / "output/a.copy.txt").is_file()
    again = watching(studio, "--once")
    assert again.code == 0, again.err
    assert len(list((studio.root / "jobs").glob("job-*"))) == 1


def test_a_bad_file_is_told_once_until_it_changes(studio: Sandbox) -> None:
    studio.write("in/bad.mkv", "no movie")
    first = watching(studio, "--once")
    assert first.code == 5
    assert "bad.mkv: " in first.err
    second = watching(studio, "--once")
    assert second.code == 0
    assert "bad.mkv" not in second.err
    studio.write("in/bad.mkv", movie())
    assert watching(studio, "--once").code == 0
    assert len(list((studio.root / "jobs").glob("job-*"))) == 1


def test_a_job_that_was_prepared_by_an_earlier_watch_is_run(studio: Sandbox) -> None:
    file = studio.write("in/a.mkv", movie())
    id = prepare(studio, file).out.strip()
    assert watching(studio, "--once").code == 0
    assert (studio.job(id) / "output/a.copy.txt").is_file()


def test_a_watch_takes_what_arrives_and_ends_well_when_asked(studio: Sandbox) -> None:
    (studio.root / "in").mkdir()
    words = ("watch", studio.root / "in", "--subtitle", "--settle", "0.2", "--every", "0.1")
    with studio.start("pipeline", *words) as watch:
        studio.write("in/a.mkv", movie())
        wait_for(lambda: any((studio.root / "jobs").glob("job-*/output/a.copy.txt")))
        other = watching(studio, "--once")
        assert other.code == 3
        assert f"process {watch.pid} " in other.error
        (lock,) = (studio.root / "jobs").glob("job-*/lock")
        wait_for(lambda: not is_held(lock))
        time.sleep(0.2)  # a run that has ended still heeds the signals for a moment
        watch.send_signal(signal.SIGINT)
        _, err = watch.communicate(timeout=30)
    assert watch.returncode == 0, err


def test_what_is_no_folder_cannot_be_watched(studio: Sandbox) -> None:
    done = watching(studio, "--once")
    assert done.code == 2
    assert str(studio.root / "in") in done.error


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def jobs(studio: Sandbox) -> list[Path]:
    return sorted((studio.root / "jobs").glob("job-*"))


@pytest.mark.parametrize(
    "ended", [[RunStarted(), RunInterrupted("SIGINT")], [RunStarted()], [], [RunFailed("no")], [RunCancelled()]]
)
def test_the_same_command_goes_on_where_a_folder_was_stopped(studio: Sandbox, ended: list[Event]) -> None:
    studio.write("films/a.mkv", movie())
    studio.write("films/b.mkv", movie())
    first = prepare(studio, "--run", studio.root / "films/a.mkv").out.split()[0]
    second = prepare(studio, studio.root / "films").out.strip()
    record(JobFolder(studio.job(second)), *ended)
    done = prepare(studio, "--run", studio.root / "films")
    assert done.code == 0, done.err
    rows = [line.split()[:3] for line in done.err.splitlines() if "/output" in line]
    assert rows == [["b.mkv", second, "finished"]]
    assert "the others: 1 finished before" in done.err
    assert [path.name for path in jobs(studio)] == [first, second]
    assert (studio.job(second) / "output/b.copy.txt").is_file()


def test_a_job_that_only_waits_is_named_in_the_next_command(studio: Sandbox) -> None:
    studio.write("films/a.mkv", movie())
    id = prepare(studio, studio.root / "films").out.strip()
    assert prepare(studio, studio.root / "films").next_step == f"run-pipeline -j {id}"


def test_a_default_that_is_typed_makes_no_second_job(studio: Sandbox) -> None:
    studio.write("films/a.mkv", movie())
    prepare(studio, "--run", studio.root / "films")
    found = fates(studio, "-s", "auto", "--param", "original=yes", studio.root / "films")
    assert found["a.mkv"].startswith("skipped ")
    assert len(jobs(studio)) == 1


@pytest.mark.parametrize("name", ["films", "films/a.mkv"])
def test_subtitles_beside_the_movie_may_be_asked_for_later(studio: Sandbox, name: str) -> None:
    studio.write("films/a.mkv", movie())
    prepare(studio, "--run", studio.root / "films")
    (job,) = jobs(studio)
    (job / "output/a.copy.txt").write_text("edited by hand")
    done = prepare(studio, "--run", "--beside", studio.root / name)
    assert done.code == 0, done.err
    assert jobs(studio) == [job]
    assert (studio.root / "films/a.copy.txt").read_text() == "edited by hand"
    assert (job / "output/a.copy.txt").read_text() == "edited by hand"
    again = fates(studio, "--beside", studio.root / "films")
    assert again["a.mkv"].startswith(f"skipped {job.name} ")


ADDING = """
parameters:
  formats: {type: words, adds: true, default: [srt, vtt]}
  loud: {type: boolean, adds: true, default: false}
  style: {type: string, default: netflix}
stages:
  copy: {for_each: [$formats], inputs: {file: job.input}}
deliver: [copy.file]
"""


def test_what_is_asked_for_later_is_added_to_the_job(studio: Sandbox) -> None:
    studio.write("config/workflows/adding.yaml", ADDING)
    studio.write("films/a.mkv", movie())

    def ask(*words: str) -> Any:
        done = studio.run("prepare-job", "--workflow", "adding", "--run", studio.root / "films", *words)
        assert done.code == 0, done.err
        return read_json(jobs(studio)[-1] / "job.json")["parameters"]

    assert ask()["formats"] == ["srt", "vtt"]
    assert ask("--param", "formats=ass")["formats"] == ["srt", "vtt", "ass"]
    assert ask("--param", "loud=true") == {"formats": ["srt", "vtt", "ass"], "loud": True, "style": "netflix"}
    assert len(jobs(studio)) == 1
    assert ask("--param", "style=bbc")["formats"] == ["srt", "vtt"]
    assert len(jobs(studio)) == 2


def test_a_movie_that_is_run_again_by_itself_has_one_job(studio: Sandbox) -> None:
    file = studio.write("films/a.mkv", movie())
    first = prepare(studio, "--run", file)
    assert prepare(studio, "--run", file).out == first.out
    assert len(jobs(studio)) == 1


@pytest.mark.parametrize("named", ["many", "many/*"])
def test_a_folder_may_be_given_to_a_workflow_that_takes_any_file(studio: Sandbox, named: str) -> None:
    studio.workflow("tiny", "copy: {inputs: {file: job.input}}", "deliver: [{output: copy.file, beside: true}]")
    for name in ("a 10.txt", "a 2.txt"):
        studio.write(f"many/{name}", "words")
    first = studio.run("prepare-job", studio.root / named, "--workflow", "tiny", "--run", "--beside")
    assert first.code == 0, first.err
    assert [read_json(job / "job.json")["input"]["path"][-8:] for job in jobs(studio)] == ["/a 2.txt", "a 10.txt"]
    again = studio.run("prepare-job", studio.root / named, "--workflow", "tiny", "--run", "--beside")
    assert again.code == 0, again.err
    assert len(jobs(studio)) == 2  # what was put beside the inputs is no input


def test_a_watch_takes_any_file_where_its_workflow_does(studio: Sandbox) -> None:
    studio.workflow("tiny", "copy: {inputs: {file: job.input}}", "deliver: [{output: copy.file, beside: true}]")
    studio.write("in/a.txt", "words")
    words = ("pipeline", "watch", studio.root / "in", "--workflow", "tiny", "--settle", "0.2", "--once", "--beside")
    for _ in range(2):
        done = studio.run(*words)
        assert done.code == 0, done.err
        assert len(jobs(studio)) == 1


def test_the_first_film_is_delivered_before_the_next_one_is_prepared(studio: Sandbox) -> None:
    for name in "abc":
        studio.write(f"films/{name}.mkv", movie())
    studio.write("films/b.mkv.waits", str(studio.root / "films/a.copy.txt"))
    studio.write("films/c.mkv.waits", str(studio.root / "films/b.copy.txt"))
    done = prepare(studio, "--run", "--beside", studio.root / "films")
    assert done.code == 0, done.err
    assert len(jobs(studio)) == 3
    assert [Path(line).name for line in done.out.split()[-3:]] == ["a.copy.txt", "b.copy.txt", "c.copy.txt"]
    assert "c.mkv (3 of 3): finished" in done.err


def test_a_film_that_can_t_be_prepared_while_others_run_is_told_at_the_end(studio: Sandbox) -> None:
    for name, content in (("a", movie()), ("b", "no movie"), ("c", movie())):
        studio.write(f"films/{name}.mkv", content)
    studio.write("films/b.mkv.waits", str(studio.root / "films/a.copy.txt"))
    done = prepare(studio, "--run", "--beside", studio.root / "films")
    assert done.code == 5
    assert [path.name for path in sorted((studio.root / "films").glob("*.txt"))] == ["a.copy.txt", "c.copy.txt"]
    first, second = done.error.splitlines()
    assert "1 of 3" in first
    assert second.strip().startswith("b.mkv: ")
    rows = [line.split()[:3] for line in done.err.splitlines() if "no media" in line]
    assert rows[0] == ["b.mkv", "not", "prepared"]


def test_of_a_film_that_fails_and_one_that_can_t_be_prepared_both_are_told(studio: Sandbox) -> None:
    studio.write("stages/copy.py", (studio.root / "stages/copy.py").read_text().replace("def run(", "def runs("))
    studio.write("films/a.mkv", movie())
    studio.write("films/b.mkv", "no movie")
    done = prepare(studio, "--run", studio.root / "films")
    assert done.code == 5
    assert jobs(studio)[0].name in done.error
    assert "b.mkv: " in done.error
    assert f"run-pipeline -j {jobs(studio)[0].name}" in done.next_step


def test_the_same_command_goes_on_after_an_interrupt_with_what_has_no_job_yet(studio: Sandbox) -> None:
    for name in "abc":
        studio.write(f"films/{name}.mkv", movie())
    waits = studio.write("films/b.mkv.waits", str(studio.root / "never"))
    words = ("prepare-job", "--subtitle", "--run", "--beside", str(studio.root / "films"))
    with studio.start(*words) as run:
        wait_for((studio.root / "films/a.copy.txt").exists)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=30)
    assert run.returncode == 130, err
    told = Result(130, "", err.decode())
    assert "1 of 3 files done" in told.error
    assert told.next_step.splitlines()[0] == " ".join(words)
    waits.unlink()
    again = studio.run(*told.next_step.splitlines()[0].split())
    assert again.code == 0, again.err
    assert len(jobs(studio)) == 3
    assert all((studio.root / f"films/{name}.copy.txt").exists() for name in "abc")
    last = studio.run(*words)
    assert (last.code, last.out) == (0, "")
    assert len(last.err.splitlines()) == 1


def test_overwriting_delivers_again_from_the_job_that_there_is(studio: Sandbox) -> None:
    film = studio.write("films/a.mkv", movie())
    beside = studio.root / "films/a.copy.txt"
    for named in (film.parent, film):
        assert prepare(studio, "--run", "--beside", named).code == 0
        beside.write_text("edited by hand")
        assert prepare(studio, "--run", "--beside", named).code == 0
        assert beside.read_text() == "edited by hand"
        done = prepare(studio, "--run", "--beside", "--overwrite", named)
        assert done.code == 0, done.err
        assert beside.read_text() == movie()
        assert len(jobs(studio)) == 1
        beside.write_text("edited again")
        again = studio.run("run-pipeline", "-j", "latest")
        assert again.code == 0, again.err
        assert beside.read_text() == "edited again"


ASKED: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "a default": ("--param", "style=netflix"),
    "a default that may grow": ("--format", "srt,vtt"),
    "beside": ("--beside",),
    "a format": ("--format", "ass"),
    "formats": ("--format", "ass,srt"),
    "loud": ("--param", "loud=true"),
    "not loud": ("--param", "loud=no"),
    "overwrite": ("--overwrite",),
    "all": ("--beside", "--format", "vtt", "--format", "ass", "--param", "loud=yes", "--overwrite"),
}


@pytest.mark.parametrize("later", ASKED)
@pytest.mark.parametrize("first", ASKED)
def test_whatever_is_asked_for_later_there_is_one_job_which_has_all(studio: Sandbox, first: str, later: str) -> None:
    studio.write("config/workflows/adding.yaml", ADDING.replace("[copy.file]", "[{output: copy.file, beside: true}]"))
    film = studio.write("films/a.mkv", movie())
    for ended in ([], [RunStarted(), RunInterrupted("SIGINT")], [RunStarted(), RunFinished(())]):
        for words in (ASKED[first], ASKED[later]):
            done = studio.give("prepare-job", "--workflow", "adding", film.parent, *words)
            assert done.code == 0, done.err
            (job,) = jobs(studio)
            record(JobFolder(job), *ended)
    plan = read_json(job / "job.json")
    both = [*ASKED[first], *ASKED[later]]
    formats = [
        set(re.findall("srt|vtt|ass", " ".join(words))) or {"srt", "vtt"} for words in (ASKED[first], ASKED[later])
    ]
    assert set(plan["parameters"]["formats"]) == formats[0] | formats[1]
    assert plan["parameters"]["loud"] == bool({"loud=true", "loud=yes"}.intersection(both))
    assert bool(plan.get("beside")) == ("--beside" in both)


def test_an_interrupt_before_the_first_film_is_prepared_names_the_same_command(studio: Sandbox) -> None:
    studio.write("films/a.mkv", movie())
    studio.write("films/a.mkv.waits", str(studio.root / "never"))
    words = ("prepare-job", "--subtitle", "--run", str(studio.root / "films"))
    with studio.start(*words) as run:
        wait_for(lambda: bool(psutil.Process(run.pid).children()))
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=30)
    told = Result(run.returncode, "", err.decode())
    assert (told.code, told.next_step.splitlines()[0]) == (130, " ".join(words))


def test_where_only_bad_films_are_left_the_others_are_counted(studio: Sandbox) -> None:
    studio.write("films/a.mkv", movie())
    studio.write("films/b.mkv", "no movie")
    prepare(studio, "--run", studio.root / "films")
    done = prepare(studio, "--run", studio.root / "films")
    assert done.code == 5
    assert done.err.splitlines()[0].endswith("1 finished before")
    assert done.err.count("  b.mkv: ") == 1
