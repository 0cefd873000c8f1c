#!/usr/bin/env bash
# mypy --strict accepts dataclasses.replace, asdict and fields on a msgspec.Struct; each raises TypeError when it runs.
#
# msgspec marks Struct with typing.dataclass_transform (PEP 681), so that type checkers know its constructor. mypy then gives
# the class the __dataclass_fields__ by which it recognises an argument of the functions in dataclasses, and at run time
# there is no such attribute. So a change from @dataclass to Struct passes the type checker with every old call of
# replace still in place. msgspec.structs has replace, asdict and fields for Structs.
#
# Seen with Python 3.11, mypy 1.19.0, msgspec 0.22.0. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "msgspec==0.22.0" "mypy==1.19.0"
cat >"$folder/example.py" <<'EOF'
import dataclasses

import msgspec


class Point(msgspec.Struct, frozen=True):
    x: int
    y: int


def moved(point: Point) -> Point:
    return dataclasses.replace(point, x=0)


def plain(point: Point) -> dict[str, object]:
    return dataclasses.asdict(point)


def names(point: Point) -> list[str]:
    return [each.name for each in dataclasses.fields(point)]


if __name__ == "__main__":
    for call in (moved, plain, names):
        try:
            call(Point(1, 2))
        except TypeError as error:
            print(call.__name__, "TypeError:", error)
        else:
            raise SystemExit(f"{call.__name__} works now")
EOF
cd "$folder"
venv/bin/mypy --strict example.py || { echo "mypy refuses it now"; exit 1; }
venv/bin/python example.py
