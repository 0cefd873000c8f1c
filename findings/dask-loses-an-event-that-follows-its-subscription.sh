#!/usr/bin/env bash
# Client.subscribe_topic() of Dask's distributed returns before the scheduler knows of the subscription: an event that the same client
# logs next, and waits for, never comes to its handler.
#
# log_event() is a call of the scheduler, and is answered when the event is kept there; the subscription travels in the stream of messages
# that are collected for some milliseconds, and comes after it. The handler gets only what is logged later. Nothing says when that begins:
# who must miss nothing has to log events until one comes back, or read what is kept by get_events().
#
# Seen with Python 3.11, distributed 2026.8.0. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "distributed==2026.8.0" "dask==2026.8.0"
cat >"$folder/events.py" <<'EOF2'
import asyncio

from distributed import Client, LocalCluster


async def heard_after(client, pause):
    topic, heard = f"topic {pause}", []
    client.subscribe_topic(topic, lambda event: heard.append(event[1]))
    await asyncio.sleep(pause)
    for word in ("first", "second"):
        await client.log_event(topic, word)
        await asyncio.sleep(1)
    kept = [word for _, word in await client.get_events(topic)]
    return f"heard {' and '.join(heard)}, kept {' and '.join(kept)}"


async def main():
    async with LocalCluster(n_workers=0, processes=False, dashboard_address=None, asynchronous=True) as cluster:
        async with Client(cluster, asynchronous=True) as client:
            print("logged at once:      ", await heard_after(client, 0))
            print("logged after 0.5 s:  ", await heard_after(client, 0.5))


if __name__ == "__main__":
    asyncio.run(main())
EOF2
found=$("$folder/venv/bin/python" "$folder/events.py")
echo "$found"
echo "$found" | grep -q "^logged at once: *heard second, kept first and second$"
echo "$found" | grep -q "^logged after 0.5 s: *heard first and second, kept first and second$"
