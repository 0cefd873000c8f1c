#!/usr/bin/env bash
# import dask_jobqueue replaces Python's handler of SIGINT: Ctrl-C ends the program with exit code 0, and no
# KeyboardInterrupt is raised.
#
# The handler is set when dask_jobqueue.core is imported, so that clusters are closed at the end of the interpreter; it calls
# sys.exit(). What follows: "except KeyboardInterrupt" never runs, a shell or a batch system takes an interrupted program for
# one that was successful, and the import fails with ValueError in any thread but the main one. A program with a handler of
# its own must import the package in its main thread, and set its handler again afterwards.
#
# Seen with Python 3.11, dask-jobqueue 0.9.0, distributed 2026.8.0. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "dask-jobqueue==0.9.0" "distributed==2026.8.0" "dask==2026.8.0"
cat >"$folder/interrupted.py" <<'EOF2'
import os
import signal
import sys
import time

if sys.argv[1:]:
    import dask_jobqueue  # noqa: F401
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
except KeyboardInterrupt:
    print("KeyboardInterrupt")
    sys.exit(130)
finally:
    print("ended")
EOF2
cat >"$folder/in_thread.py" <<'EOF2'
import threading


def bring() -> None:
    try:
        import dask_jobqueue  # noqa: F401

        print("imported")
    except ValueError as error:
        print("ValueError:", error)


thread = threading.Thread(target=bring)
thread.start()
thread.join()
EOF2
status=0
plain=$("$folder/venv/bin/python" "$folder/interrupted.py") || status=$?
echo "without the import: $(echo $plain), exit code $status"
[ "$status" = 130 ]
status=0
taken=$("$folder/venv/bin/python" "$folder/interrupted.py" import) || status=$?
echo "with the import:    $(echo $taken), exit code $status"
[ "$status" = 0 ] && [ "$taken" = ended ]
thread=$("$folder/venv/bin/python" "$folder/in_thread.py")
echo "in another thread:  $thread"
case $thread in "ValueError: signal only works in main thread"*) ;; *) exit 1 ;; esac
