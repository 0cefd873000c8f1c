"""Where tables and keys stand in the text of a block."""

from pipeline.config.blocks import lines_of

TEXT = """\
# a comment = 3
[tool.other]
x = 1
[tool.pipeline.stage]
environment = "a=b"
inputs = [
  "x = y",
]
resources.cpus = 2
"quoted.key" = 1
[ tool . pipeline . stage . ensure . "a b" ]  # with a comment
non_empty = true
count = {like = "x"}
[[tool.pipeline.stage.list]]
[broken
= 3
"""


def test_lines_are_those_of_tables_and_keys_below_a_table() -> None:
    assert lines_of(TEXT, 10, ("tool", "pipeline", "stage")) == {
        (): 13,
        ("environment",): 14,
        ("inputs",): 15,
        ("resources", "cpus"): 18,
        ("quoted.key",): 19,
        ("ensure", "a b"): 20,
        ("ensure", "a b", "non_empty"): 21,
        ("ensure", "a b", "count"): 22,
        ("list",): 23,
    }


def test_the_first_of_several_places_counts() -> None:
    assert lines_of("[a]\nx = 1\n[a]\nx = 2\n", 1) == {("a",): 1, ("a", "x"): 2}
