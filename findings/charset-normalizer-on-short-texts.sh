#!/usr/bin/env bash
# charset-normalizer reads short texts in old code pages as other languages, and nothing in its answer says so.
#
# It judges by how messy a decoded text looks, and by how often letters occur. In a text of a few lines in Latin letters, few
# letters say anything: a French text in Windows-1252 is read as Baltic (Windows-1257), where every byte is a letter, too. A
# Russian word in KOI8-R is read as Windows-1251, which turns small letters into capitals, even where only the two are asked
# for. A file of subtitles can be short; the words of the language (que, je; не, что) settle it at once.
#
# Seen with Python 3.11, charset-normalizer 3.5.2. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "charset-normalizer==3.5.2"
cat >"$folder/example.py" <<'END'
from charset_normalizer import from_bytes

LATIN = ["cp1252", "cp1250", "cp1254", "cp1257"]
FRENCH = "Où êtes-vous allée hier soir ?\nÇa n’a rien à voir avec ça !\nJe t’ai déjà dit que c’était fini.\nD’accord, mais où ça ?\n"
RUSSIAN = "Я не знаю, что сказать.\n"


def best(text: str, name: str, names: list[str]) -> str:
    found = from_bytes(text.encode(name), cp_isolation=names).best()
    print(f"{name}: read as", found and found.encoding, "|", str(found).splitlines()[0] if found else "")
    return found.encoding if found else ""


wrong = [best(FRENCH, "cp1252", LATIN) != "cp1252", best(RUSSIAN, "koi8_r", ["cp1251", "koi8_r"]) != "koi8_r"]
if not all(wrong):
    raise SystemExit(f"read rightly now: {wrong}")
END
"$folder/venv/bin/python" "$folder/example.py"
