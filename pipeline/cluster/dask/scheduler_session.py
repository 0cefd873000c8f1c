"""A run's connection to a Dask scheduler: what it tells of workers and nodes, also after the connection was lost."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from typing import Any

from distributed import Client, Security

from pipeline.cluster.dask.nanny_plugin import ExitPlugin
from pipeline.cluster.dask.node_news import AnyNodeNews, Hello, decode_news, encode_news, topic_of
from pipeline.cluster.dask.node_plugin_settings import NodePluginSettings
from pipeline.cluster.dask.worker_plugin import NodePlugin
from pipeline.errors import NotReady
from pipeline.values import Struct

ALL = "all"  # Dask's topic of workers that come and go
CONNECT_SECONDS = 15.0
RECONNECT_SECONDS = 10.0
LOOK_SECONDS = 0.5  # between two looks whether the connection is a new one; nothing is sent for it
# That a hello is waited for, before the next: the first may come there before the subscription.
HELLO_SECONDS = (0.01, 0.02, 0.04, 0.08, *[0.25] * 60)


class SessionEvents(Struct, frozen=True):
    """What is called, in the session's event loop."""

    news: Callable[[AnyNodeNews], None]
    worker_gone: Callable[[str, bool], None]  # its address, and whether that was expected
    workers: Callable[[set[str]], None]  # all that there are, after a time in which nothing was heard


class SchedulerSession:
    """All runs in one event loop."""

    def __init__(self, settings: NodePluginSettings, events: SessionEvents) -> None:
        self._settings = settings
        self._events = events
        self._client: Client | None = None
        self._hellos: dict[str, asyncio.Event] = {}  # by id; set when one has come back
        self._registration: asyncio.Task[None] | None = None

    async def open(self, address: str, security: Security | None) -> None:
        """Raises ``NotReady`` where there is no scheduler, or it doesn't take our certificates."""
        await _require_listener(address)
        try:
            self._client = await Client(
                address,
                security=security,
                asynchronous=True,
                set_as_default=False,
                timeout=CONNECT_SECONDS,
                name="pipeline",
            )
        except (OSError, TimeoutError, ValueError, ImportError) as error:
            raise NotReady(f"the scheduler at {address} can't be reached: {error}") from error
        self._client._timeout = RECONNECT_SECONDS  # noqa: SLF001  # Dask has one bound for both
        await self._subscribe()
        self._register()

    async def until_gone(self) -> None:
        """Returns when the scheduler is gone for good; after a short break, all is asked for again."""
        client = self._client
        assert client
        known = client.scheduler_comm
        while client.status != "closed":
            await asyncio.sleep(LOOK_SECONDS)
            if client.status == "running" and client.scheduler_comm is not known:
                known = client.scheduler_comm
                await self._resume()

    async def run_on(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function, which is known there by its name, returns on a worker. Raises what it raises, and
        ``OSError`` and ``TimeoutError``."""
        assert self._client
        answer = self._client.run(function, *arguments, workers=[worker])
        return (await asyncio.wait_for(answer, CONNECT_SECONDS)).get(worker)

    async def workers(self) -> dict[str, str]:
        """Names of all workers by address."""
        assert self._client
        assert self._client.scheduler
        identity = await asyncio.wait_for(self._client.scheduler.identity(n_workers=-1), CONNECT_SECONDS)
        return {address: str(each["name"]) for address, each in identity["workers"].items()}

    async def close(self) -> None:
        if self._registration is not None:
            self._registration.cancel()
            await asyncio.gather(self._registration, return_exceptions=True)
        if self._client is not None:
            await asyncio.gather(asyncio.wait_for(self._client.close(), RECONNECT_SECONDS), return_exceptions=True)

    async def _subscribe(self) -> None:
        """Returns when events come: what nodes tell is told once, and must not be missed."""
        client = self._client
        assert client
        topic = topic_of(self._settings.owner)
        client.subscribe_topic(ALL, self._hear_scheduler)
        client.subscribe_topic(topic, self._hear_nodes)
        hello = Hello(id=secrets.token_hex(8))
        heard = self._hellos[hello.id] = asyncio.Event()
        try:
            for seconds in HELLO_SECONDS:
                await client.log_event(topic, encode_news(hello))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(heard.wait(), seconds)
                    return
        finally:
            del self._hellos[hello.id]
        raise NotReady("the scheduler passes on no events")

    async def _resume(self) -> None:
        try:
            await self._subscribe()
            self._events.workers(set(await self.workers()))
            self._register()
        except (OSError, TimeoutError, NotReady):
            return  # it is gone again, which ``until_gone`` sees

    def _register(self) -> None:
        """A worker that doesn't answer at the moment must hold up nobody."""
        self._registration = asyncio.ensure_future(self._registered())

    async def _registered(self) -> None:
        client, owner = self._client, self._settings.owner
        assert client
        await asyncio.gather(
            client.register_plugin(NodePlugin(self._settings), name=f"pipeline-node-{owner}"),
            client.register_plugin(ExitPlugin(owner), name=f"pipeline-exit-{owner}"),
        )

    def _hear_nodes(self, event: tuple[float, str]) -> None:
        try:
            news = decode_news(event[1])
        except (ValueError, AttributeError):
            return  # not from one of ours, or of another version
        if isinstance(news, Hello):
            if heard := self._hellos.get(news.id):
                heard.set()
        else:
            self._events.news(news)

    def _hear_scheduler(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if isinstance(message, dict) and message.get("action") == "remove-worker":
            self._events.worker_gone(str(message.get("worker")), bool(message.get("expected")))


async def _require_listener(address: str) -> None:
    """Dask tries for long where nothing listens. Raises ``NotReady``."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host.strip("[]"), int(port)), CONNECT_SECONDS)
    except (OSError, TimeoutError, OverflowError) as error:
        words = str(error) or "nothing answers"
        raise NotReady(
            f"no scheduler can be reached at {address}: {words}", "start it, or correct its address"
        ) from error
    writer.close()
