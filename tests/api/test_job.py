"""A job in a program's hands: run, started, followed, cancelled; and what it tells."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import Job, Project
from pipeline.api.outputs import NoSuchOutput
from pipeline.errors import InputError, Interrupted, NotReady, StageError, UsageError
from pipeline.jobs.events import JobPrepared, RunFinished, StageFinished
from tests.api.helpers import all_gone, interrupt_run_of, pids, wait_for
from tests.conftest import Sandbox
from tests.test_process import eventually


def test_a_job_is_run_and_has_its_outputs(counting: Job) -> None:
    assert counting.run() is counting
    made = counting.outputs["file"]
    assert (counting.state, list(counting.outputs)) == ("finished", ["file"])
    assert made.path == counting.folder / "output/input.copy.txt"
    assert made.path.read_text() == "some input\n"
    assert (made.size, made.stage, made.digest[:7]) == (11, "copy", "blake3:")
    assert counting.outputs["copy.file"].digest == made.digest


def test_it_can_be_run_twice_in_a_row_and_does_nothing_the_second_time(counting: Job) -> None:
    counting.run()
    before = len(list(counting.events()))
    counting.run()
    assert len(list(counting.events())) == before


def test_an_output_that_is_not_there_is_told_with_those_that_are(counting: Job) -> None:
    with pytest.raises(NoSuchOutput, match="hasn't made 'file' yet"):
        _ = counting.outputs["file"]
    counting.run()
    with pytest.raises(KeyError) as unknown:
        _ = counting.outputs["fiel"]
    assert "did you mean 'file'?" in str(unknown.value)
    assert dict(counting.outputs).keys() == {"file"}


def test_outputs_of_one_name_are_called_by_their_stages(project: Project, ready: Sandbox, text: Path) -> None:
    ready.workflow(
        "twice",
        "copy: {inputs: {file: job.input}}\ncounted: {inputs: {file: copy.file}}",
        "deliver: [copy.file, counted.file]",
    )
    job = project.prepare("twice", text).run()
    assert list(job.outputs) == ["copy.file", "counted.file"]
    with pytest.raises(NoSuchOutput, match="name one of copy"):
        _ = job.outputs["file"]


def test_a_stage_that_fails_raises_the_command_line_s_error(project: Project, text: Path) -> None:
    job = project.prepare("failing", text)
    with pytest.raises(StageError, match="always fails") as failed:
        job.run()
    assert failed.value.command is not None
    assert (job.state, job.why("fails").what) == ("failed", "failed")
    assert "about to fail" in job.log("fails")


def test_it_says_why_and_what_its_stages_wrote(counting: Job) -> None:
    assert counting.log("copy") == ""
    counting.run()
    assert counting.why("copy").what == "ran"
    assert counting.why().keys() == {"copy"}
    for ask in (counting.why, counting.log):
        with pytest.raises(UsageError, match="did you mean 'copy'"):
            ask("copi")


def test_two_jobs_run_in_two_threads(project: Project, ready: Sandbox) -> None:
    jobs = [project.prepare("counting", ready.write(f"{number}.txt", f"{number}\n")) for number in range(2)]
    threads = [threading.Thread(target=job.run) for job in jobs]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert [job.outputs["file"].path.read_text() for job in jobs] == ["0\n", "1\n"]


def test_events_come_as_they_happen_and_end_with_the_run(counting: Job) -> None:
    counting.start()
    kinds = [type(event) for event in counting.events(follow=True)]
    assert kinds[0] is JobPrepared
    assert kinds[-1] is RunFinished
    finished = [event for event in counting.events() if isinstance(event, StageFinished)]
    assert [(event.stage, list(event.outputs)) for event in finished] == [("copy", ["file"])]


def test_events_come_to_an_event_loop_that_does_other_things_meanwhile(counting: Job) -> None:
    async def both() -> tuple[list[str], int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        counting.start()
        names = [type(event).__name__ async for event in counting.events_async(follow=True)]
        ticking.cancel()
        return names, ticks

    names, ticks = asyncio.run(both())
    assert names[-1] == "RunFinished"
    assert ticks > 5


def test_a_job_that_nobody_runs_has_no_events_to_follow(counting: Job) -> None:
    assert [type(event) for event in counting.events(follow=True)] == [JobPrepared]


def test_it_runs_in_an_event_loop_and_again_within_one_that_runs_already(counting: Job, sleeping: Job) -> None:
    async def inside() -> None:
        await counting.run_async()
        counting.run()  # as a cell of a notebook does, whose loop is running

    asyncio.run(inside())
    assert counting.state == "finished"


def test_a_task_that_is_cancelled_ends_the_run(sleeping: Job) -> None:
    async def cancelled() -> list[int]:
        task = asyncio.create_task(sleeping.run_async())
        processes = await asyncio.to_thread(pids, sleeping)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return processes

    assert all_gone(asyncio.run(cancelled()))
    assert sleeping.state == "interrupted"


def test_a_stage_that_fails_raises_in_the_event_loop_too(project: Project, text: Path) -> None:
    with pytest.raises(StageError):
        asyncio.run(project.prepare("failing", text).run_async())


def test_an_interrupt_ends_the_run_before_it_is_raised(sleeping: Job) -> None:
    interrupt_run_of(sleeping)
    assert sleeping.state == "interrupted"
    assert all_gone(pids(sleeping))


PROGRAM = """
import sys
from pipeline import Project
job = Project(sys.argv[1]).job("latest")
{}
"""


def first_line_of_killed(project: Project, *lines: str, when: Callable[[], object] = bool) -> str:
    """A program's first line; the program is killed when ``when`` has returned."""
    words = [sys.executable, "-c", PROGRAM.format("\n".join(lines)), str(project.root)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as kernel:
        when()
        assert kernel.stdout is not None
        line = kernel.stdout.readline() if any("print" in each for each in lines) else ""
        kernel.kill()
    return line.strip()


def test_a_program_that_is_killed_leaves_nothing_and_the_job_goes_on(project: Project, sleeping: Job) -> None:
    first_line_of_killed(project, "job.run()", when=lambda: pids(sleeping))
    assert all_gone(pids(sleeping))
    assert eventually(lambda: sleeping.state == "killed", 20)  # its own process ends beside them
    assert project.prepare("counting", sleeping.input).run().state == "finished"
    sleeping.start()  # it goes on, with another attempt
    wait_for(sleeping.folder / "stages/sleeps/2/outputs/pids.txt")


def test_a_forked_child_does_not_keep_a_run_alive_whose_program_was_killed(project: Project, sleeping: Job) -> None:
    child = first_line_of_killed(
        project,
        "import os, threading, time",
        "threading.Thread(target=job.run, daemon=True).start()",
        "while not (job.folder / 'stages/sleeps/1/outputs/pids.txt').exists(): time.sleep(0.05)",
        "child = os.fork()",
        "if child: print(child, flush=True)",
        "else: os.close(1)",
        "time.sleep(60)",
    )
    assert all_gone(pids(sleeping))
    os.kill(int(child), signal.SIGKILL)


def test_a_job_that_was_started_outlives_its_program_and_is_found_again(project: Project, ready: Sandbox) -> None:
    ready.workflow("short", "sleeps: {parameters: {seconds: 2}}", "deliver: [sleeps.file]")
    job = project.prepare("short", ready.root / "input.txt")
    lines = ("job.start()", "print(job.id, flush=True)", "import time; time.sleep(60)")
    again = project.job(first_line_of_killed(project, *lines))
    assert again == job
    assert again.is_running
    with pytest.raises(TimeoutError):
        again.wait(timeout=0.1)
    with pytest.raises(NotReady):
        again.start()
    assert again.wait(timeout=60).state == "finished"
    assert not again.is_running


def test_how_a_started_job_failed_is_told_to_whoever_waits(project: Project, text: Path) -> None:
    job = project.prepare("failing", text).start()
    with pytest.raises(StageError, match="always fails"):
        job.wait(60)
    with pytest.raises(StageError, match="always fails") as later:
        project.job(job.id).wait(0)
    assert later.value.command is not None


def test_what_keeps_a_started_job_from_beginning_is_told_too(project: Project, text: Path, counting: Job) -> None:
    text.write_text("another input\n")
    counting.start()
    with pytest.raises(InputError, match="has changed"):
        counting.wait(60)


def test_one_that_was_never_run_has_nothing_to_wait_for(counting: Job) -> None:
    with pytest.raises(UsageError) as never:
        counting.wait()
    assert never.value.command == f"run-pipeline -j {counting.id}"


def test_a_started_job_is_cancelled_also_before_it_has_begun(sleeping: Job) -> None:
    sleeping.start()
    assert sleeping.cancel() == "cancelled"
    assert sleeping.state == "cancelled"
    with pytest.raises(Interrupted):
        sleeping.wait(10)


def test_a_started_job_leaves_no_child_to_collect(counting: Job) -> None:
    counting.start().wait(60)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_job_that_runs_elsewhere_is_refused(sleeping: Job) -> None:
    sleeping.start()
    pids(sleeping)
    with pytest.raises((NotReady, UsageError), match="being run by"):
        sleeping.run()


POOLS = """
import multiprocessing, sys
from pipeline import Project

def run(id):
    return Project(sys.argv[1]).job(id).run().state

if __name__ == "__main__":
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(*pool.map(run, sys.argv[2:]))
            pool.close()
            pool.join()
"""


def test_jobs_run_in_processes_of_multiprocessing(project: Project, ready: Sandbox) -> None:
    """In a program of its own: multiprocessing's tracker of resources stays as long as the program."""
    jobs = [project.prepare("counting", ready.write(f"{number}.txt", f"{number}\n")) for number in range(2)]
    program = ready.write("pools.py", POOLS)
    words = [sys.executable, str(program), str(project.root), *(job.id for job in jobs)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("finished finished\n" * 2, "")


def test_a_stage_may_run_a_job_and_start_none(project: Project, ready: Sandbox, counting: Job) -> None:
    ready.write(
        "stages/inner.py",
        '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# [tool.pipeline.stage.parameters]\n'
        '# call = ""\n# ///\nimport subprocess\nimport sys\n\n\ndef run(stage):\n'
        "    sys.exit(subprocess.run(stage.parameters['call']).returncode)\n",
    )
    code = PROGRAM.replace("'latest'", "'x'").format("getattr(job, sys.argv[3])()").replace('"latest"', "sys.argv[2]")
    for act, state in (("start", "prepared"), ("run", "finished")):
        words = [sys.executable, "-c", code, str(project.root), counting.id, act]
        ready.workflow("outer", f"inner: {{parameters: {{call: {json.dumps(words)}}}}}")
        outer = project.prepare("outer", ready.root / "input.txt")
        if act == "start":
            with pytest.raises(StageError):
                outer.run()
            assert "call run() instead" in outer.log("inner")
        else:
            outer.run()
        assert counting.state == state


def test_a_job_that_is_removed_meanwhile_is_told(project: Project, counting: Job, ready: Sandbox) -> None:
    events = counting.events()
    next(events)
    assert ready.give("pipeline", "job", "rm", "--force", counting.id).code == 0
    for ask in (counting.run, counting.start, counting.wait, lambda: counting.state, lambda: list(counting.events())):
        with pytest.raises(UsageError, match="no job"):
            ask()


def test_following_a_job_ends_when_it_is_removed(project: Project, sleeping: Job) -> None:
    sleeping.start()
    pids(sleeping)
    seen: list[object] = []

    def follow() -> None:
        try:
            seen.extend(sleeping.events(follow=True))
        except UsageError as error:
            seen.append(error)

    beside = threading.Thread(target=follow)
    beside.start()
    time.sleep(0.2)
    shutil.rmtree(sleeping.folder)
    beside.join(20)
    assert not beside.is_alive()
    assert isinstance(seen[-1], UsageError)


def test_a_project_that_has_moved_is_told_and_its_jobs_are_found_in_the_new_place(
    project: Project, ready: Sandbox, counting: Job
) -> None:
    counting.run()
    moved = ready.root.rename(ready.root.with_name("moved"))
    with pytest.raises(UsageError, match="no project at"):
        _ = counting.state
    again = Project(moved).job(counting.id)
    assert again.state == "finished"
    assert again.outputs["file"].path.read_text() == "some input\n"
    moved.rename(ready.root)


def test_a_program_with_very_many_open_files_runs_jobs(counting: Job) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]  # select(2) takes none beyond 1023
    try:
        assert counting.run().state == "finished"
        assert len(list(counting.start().events(follow=True))) > 1
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_program_whose_children_are_collected_by_the_system_hears_of_failures(project: Project, text: Path) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with pytest.raises(StageError):
            project.prepare("failing", text).run()
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_bounds_that_are_none_are_refused(counting: Job) -> None:
    with pytest.raises(UsageError):
        counting.run(max_parallel=0)
    with pytest.raises(UsageError):
        counting.run(timeout=0)
