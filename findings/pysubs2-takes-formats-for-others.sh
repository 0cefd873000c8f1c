#!/usr/bin/env bash
# pysubs2 guesses a format from any line that looks like it, so that codes and times of other formats become speech.
#
# A Scenarist file (SCC) holds captions as hexadecimal codes after a time; pysubs2's reader of TMPlayer takes such lines, and
# the codes are the text. Spruce STL ("00:00:01:00 , 00:00:03:00 , Hello") is taken for the same, with the second time as
# text. SAMI is read with made-up ends, and its marks that clear the screen are cues of their own.
# So a program that accepts any subtitle file has to know the formats itself, and name those that it doesn't read.
#
# Seen with Python 3.11, pysubs2 1.8.1. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "pysubs2==1.8.1"
cat >"$folder/example.py" <<'END'
import pysubs2

SCC = "Scenarist_SCC V1.0\n\n00:00:01:00\t9420 9420 94ae 94ae 9470 9470 c8e5 ecec ef80 942f 942f\n\n00:00:03:00\t942c 942c\n"
SPRUCE = "$FontName = Arial\n00:00:01:00 , 00:00:03:00 , Hello\n"
SAMI = "<SAMI><BODY><SYNC Start=1000><P>Hello\n<SYNC Start=3000><P>&nbsp;\n</BODY></SAMI>"

for name, text in (("SCC", SCC), ("Spruce STL", SPRUCE), ("SAMI", SAMI)):
    file = pysubs2.SSAFile.from_string(text)
    print(name, "is read as", file.format, [(event.start, event.end, event.text) for event in file])
assert any("9420" in event.text for event in pysubs2.SSAFile.from_string(SCC))
END
"$folder/venv/bin/python" "$folder/example.py"
