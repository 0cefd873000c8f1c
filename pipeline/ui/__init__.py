"""The local page: jobs, their runs as they go, logs, environments and models, for this machine's user alone.

The server is the standard library's, since a page for one person on loopback needs no more: no framework, no build
step, and no dependency that a run would load. It reads through ``report`` and ``jobs``, and acts as the commands do. It
shares no store with a run, writes into no job, and polls nothing.
"""
