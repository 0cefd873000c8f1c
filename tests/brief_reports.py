"""For the short loop: one report of a test that passed. pytest makes three, and says before them that the test begins.

With xdist each of them is a message from a worker to the process that prints, with the test's marks and names in it.
The plugin stands back where somebody wants to see more: with ``-v``, and with ``--durations``.
"""

import pytest
from _pytest.runner import runtestprotocol


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if item.config.option.verbose > 0 or item.config.option.durations is not None:
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
        elif report.when == "call":
            report.keywords = {}
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)  # moves the progress on
    return True
