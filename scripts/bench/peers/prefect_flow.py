"""prefect: https://docs.prefect.io/v3/concepts/tasks, https://docs.prefect.io/v3/concepts/caching"""

import os
import subprocess

from prefect import flow, task
from prefect.cache_policies import INPUTS, NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

PYTHON, SCRIPT, SHAPE = os.environ["PYTHON"], os.environ["SCRIPT"], os.environ["SHAPE"]
INPUT, OUT, COUNT = os.environ["INPUT"], os.environ["OUT"], int(os.environ["COUNT"])


@task(cache_policy=NO_CACHE)
def noop():
    subprocess.run([PYTHON, SCRIPT], check=True)


@task(cache_policy=INPUTS, persist_result=True)
def copy(source, target, number):
    subprocess.run([PYTHON, SCRIPT, source, target, str(number)], check=True)


@flow(task_runner=ThreadPoolTaskRunner(max_workers=2))
def stages():
    if SHAPE == "files":
        futures = [copy.submit(INPUT, f"{OUT}/{number}.txt", number) for number in range(COUNT)]
    else:
        futures = []
        for _ in range(COUNT):
            futures.append(noop.submit(wait_for=futures[-1:] if SHAPE == "chain" else None))
    for future in futures:
        future.result()


if __name__ == "__main__":
    stages()
