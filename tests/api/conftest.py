"""A project whose environments are built, as a program has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import Job, Project
from tests.conftest import Sandbox


@pytest.fixture
def project(ready: Sandbox) -> Iterator[Project]:
    ready.write("input.txt", "some input\n")
    ready.workflow("counting", "copy: {inputs: {file: job.input}}", "deliver: [copy.file]")
    ready.workflow("sleeping", "sleeps: {}", "deliver: [sleeps.file]")
    ready.workflow("failing", "fails: {}")
    project = Project(ready.root)
    yield project
    for job in project.jobs():
        if job.folder.exists() and job.is_running:
            job.cancel()


@pytest.fixture
def text(project: Project) -> Path:
    return project.root / "input.txt"


@pytest.fixture
def counting(project: Project, text: Path) -> Job:
    return project.prepare("counting", text)


@pytest.fixture
def sleeping(project: Project, text: Path) -> Job:
    return project.prepare("sleeping", text)
