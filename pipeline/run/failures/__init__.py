"""Why a stage ended without a result: gathered as evidence, named by a pure function, told so that a person can act.

Only ``oom`` is needed while all goes well; the rest is imported where something failed, since it costs milliseconds.
"""
