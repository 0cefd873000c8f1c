"""Files that several packages of an external environment install with different content.

Which content is there was chance when it was installed, and its key can't tell: both packages' ``RECORD``s stay.
"""

from collections.abc import Sequence
from pathlib import Path

from pipeline.envs.definition import Definition
from pipeline.envs.verification import content, shared_files
from pipeline.envs.verification.comparison import ExpectedFile, compare
from pipeline.envs.verification.shared_files import SharedFile


def problem(site_packages: Path, definition: Definition) -> str | None:
    """Why its packages don't fit a definition; ``None`` where they do. Reads the shared files, and every ``RECORD``."""
    preferred = definition.preferred
    shared = content.shared(site_packages)
    if reason := shared_files.undecided(shared, preferred):
        undecided = next(each for each in shared if not each.is_decided(preferred))
        owner = _owner(site_packages, undecided) or next(iter(undecided.contents))
        setting = f"overlaps: {{prefer: [{owner}]}} in {definition.path}"
        return f"{reason}; which one is there was chance ({setting} says which one is wanted)"
    return _other_owner(site_packages, [each for each in shared if each.matters], preferred)


def _other_owner(site_packages: Path, shared: Sequence[SharedFile], preferred: Sequence[str]) -> str | None:
    """The first file that is another package's than the preferred one's."""
    wanted = [
        ExpectedFile(winner, each.file, each.contents[winner], None)
        for each in shared
        if each.contents[winner := each.first(preferred)] != shared_files.UNKNOWN
    ]
    damaged = compare(site_packages, wanted).damaged if wanted else ()
    return next((f"{each.file} isn't {each.package}'s, which the definition prefers" for each in damaged), None)


def _owner(site_packages: Path, shared: SharedFile) -> str | None:
    """The package whose content a file has; ``None`` where it is none of them."""
    expected = [
        ExpectedFile(package, shared.file, digest, None)
        for package, digest in shared.contents.items()
        if digest != shared_files.UNKNOWN
    ]
    others = {each.package for each in compare(site_packages, expected).damaged}
    return next((each.package for each in expected if each.package not in others), None)
