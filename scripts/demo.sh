#!/usr/bin/env bash
# All set-up, then the main job: subtitles for the sample movie. Takes another movie as its argument.
set -eu
here=$(pwd)
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
movie=${1-$project/samples/two_cities.mp4}
if [ -z "${movie//[[:space:]]/}" ]; then
    echo "error: the movie's name is empty (is a variable of the shell not set?)" >&2
    exit 2
fi
case $movie in /*) ;; *) movie=$here/$movie ;; esac

"$project/bootstrap.sh"
export PIPELINE_ROOT=$project
commands=$project/.venv/bin
job=$("$commands/prepare-job" --subtitle -- "$movie")
"$commands/run-pipeline" -j "$job"

echo
echo "The first lines of the transcript:"
# A paragraph is one line, and a script without spaces has no words to cut between.
"$commands/python" -X utf8 -c '
import pathlib, sys, textwrap
print(*textwrap.wrap(pathlib.Path(sys.argv[1]).read_text(), 78)[:5], sep="\n")
' "$project/jobs/$job/output/"*.transcript.txt
