"""Calls by one tool: ``calls_of.py TOOL PYTHON ROUNDS`` prints seconds as JSON. Run by calls.py, with numpy. Without
rounds, it is the first answer alone.

``PYTHON`` runs the worker, where that isn't ours. Each tool does it in the fastest way that its manual has: arrays
travel by shared memory where it has such a thing, else as bytes.
"""

import json
import multiprocessing
import os
import statistics
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
LEFT_OUT = {("rpyc", "mb100"), ("rootstock", "mb1"), ("rootstock", "mb100")}  # compressed; no calls with arrays
OPENS = 200
MANY = 10_000  # calls that must leave nothing behind
SIZES = {"mb1": 125_000, "mb100": 12_500_000}  # float64


@contextmanager
def pipeline(_python):
    import pipeline

    with pipeline.environment(os.environ["CALLED_ENVIRONMENT"]).open(HERE / "called.py") as session:
        yield session.nothing, session.echo


@contextmanager
def rootstock(_python):
    """It has no other calls than the steps of a calculator: this one calculates nothing, for one atom."""
    from ase import Atoms
    from rootstock import RootstockCalculator

    with RootstockCalculator("nothing", root=os.environ["ROOTSTOCK_ROOT"], device="cpu") as calculator:
        atoms = Atoms("H", cell=[9, 9, 9])

        def nothing():
            calculator.calculate(atoms, ["energy"], ["positions"])

        yield nothing, None


@contextmanager
def appose(python):
    import appose
    from appose.environment import Environment

    with Environment(HERE).service([python], "-c", "import appose.python_worker as w; w.main()") as service:

        def nothing():
            service.task("").wait_for()

        def echo(array):
            with appose.NDArray("float64", list(array.shape)) as shared:
                shared.ndarray()[:] = array
                script = (
                    "import numpy\ngot = a.ndarray()\nback = appose.NDArray('float64', list(got.shape))\n"
                    "back.ndarray()[:] = got\nback.shm.unlink_on_dispose(False)\na.shm.dispose()\n"
                    "task.outputs['back'] = back"
                )
                task = service.task("import appose\n" + script, {"a": shared}).wait_for()
                back = task.outputs["back"]
                result = back.ndarray().copy()
                back.shm.unlink_on_dispose(True)
                back.shm.dispose()
                return result

        yield nothing, echo


@contextmanager
def execnet(python):
    import execnet

    gateway = execnet.makegateway(f"popen//python={python}")
    channel = gateway.remote_exec("for each in channel:\n    channel.send(each)")

    def there_and_back(value):
        channel.send(value)
        return channel.receive()

    yield lambda: there_and_back(None), lambda array: np.frombuffer(there_and_back(array.tobytes()))
    gateway.exit()


@contextmanager
def rpyc(python):
    from rpyc.utils.factory import connect_subproc

    serve = "import rpyc; from rpyc.utils.factory import connect_stdpipes as c; c(rpyc.SlaveService).serve_all()"
    connection = connect_subproc([python, "-c", serve])
    connection.root.execute("def nothing(): pass\ndef echo(value): return value")
    nothing, remote = connection.root.eval("nothing"), connection.root.eval("echo")
    yield nothing, lambda array: np.frombuffer(remote(array.tobytes()))
    connection.close()


def serve_pipe(pipe):
    while True:
        pipe.send(pipe.recv())


@contextmanager
def spawn(_python):
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve_pipe, args=(theirs,), daemon=True)
    process.start()

    def there_and_back(value=None):
        ours.send(value)
        return ours.recv()

    yield there_and_back, there_and_back
    process.terminate()


def seconds(action, count):
    """The median of single calls: so many, and as many as half a second has."""
    taken = []
    while len(taken) < count or sum(taken) < 0.5:
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def answers(tool, nothing, echo, rounds):
    """Of an empty call, of arrays there and back, and of a copy of such an array."""
    found = {"empty": seconds(nothing, 200 * rounds)}
    for name, size in SIZES.items():
        if (tool, name) in LEFT_OUT:
            continue
        array = np.random.default_rng(1).random(size)
        assert np.array_equal(echo(array), array)
        found[name] = seconds(lambda array=array: echo(array), rounds if name == "mb100" else 10 * rounds)
        into = np.empty_like(array)
        found[f"{name}_copy"] = seconds(lambda a=array, b=into: np.copyto(b, a), 3 * rounds)
    return found


def opened():
    """From a session that is closed to the first answer of the next one, in the same worker."""
    import pipeline

    environment = pipeline.environment(os.environ["CALLED_ENVIRONMENT"])
    with environment.open(HERE / "called.py"):
        pass
    taken = []
    for _ in range(OPENS):
        session = environment.open(HERE / "called.py")
        begun = time.perf_counter()
        session.start()
        taken.append(time.perf_counter() - begun)
        session.close()
    return {"open": statistics.median(taken)}


def left():
    """What many calls with 1 MB there and back leave behind: KiB, descriptors, and files in shared memory."""
    import pipeline

    with pipeline.environment(os.environ["CALLED_ENVIRONMENT"]).open(HERE / "called.py") as session:
        array = np.zeros(SIZES["mb1"])
        for _ in range(100):
            session.echo(array)
        before = state(session.pid)
        for _ in range(MANY):
            session.echo(array)
        after = state(session.pid)
    return {f"left_{name}": after[name] - before[name] for name in after}


def state(worker):
    """Of this process and the worker."""
    folders = [Path("/proc", str(pid)) for pid in (os.getpid(), worker)]
    pages = sum(int((folder / "statm").read_text().split()[1]) for folder in folders)
    descriptors = sum(len(list((folder / "fd").iterdir())) for folder in folders)
    shared = [path for path in ("/dev/shm", os.environ["XDG_RUNTIME_DIR"]) for _ in Path(path).rglob("*")]
    return {"kib": pages * os.sysconf("SC_PAGE_SIZE") >> 10, "descriptors": descriptors, "files": len(shared)}


def main(tool, python, rounds):
    begun = time.perf_counter()
    found = {}
    with globals()[tool](python) as (nothing, echo):
        nothing()
        found["first"] = time.perf_counter() - begun
        if rounds:
            found.update(answers(tool, nothing, echo, rounds))
    if rounds and tool == "pipeline":
        found.update(opened(), **left())
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
