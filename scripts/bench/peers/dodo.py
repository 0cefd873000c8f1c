"""doit: https://pydoit.org/cmd_run.html, https://pydoit.org/dependencies.html"""

import os

PYTHON, SCRIPT, SHAPE = os.environ["PYTHON"], os.environ["SCRIPT"], os.environ["SHAPE"]
INPUT, OUT, COUNT = os.environ["INPUT"], os.environ["OUT"], int(os.environ["COUNT"])

DOIT_CONFIG = {"dep_file": f"{OUT}/doit.db"}


def task_stage():
    for number in range(COUNT):
        name, target = str(number), f"{OUT}/{number}.txt"
        if SHAPE == "files":
            command = f"{PYTHON} {SCRIPT} {INPUT} {target} {number}"
            yield {"name": name, "actions": [command], "file_dep": [INPUT], "targets": [target]}
        else:
            before = [f"stage:{number - 1}"] if SHAPE == "chain" and number else []
            yield {"name": name, "actions": [f"{PYTHON} {SCRIPT}"], "task_dep": before}
