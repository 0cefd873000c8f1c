"""Each finding has its name and what mends it, and what follows from another fault isn't told beside it."""

import pytest

from pipeline.envs.verification.comparison import DamagedFile
from pipeline.envs.verification.diagnosis import Diagnosis, Fault, diagnose
from pipeline.envs.verification.findings import DiskFindings, EnvironmentFindings, Findings, ModelFindings
from pipeline.envs.verification.tiers import Look, Packages

REPAIR = "bootstrap --repair --env alpha"
BUILD = "bootstrap --env alpha"
WHOLE = Look(Packages())


def built(**found: object) -> EnvironmentFindings:
    return EnvironmentFindings("alpha", is_built=True, python="3.11.7", **{"look": WHOLE, **found})  # type: ignore[arg-type]


def told(*environments: EnvironmentFindings) -> tuple[Diagnosis, ...]:
    return diagnose(Findings(environments)).diagnoses


def test_nothing_found_is_healthy() -> None:
    report = diagnose(Findings((built(),), (), (DiskFindings("venv", 1 << 40),)))
    assert report.is_healthy
    assert report.diagnoses == ()


@pytest.mark.parametrize(
    ("found", "fault", "what", "mend"),
    [
        (EnvironmentFindings("alpha"), Fault.NEVER_BUILT, "no finished build", BUILD),
        (
            EnvironmentFindings("alpha", broken=("a.yaml:2: bad", "mend it")),
            Fault.DEFINITION_BROKEN,
            "a.yaml",
            "mend it",
        ),
        (EnvironmentFindings("alpha", obstacle="venv/alpha is in the way"), Fault.IN_THE_WAY, "way", "move it away"),
        (built(moved_from="/old"), Fault.MOVED, "/old", BUILD),
        (built(interpreter="its interpreter x is gone"), Fault.INTERPRETER_GONE, "is gone", REPAIR),
        (built(interpreter="the Python … has been replaced"), Fault.INTERPRETER_REPLACED, "built on 3.11.7", REPAIR),
        (built(misfit="its lock has changed", lock_changed=True), Fault.LOCK_CHANGED, "its lock", BUILD),
        (
            built(misfit="its lock has changed", lock_changed=True, lock_problem="alpha.lock:3: has no hash"),
            Fault.LOCK_BROKEN,
            "alpha.lock:3",
            "pipeline env lock alpha",
        ),
        (
            built(misfit="it was built for cpu hardware", variant_changed=True, lock_changed=True),
            Fault.WRONG_ACCELERATOR,
            "for cpu hardware",
            BUILD,
        ),
        (
            EnvironmentFindings("alpha", is_foreign=True, unusable=("it isn't there", "mend it")),
            Fault.UNUSABLE,
            "it isn't there",
            "mend it",
        ),
        (built(misfit="its imports have changed"), Fault.DEFINITION_CHANGED, "its imports", BUILD),
        (built(unreadable="its files can't be read"), Fault.UNREADABLE, "can't be read", REPAIR),
        (
            built(look=Look(Packages(missing=("numpy-2.4.6.dist-info",)))),
            Fault.PACKAGE_MISSING,
            "numpy-2.4.6 is gone",
            REPAIR,
        ),
        (
            built(look=Look(Packages(unexpected=("extra-1.0.dist-info",)))),
            Fault.PACKAGE_UNEXPECTED,
            "extra-1.0 was added",
            REPAIR,
        ),
        (
            built(look=Look(Packages(("numpy-2.4.6.dist-info",), ("numpy-2.5.dist-info",)))),
            Fault.PACKAGE_REPLACED,
            "numpy-2.5 stands where numpy-2.4.6 was installed",
            REPAIR,
        ),
        (built(look=Look(Packages(leftovers=("~umpy",)))), Fault.LEFTOVERS, "~umpy", REPAIR),
        (
            built(look=Look(Packages(), (DamagedFile("numpy", "numpy/a.so", "is missing"),))),
            Fault.PACKAGE_DAMAGED,
            "numpy: numpy/a.so is missing",
            REPAIR,
        ),
        (
            built(look=Look(Packages(), (DamagedFile("", "../../../bin/activate", "is missing"),))),
            Fault.FILE_DAMAGED,
            "bin/activate is missing",
            REPAIR,
        ),
        (built(look=Look(Packages(), (), ("lib/x.py",))), Fault.FILE_UNEXPECTED, "lib/x.py was added", REPAIR),
        (built(look=Look(Packages(), is_listed=False)), Fault.LIST_LOST, "the list of its files", REPAIR),
        (built(accelerator=("carries a CPU build", "do this")), Fault.WRONG_ACCELERATOR, "CPU build", "do this"),
        (built(probe="importing numpy fails"), Fault.FAILS, "importing numpy fails", f"{BUILD} --force"),
    ],
)
def test_each_finding_has_its_name_and_what_mends_it(
    found: EnvironmentFindings, fault: Fault, what: str, mend: str
) -> None:
    (diagnosis,) = told(found)
    assert (diagnosis.subject, diagnosis.fault, diagnosis.mend) == ("environment alpha", fault, mend)
    assert what in diagnosis.what
    assert not diagnose(Findings((found,))).is_healthy


def test_what_nobody_has_asked_for_may_be_unbuilt() -> None:
    report = diagnose(Findings((EnvironmentFindings("alpha", is_wanted=False),)))
    assert [each.fault for each in report.diagnoses] == [Fault.NEVER_BUILT]
    assert report.is_healthy


def test_a_folder_that_an_interrupted_build_left_is_told_and_harms_nothing() -> None:
    report = diagnose(Findings((built(half_built=("/venv/.builds/alpha-1",)),)))
    assert [each.fault for each in report.diagnoses] == [Fault.HALF_BUILT]
    assert report.is_healthy


def test_an_environment_of_somebody_else_s_is_never_unbuilt() -> None:
    assert told(EnvironmentFindings("alpha", is_foreign=True)) == ()


def test_a_failing_import_is_not_told_beside_the_damage_that_explains_it() -> None:
    damage = Look(Packages(), (DamagedFile("numpy", "numpy/a.so", "is missing"),))
    assert [each.fault for each in told(built(look=damage, probe="importing numpy fails"))] == [Fault.PACKAGE_DAMAGED]


def test_of_many_files_the_first_are_named() -> None:
    look = Look(Packages(), tuple(DamagedFile("numpy", f"numpy/{number}.py", "is missing") for number in range(9)))
    (diagnosis,) = told(built(look=look))
    assert diagnosis.what.splitlines()[-1] == "and 6 more"


def test_models_and_disks_have_their_names() -> None:
    models = (ModelFindings("tiny", "it hasn't been fetched", True), ModelFindings("base", "its file x differs", False))
    report = diagnose(Findings((), models, (DiskFindings("venv", 1 << 20), DiskFindings("jobs", 1 << 40))))
    assert [(each.subject, each.fault) for each in report.diagnoses] == [
        ("model tiny", Fault.MODEL_MISSING),
        ("model base", Fault.MODEL_ALTERED),
        ("disk", Fault.DISK_ALMOST_FULL),
    ]
    assert report.diagnoses[0].mend == "bootstrap --model tiny"
    assert "1 MiB" in report.diagnoses[2].what
