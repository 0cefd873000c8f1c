"""doit: https://pydoit.org/tasks.html. It knows no environments, so tasks make them with uv."""

import os

FILES, INPUTS = os.environ["FILES"], os.environ["INPUTS"]
DOIT_CONFIG = {"default_tasks": ["describe"]}


def task_environment():
    for number in (1, 2):
        requirements = f"{INPUTS}/requirements/numpy{number}.txt"
        yield {
            "name": str(number),
            "actions": [f"bash {FILES}/make_environment.sh env{number} {requirements}"],
            "file_dep": [requirements],
            "targets": [f"env{number}/pyvenv.cfg"],
        }


def task_read_numbers():
    table = f"{INPUTS}/numbers.csv"
    return {
        "actions": [f"env1/bin/python {FILES}/read_numbers.py {table} numbers.npy"],
        "file_dep": [table, "env1/pyvenv.cfg"],
        "targets": ["numbers.npy"],
    }


def task_describe():
    return {
        "actions": [f"env2/bin/python {FILES}/describe.py numbers.npy summary.json"],
        "file_dep": ["numbers.npy", "env2/pyvenv.cfg"],
        "targets": ["summary.json"],
    }
