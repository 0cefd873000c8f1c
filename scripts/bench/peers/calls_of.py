"""Calls by one tool: ``calls_of.py TOOL PYTHON ROUNDS`` prints seconds as JSON. Run by calls.py, with numpy.

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
TOO_SLOW = {("rpyc", "mb100")}  # it compresses them
SIZES = {"mb1": 125_000, "mb100": 12_500_000}  # float64


@contextmanager
def pipeline(_python):
    import pipeline

    with pipeline.environment(os.environ["CALLED_ENVIRONMENT"]).open(HERE / "called.py") as session:
        yield session.nothing, session.echo


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
    """The median of single calls."""
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def main(tool, python, rounds):
    begun = time.perf_counter()
    found = {}
    with globals()[tool](python) as (nothing, echo):
        nothing()
        found["first"] = time.perf_counter() - begun
        found["empty"] = seconds(nothing, 200 * rounds)
        for name, size in SIZES.items():
            if (tool, name) in TOO_SLOW:
                continue
            array = np.random.default_rng(1).random(size)
            assert np.array_equal(echo(array), array)
            found[name] = seconds(lambda array=array: echo(array), rounds if name == "mb100" else 10 * rounds)
            into = np.empty_like(array)
            found[f"{name}_copy"] = seconds(lambda a=array, b=into: np.copyto(b, a), 3 * rounds)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
