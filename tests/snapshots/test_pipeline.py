"""The words of ``pipeline workflow``, ``worker``, ``job`` and ``subtitles``, and of wrong command lines."""

import json

from tests.cli import test_commands, test_subtitles
from tests.jobs.helpers import prepared
from tests.snapshots.words import Compare, Play

UNKNOWN = [
    "pipeline workflow show nope",
    "pipeline env status nope",
    "pipeline job list --root elsewhere",
]


def test_the_words_about_wrong_command_lines(play: Play, same_words: Compare) -> None:
    with play.scene("a project with one workflow") as here:
        here.workflow("tested", "noop: {}")
        for line in [*(line for line, *_ in test_commands.WRONG_LINES), *UNKNOWN]:
            here.say(*line.split())
    with play.scene("outside of any project") as here:
        (here.root / "config/pipeline.yaml").unlink()
        here.say("pipeline", "job", "list", variables={"PIPELINE_ROOT": ""})
    same_words("command-lines", play.words)


def test_the_words_of_pipeline_workflow(play: Play, same_words: Compare) -> None:
    with play.scene("no workflow") as here:
        here.say("pipeline", "workflow", "list")
    with play.scene("a workflow with parameters, a condition and a fan-out") as here:
        head = (
            "description: for tests\nparameters:\n  word: {type: string, description: what is written}\n"
            "  kind: {type: string, default: a, choices: [a, b]}\n  loud: {type: boolean, default: false}\n"
            "  list: {type: words}"
        )
        here.workflow(
            "several",
            "noop: {when: {kind: a}}\nword: {for_each: [$list], parameters: {word: $each}, after: [noop]}",
            head,
        )
        here.workflow("plain", "noop: {}")
        here.say("pipeline", "workflow", "list")
        here.say("pipeline", "workflow", "show", "several")
        here.say("pipeline", "workflow", "show", "plain")
    same_words("pipeline-workflow", play.words)


def test_the_words_of_pipeline_worker(play: Play, same_words: Compare) -> None:
    with play.scene("no worker") as here:
        there = {"XDG_RUNTIME_DIR": str(here.root)}
        here.say("pipeline", "worker", "list", variables=there)
        here.say("pipeline", "worker", "stop", variables=there)
        here.say("pipeline", "worker", "stop", "1", variables=there)
        here.say("pipeline", "worker", "stop", "--all", variables=there)
    same_words("pipeline-worker", play.words)


def test_the_words_of_pipeline_job(play_ready: Play, same_words: Compare) -> None:
    play = play_ready
    with play.scene("no job") as here:
        here.say("pipeline", "job", "list")
        here.say("pipeline", "job", "show", "latest")
    with play.scene("a job that was prepared", ready=True) as here:
        here.workflow("tested", "noop: {}\nsays: {after: [noop]}")
        job = prepared(here, "tested")
        here.say("pipeline", "job", "list")
        here.say("pipeline", "job", "show", "latest")
        here.say("pipeline", "job", "show", job.id[:-1] + "7")
        here.say("pipeline", "job", "logs", "latest")
        here.say("pipeline", "job", "logs", "latest", "nop")
        here.say("pipeline", "job", "why", "latest")
        here.say("pipeline", "job", "cancel", "latest")
        here.say("pipeline", "job", "cancel", "latest")
    with play.scene("jobs that are damaged", ready=True) as here:
        here.workflow("tested", "noop: {}")
        edited, torn, bad, gone = (prepared(here, "tested") for _ in range(4))
        (edited.folder / "job.json").write_text((edited.folder / "job.json").read_text().replace("alpha", "beta"))
        (torn.folder / "job.json").write_text("{}")
        journal = bad.folder / "journal.jsonl"
        journal.write_bytes(journal.read_bytes().replace(b"job_prepared", b"job_pxepared"))
        (gone.folder / "journal.jsonl").unlink()
        here.say("pipeline", "job", "list")
        for job in (edited, torn, bad, gone):
            here.say("run-pipeline", "-j", job.id)
    same_words("pipeline-job", play.words)


def test_the_words_of_pipeline_subtitles(play_ready: Play, same_words: Compare) -> None:
    play = play_ready
    with play.scene("an environment that isn't built") as here:
        here.write("stages/subtitle_check.py", test_subtitles.STAGE)
        here.say("pipeline", "subtitles", "check", "x.srt")
        here.say("pipeline", "subtitles", "check")
    with play.scene("files of all kinds", ready=True) as here:
        here.write("stages/subtitle_check.py", test_subtitles.STAGE)
        files = {"clean": test_subtitles.CLEAN, "broken": test_subtitles.BROKEN, "odd": test_subtitles.UNREADABLE}
        for name, content in files.items():
            here.write(f"{name}.srt", json.dumps(content))
        here.say("pipeline", "subtitles", "check", "clean.srt")
        here.say("pipeline", "subtitles", "check", "broken.srt", "odd.srt")
        here.say("pipeline", "subtitles", "check", "clean.srt", "--style", "nonsense")
    same_words("pipeline-subtitles", play.words)


def test_the_words_of_pipeline_init(play: Play, same_words: Compare) -> None:
    with play.scene("a new project") as here:
        here.say("pipeline", "init", "../new", "--dry-run")
        here.say("pipeline", "init", "../new")
        here.say("pipeline", "init", "../bare", "--bare")
    with play.scene("what can't be begun") as here:
        full = here.root.parent / "full"
        full.mkdir()
        (full / "text.txt").write_text("")
        (full / "config").write_text("")
        for folder in ("../full", ".", "sub", "../con", "../full/text.txt", "/"):
            here.say("pipeline", "init", folder)
    with play.scene("what another tool has") as here:
        rules = "rule a:\n    input: 'x'\n    output: 'y'\n    shell: 'cp {input} {output}'\ninclude: 'more'\n"
        (here.root.parent / "Snakefile").write_text(rules)
        here.say("pipeline", "init", "../new", "--from", "../Snakefile")
        here.say("pipeline", "init", "../other", "--from", "nowhere")
    same_words("pipeline-init", play.words)


def test_the_words_of_what_is_written_again(play: Play, same_words: Compare) -> None:
    with play.scene("one file each") as here:
        here.say("pipeline", "env", "new", "tools", "numpy>=2")
        here.say("pipeline", "stage", "new", "clean", "--environment", "tools")
        here.say("pipeline", "workflow", "new", "all", "--stage", "noop", "--stage", "clean")
        here.say("pipeline", "workflow", "graph", "all")
    with play.scene("what can't be written") as here:
        for line in (
            "env new alpha",
            "env new x --python 3.11",
            "env new x =2",
            "stage new noop",
            "stage new nul",
            "stage new x --environment alfa",
            "workflow new x",
            "workflow graph",
        ):
            here.say("pipeline", *line.split())
    same_words("pipeline-new", play.words)
