#!/usr/bin/env bash
# All set-up, then the main job: subtitles for the sample movie. Takes another movie as its argument.
set -eu
here=$(pwd)
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
movie=${1:-$project/samples/two_cities.mp4}
case $movie in /*) ;; *) movie=$here/$movie ;; esac

"$project/bootstrap.sh"
export PIPELINE_ROOT=$project
commands=$project/.venv/bin
job=$("$commands/prepare-job" --subtitle -- "$movie")
"$commands/run-pipeline" -j "$job"

echo
echo "The first lines of the transcript:"
head -n 5 "$project/jobs/$job/output/"*.transcript.txt | cut -c 1-300
