"""Calls into a stage's environment: a worker that serves a caller's calls until that closes the session.

The order that begins a session names the caller's file, which is loaded as a stage is: once for its source, so that
the next session in the same worker finds the module and all that it keeps. The calls come over the socket on which the
order came (``callprotocol``). A session ends as a stage ends, and the worker is as good as new after it.

Standard library only, Python 3.8 and later.
"""

from callserver.session import serve

__all__ = ["serve"]
