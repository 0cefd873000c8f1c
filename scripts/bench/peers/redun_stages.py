"""redun: https://insitro.github.io/redun/scheduler.html, https://insitro.github.io/redun/script.html"""

import os

from redun import File, script, task

redun_namespace = "bench"
PYTHON, SCRIPT, INPUT = os.environ["PYTHON"], os.environ["SCRIPT"], os.environ["INPUT"]


@task(script=True)
def noop(out, number, before):  # noqa: ARG001 - what makes it another task than the last run's
    return f"{PYTHON} {SCRIPT}"


@task()
def copy(source, target, number):
    return script(f"{PYTHON} {SCRIPT} {source.path} {target} {number}", outputs=File(target))


@task()
def main(shape: str, out: str, count: int):  # what it makes depends on nothing else, or it would be reused
    if shape == "files":
        return [copy(File(INPUT), f"{out}/{number}.txt", number) for number in range(count)]
    done = []
    for number in range(count):
        done.append(noop(out, number, done[-1] if shape == "chain" and done else None))
    return done
