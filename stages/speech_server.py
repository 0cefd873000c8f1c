# /// script
# [tool.pipeline.stage]
# environment = "speech-server"
# modules = ["ffmpegs", "languages", "recognition", "soundtrack", "speech_service", "streams", "subtitling"]
# models = ["recognizer"]
# [tool.pipeline.stage.parameters]
# most_megabytes = 2048
# most_requests = 16
# windows_at_a_time = 0
# [tool.pipeline.stage.service]
# ready = {notify = true, start_timeout = 600}
# alive = {http = "/health", period = 10, timeout = 5}
# stop = {timeout = 60}
# [tool.pipeline.stage.resources]
# cpus = "all"
# gpus = 1
# cpu_will_do = true
# ///
"""A server for speech recognition that clients of OpenAI's interface use, with one Whisper model.

``POST /v1/audio/transcriptions`` (and ``/translations``, into English) takes a form with ``file`` (any recording or
movie that ffmpeg reads), ``model`` (its name, or ``whisper-1``), ``language``, ``response_format`` (``json``, ``text``,
``srt``, ``vtt``, ``verbose_json``) and ``timestamp_granularities[]`` (``segment``, ``word``). ``prompt`` and
``temperature`` are taken and change nothing: recognition is the one of the stage ``asr``. ``GET /v1/models`` names the
model, ``GET /health`` says that the server works. Where the service has a token, a request needs it as its key.

``POST /asr`` and ``/detect-language`` are those of whisper-asr-webservice, which Bazarr and others know.

An upload goes to the disk as it comes. One request is recognised at a time, the others wait in their order. A client
that goes away is noticed, and its work is dropped.

Parameters: ``most_megabytes`` (of an upload), ``most_requests`` (at work and waiting; more are answered with 429),
``windows_at_a_time`` (pieces of a sound that are recognised side by side without a GPU; 0: one for each CPU, which is
best for long recordings, and 1 for short ones).
"""

import socket

import stagekit
from speech_service import recogniser, server, web

BACKLOG = 128  # connections that wait to be taken
DRAIN_SECONDS = 55.0  # for requests that have begun, within the time that the block gives for the end
MEGABYTE = 1 << 20


def serve(stage: stagekit.Stage) -> None:
    """Load the model, then answer until asked to end."""
    stage.status("loading the model")
    parameters = stage.parameters
    model = recogniser.HeldModel(stage, int(parameters["windows_at_a_time"]))
    limits = web.ServerLimits(int(parameters["most_megabytes"]) * MEGABYTE, int(parameters["most_requests"]))
    service = web.SpeechService(model, limits, stage.token, stage.work)
    with listening(stage.host, stage.port("http")) as listener:
        server.serve(service.application(), listener, stage.ready, DRAIN_SECONDS)


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections there. Raises ``OSError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)
