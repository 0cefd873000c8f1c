"""What the report, the live page and the subtitle editor cost.

The pages are shown in the machine's own Chromium (Debian: apt-get install -y chromium), which Playwright drives.

report_seconds      `pipeline job report` of a finished job of 10,000 stages, seconds, the median of five
report_megabytes    the page that it makes, MB
report_paint_seconds  from opening that page to its first content on the screen, seconds, the median of five
stream_wide1000     1,000 independent stages in workers, two at a time, while a browser hears the job's event stream /
                    without
page_wide1000       the same while Chromium shows the job's page, on this machine and its cores / without
control_wide1000    the same while nobody looks / without: how far from 1 this machine's own unrest takes a ratio
page_cpu            what Chromium and `pipeline ui` take meanwhile: seconds of processor time for each second of the
                    run, which another load changes less than it changes the ratio
event_seconds       from a line in the journal to the page that shows it, seconds: the median of 20 stages, one by one
event_seconds_most  the same, the longest
fast_event_seconds  the same while 2,000 stages end in three seconds, the longest
server_mib          the memory of `pipeline ui` while it shows a job of ten hours and 1,200 stages, with its stream open
                    and its log read, MiB
server_report_mib   the same after it has made that job's report
edit_key_ms         the editor with 5,000 cues: from a key's press to the screen, as Chromium traces it, milliseconds;
                    the 98th of 100 keys, typed into a cue and through the list, after the page has come to rest; the
                    median of the rounds
edit_key_cpu_ms     the same keys: processor time of the page's own thread for each, milliseconds, whatever else runs
edit_film_share     a cue of the sample is changed, and the film muxed anew / the whole job
edit_beside_mux_seconds  the same, seconds, less the time of mux itself

Exit code 3: a figure that was asked for could not be measured; 1, with --check: a limit is missed.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import page_delay
import page_editing
import page_runs
from figures import Figures, add_options
from page_runs import Effort

LIMITS = {
    "report_seconds": 2.0,
    "report_megabytes": 3.0,
    "report_paint_seconds": 1.0,
    "stream_wide1000": 1.02,
    "page_wide1000": 1.02,
    "page_cpu": 0.04,
    "event_seconds": 0.5,
    "event_seconds_most": 0.5,
    "fast_event_seconds": 1.2,
    "server_mib": 60,
    "edit_key_ms": 50,
    "edit_key_cpu_ms": 15,
    "edit_film_share": 0.15,
    "edit_beside_mux_seconds": 2.0,
}
PARTS: Mapping[str, tuple[tuple[str, ...], Callable[[Path, Effort], Mapping[str, float]]]] = {
    "report": (("report_seconds", "report_megabytes", "report_paint_seconds"), page_runs.report),
    "stream": (("control_wide1000", "stream_wide1000", "page_wide1000", "page_cpu"), page_runs.wide),
    "delay": (("event_seconds", "event_seconds_most", "fast_event_seconds"), page_delay.seconds),
    "server": (("server_mib", "server_report_mib"), page_runs.server),
    "keys": (("edit_key_ms", "edit_key_cpu_ms"), page_editing.keys),
    "edit": (("edit_film_share", "edit_beside_mux_seconds"), page_editing.film),
}


def main() -> int:
    arguments = _arguments()
    figures = Figures(limits=dict(LIMITS))
    effort = Effort(rounds=1, stages=500, wide=100, cues=200) if arguments.quick else Effort()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.only or PARTS:
        names, part = PARTS[name]
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            figures.measure_all(names, partial(part, Path(folder), effort), "small sizes" if arguments.quick else "")
    return figures.end(arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--quick", action="store_true", help="small sizes and one round: does it all work?")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("TMPDIR", "/tmp")))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
