"""Each finding has its name and what mends it, and what follows from another fault isn't told beside it."""

import pytest

from pipeline.envs.verification.accelerator import AcceleratorProblem
from pipeline.envs.verification.comparison import DamagedFile
from pipeline.envs.verification.diagnosis import ProblemKind, ProjectProblem, diagnose
from pipeline.envs.verification.file_check import FileCheck, Packages
from pipeline.envs.verification.findings import DiskFindings, EnvironmentFindings, Findings, ModelFindings

REPAIR = "bootstrap --repair --env alpha"
BUILD = "bootstrap --env alpha"
LOCK = "pipeline env lock alpha"
WHOLE = FileCheck(Packages())


def built(**found: object) -> EnvironmentFindings:
    return EnvironmentFindings("alpha", is_built=True, python="3.11.7", **{"check": WHOLE, **found})  # type: ignore[arg-type]


def told(*environments: EnvironmentFindings) -> tuple[ProjectProblem, ...]:
    return diagnose(Findings(environments)).problems


def test_nothing_found_is_healthy() -> None:
    report = diagnose(Findings((built(),), (), (DiskFindings("venv", 1 << 40),)))
    assert report.is_healthy
    assert report.problems == ()


@pytest.mark.parametrize(
    ("found", "kind", "problem", "repair"),
    [
        (EnvironmentFindings("alpha"), ProblemKind.NEVER_BUILT, "no finished build", BUILD),
        (
            EnvironmentFindings("alpha", definition_problem=("a.yaml:2: bad", "mend it")),
            ProblemKind.DEFINITION_BROKEN,
            "a.yaml",
            "mend it",
        ),
        (
            EnvironmentFindings("alpha", place_problem="venv/alpha is in the way"),
            ProblemKind.IN_THE_WAY,
            "way",
            "move it away",
        ),
        (built(moved_from="/old"), ProblemKind.MOVED, "/old", BUILD),
        (built(interpreter_problem="its interpreter x is gone"), ProblemKind.INTERPRETER_GONE, "is gone", REPAIR),
        (
            built(interpreter_problem="the Python … has been replaced"),
            ProblemKind.INTERPRETER_REPLACED,
            "built on 3.11.7",
            REPAIR,
        ),
        (
            built(definition_change="its lock has changed", is_lock_changed=True),
            ProblemKind.LOCK_CHANGED,
            "its lock",
            BUILD,
        ),
        (
            built(
                definition_change="its lock has changed",
                is_lock_changed=True,
                lock_problem=("alpha.lock:3: has no hash", LOCK),
            ),
            ProblemKind.LOCK_BROKEN,
            "alpha.lock:3",
            LOCK,
        ),
        (
            built(definition_change="it was built for cpu hardware", is_other_variant=True, is_lock_changed=True),
            ProblemKind.WRONG_ACCELERATOR,
            "for cpu hardware",
            BUILD,
        ),
        (
            EnvironmentFindings("alpha", is_external=True, external_problem=("it isn't there", "mend it")),
            ProblemKind.UNUSABLE,
            "it isn't there",
            "mend it",
        ),
        (built(definition_change="its imports have changed"), ProblemKind.DEFINITION_CHANGED, "its imports", BUILD),
        (built(read_problem="its files can't be read"), ProblemKind.UNREADABLE, "can't be read", REPAIR),
        (
            built(check=FileCheck(Packages(missing=("numpy-2.4.6.dist-info",)))),
            ProblemKind.PACKAGE_MISSING,
            "numpy-2.4.6 is gone",
            REPAIR,
        ),
        (
            built(check=FileCheck(Packages(unexpected=("extra-1.0.dist-info",)))),
            ProblemKind.PACKAGE_UNEXPECTED,
            "extra-1.0 was added",
            REPAIR,
        ),
        (
            built(check=FileCheck(Packages(("numpy-2.4.6.dist-info",), ("numpy-2.5.dist-info",)))),
            ProblemKind.PACKAGE_REPLACED,
            "numpy-2.5 stands where numpy-2.4.6 was installed",
            REPAIR,
        ),
        (built(check=FileCheck(Packages(leftovers=("~umpy",)))), ProblemKind.LEFTOVERS, "~umpy", REPAIR),
        (
            built(check=FileCheck(Packages(), (DamagedFile("numpy", "numpy/a.so", "is missing"),))),
            ProblemKind.PACKAGE_DAMAGED,
            "numpy: numpy/a.so is missing",
            REPAIR,
        ),
        (
            built(check=FileCheck(Packages(), (DamagedFile("", "../../../bin/activate", "is missing"),))),
            ProblemKind.FILE_DAMAGED,
            "bin/activate is missing",
            REPAIR,
        ),
        (
            built(check=FileCheck(Packages(), (), ("lib/x.py",))),
            ProblemKind.FILE_UNEXPECTED,
            "lib/x.py was added",
            REPAIR,
        ),
        (built(check=FileCheck(Packages(), is_listed=False)), ProblemKind.LIST_LOST, "the list of its files", REPAIR),
        (
            built(accelerator_problem=AcceleratorProblem("carries a CPU build", "do this")),
            ProblemKind.WRONG_ACCELERATOR,
            "CPU build",
            "do this",
        ),
        (built(probe_problem="importing numpy fails"), ProblemKind.FAILS, "importing numpy fails", f"{BUILD} --force"),
    ],
)
def test_each_finding_has_its_name_and_what_mends_it(
    found: EnvironmentFindings, kind: ProblemKind, problem: str, repair: str
) -> None:
    (only,) = told(found)
    assert (only.subject, only.kind, only.repair) == ("environment alpha", kind, repair)
    assert problem in only.description
    assert not diagnose(Findings((found,))).is_healthy


def test_what_is_not_asked_for_may_be_unbuilt() -> None:
    report = diagnose(Findings((EnvironmentFindings("alpha", is_needed=False),)))
    assert [each.kind for each in report.problems] == [ProblemKind.NEVER_BUILT]
    assert report.is_healthy


def test_a_folder_that_an_interrupted_build_left_is_told_and_harms_nothing() -> None:
    report = diagnose(Findings((built(),), half_built=("/venv/.builds/alpha-1",)))
    assert [(each.kind, each.repair) for each in report.problems] == [(ProblemKind.HALF_BUILT, "pipeline env gc")]
    assert report.is_healthy


def test_an_external_environment_is_never_unbuilt() -> None:
    assert told(EnvironmentFindings("alpha", is_external=True)) == ()


def test_a_failing_import_is_not_told_beside_the_damage_that_explains_it() -> None:
    damage = FileCheck(Packages(), (DamagedFile("numpy", "numpy/a.so", "is missing"),))
    assert [each.kind for each in told(built(check=damage, probe_problem="importing numpy fails"))] == [
        ProblemKind.PACKAGE_DAMAGED
    ]


def test_of_many_files_the_first_are_named() -> None:
    check = FileCheck(
        Packages(), tuple(DamagedFile("numpy", f"numpy/{number}.py", "is missing") for number in range(9))
    )
    (only,) = told(built(check=check))
    assert only.description.splitlines()[-1] == "and 6 more"


def test_models_and_disks_have_their_names() -> None:
    models = (ModelFindings("tiny", "it hasn't been fetched", True), ModelFindings("base", "its file x differs", False))
    report = diagnose(Findings((), models, (DiskFindings("venv", 1 << 20), DiskFindings("jobs", 1 << 40))))
    assert [(each.subject, each.kind) for each in report.problems] == [
        ("model tiny", ProblemKind.MODEL_MISSING),
        ("model base", ProblemKind.MODEL_ALTERED),
        ("disk", ProblemKind.DISK_ALMOST_FULL),
    ]
    assert report.problems[0].repair == "bootstrap --model tiny"
    assert "1 MiB" in report.problems[2].description
