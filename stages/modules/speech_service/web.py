"""The addresses that the server answers: those of OpenAI's interface for speech, and ``/health``."""

import asyncio
import hmac
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import languages
import stagekit
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from speech_service import answers, transcription_request, uploads, webservice_request
from speech_service.api_errors import BAD_REQUEST, OURS, STOPPING, WRONG_KEY, ApiError, body
from speech_service.recogniser import ClientGone, HeldModel
from speech_service.transcription_request import TranscriptionRequest
from speech_service.uploads import UploadedForm
from speech_service.work_queue import WorkQueue

Result = TypeVar("Result")
Fields = Mapping[str, Sequence[str]]

READ_ON = 16 << 20  # bytes of a refused upload that are still read, so that its client sees the answer
GONE = 499  # the usual number in logs; nobody reads the answer


@dataclass(frozen=True)
class ServerLimits:
    """What the server takes."""

    upload_bytes: int
    requests: int  # at work, uploading and waiting, together


class SpeechService:
    """Answers requests with one model."""

    def __init__(self, model: HeldModel, limits: ServerLimits, token: str, work: Path) -> None:
        self._model = model
        self._limits = limits
        self._token = token
        self._work = work
        self._queue = WorkQueue(limits.requests)
        self._since = int(time.time())

    def application(self) -> Starlette:
        """What an ASGI server runs."""
        post, get = ["POST"], ["GET"]
        routes = [
            Route("/health", self.health, methods=get),
            Route("/v1/models", self.models, methods=get),
            Route("/v1/models/{name:path}", self.model, methods=get),
            Route("/v1/audio/transcriptions", self.transcriptions, methods=post),
            Route("/v1/audio/translations", self.translations, methods=post),
            Route("/asr", self.asr, methods=post),
            Route("/detect-language", self.detect_language, methods=post),
        ]
        told: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
            ApiError: _told,
            HTTPException: _told_of_address,
            stagekit.StageFailed: _told_of_stage,
            Exception: _told_of_ours,
        }
        return Starlette(routes=routes, exception_handlers=told)

    async def health(self, _request: Request) -> Response:
        """Needs no key: it is asked by what watches the server."""
        return JSONResponse({"status": "ready", "model": self._model.name, "requests": self._queue.count})

    async def models(self, request: Request) -> Response:
        self._check_key(request)
        return JSONResponse({"object": "list", "data": [self._described()]})

    async def model(self, request: Request) -> Response:
        self._check_key(request)
        transcription_request.parse({"model": [request.path_params["name"]]}, self._model.name, ())
        return JSONResponse(self._described())

    async def transcriptions(self, request: Request) -> Response:
        """What is said in the file of the form, in its own language."""
        return await self._placed(request, lambda: self._spoken(request, False))

    async def translations(self, request: Request) -> Response:
        """The same in English."""
        return await self._placed(request, lambda: self._spoken(request, True))

    async def asr(self, request: Request) -> Response:
        """As whisper-asr-webservice has it, for programs such as Bazarr."""

        async def answer() -> Response:
            wish = webservice_request.parse(request.query_params, self._model.languages)
            return await self._answered(request, webservice_request.FILE, lambda _: wish)

        return await self._placed(request, answer)

    async def detect_language(self, request: Request) -> Response:
        """As whisper-asr-webservice has it."""
        is_raw = webservice_request.is_raw(request.query_params)

        async def answer() -> Response:
            async with self._upload(request, webservice_request.FILE) as (media, _):
                code, likely = await self._worked(request, lambda gone: self._model.language(media, is_raw, gone))
            name = languages.of_code(code).lower()
            return JSONResponse({"detected_language": name, "language_code": code, "confidence": round(likely, 4)})

        return await self._placed(request, answer)

    async def _placed(self, request: Request, answer: Callable[[], Awaitable[Response]]) -> Response:
        """The answer, for which the request has a place among those that are taken."""
        try:
            self._check_key(request)
            with self._queue.place():
                return await answer()
        except (ClientDisconnect, ClientGone):
            return Response(status_code=GONE)
        except ApiError as error:
            if error.status != STOPPING:
                await _read_on(request)
            raise

    async def _spoken(self, request: Request, is_translation: bool) -> Response:
        """As OpenAI's interface has it."""
        model = self._model

        def wish(fields: Fields) -> TranscriptionRequest:
            return transcription_request.parse(fields, model.name, model.languages, is_translation)

        return await self._answered(request, uploads.FILE, wish)

    async def _answered(
        self, request: Request, field: str, wish_of: Callable[[Fields], TranscriptionRequest]
    ) -> Response:
        async with self._upload(request, field) as (media, form):
            wish = wish_of(form.fields)
            if wish.is_translation and not self._model.is_multilingual:
                raise ApiError(
                    BAD_REQUEST, f"model {self._model.name} is for English only and can't translate", "model"
                )
            spoken = await self._worked(request, lambda gone: self._model.recognise(media, wish, gone))
        answer = answers.rendered(spoken, wish)
        return Response(answer.text, media_type=answer.media_type)

    @asynccontextmanager
    async def _upload(self, request: Request, field: str) -> AsyncIterator[tuple[Path, UploadedForm]]:
        """The file of the request's form in a folder, which goes with the block."""
        self._check_length(request)
        folder = Path(tempfile.mkdtemp(dir=self._work))
        try:
            media = folder / "upload"
            content_type, most = request.headers.get("content-type", ""), self._limits.upload_bytes
            yield media, await uploads.receive(request.stream(), content_type, media, most, field)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _worked(self, request: Request, work: Callable[[threading.Event], Result]) -> Result:
        """The result of some work with the model, in its turn. Raises ``ClientGone``."""
        is_gone = threading.Event()
        turn = self._queue.submit(lambda: work(is_gone))
        done, leaving = asyncio.wrap_future(turn), asyncio.ensure_future(_end_of(request))
        try:
            await asyncio.wait((done, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not done.done() and not turn.cancel():
                is_gone.set()
                await asyncio.wait((done,))  # it ends with the piece of the sound that is at work
            if is_gone.is_set() or done.cancelled():
                raise ClientGone
            return done.result()
        except asyncio.CancelledError as error:
            raise ApiError(STOPPING, "the server is stopping; ask again", headers={"Retry-After": "1"}) from error
        finally:
            is_gone.set()
            leaving.cancel()

    def _described(self) -> dict[str, Any]:
        return {"id": self._model.name, "object": "model", "created": self._since, "owned_by": "pipeline"}

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        fits = scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), self._token.encode())
        if self._token and not fits:
            raise ApiError(WRONG_KEY, "the key is missing or wrong: Authorization: Bearer KEY", code="invalid_api_key")

    def _check_length(self, request: Request) -> None:
        """A form that says that it is too large isn't read at all."""
        stated = request.headers.get("content-length", "")
        if stated.isdigit() and int(stated) > self._limits.upload_bytes + 2 * uploads.MOST_FIELD_BYTES:
            raise uploads.too_large(self._limits.upload_bytes)


async def _end_of(request: Request) -> None:
    """Returns when the client has gone. Its request was read to the end before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _read_on(request: Request) -> None:
    """A client that is still sending may not read an answer, so that some of what it sends is read and dropped."""
    with suppress(ClientDisconnect, RuntimeError, TimeoutError, asyncio.TimeoutError):
        await asyncio.wait_for(_drop(request.stream()), 5)


async def _drop(chunks: AsyncIterator[bytes]) -> None:
    count = 0
    async for chunk in chunks:
        count += len(chunk)
        if count > READ_ON:
            return


async def _told(_request: Request, error: ApiError) -> Response:
    return JSONResponse(body(error.status, str(error), error.field, error.code), error.status, error.headers)


async def _told_of_address(request: Request, error: HTTPException) -> Response:
    message = f"{request.method} {request.url.path}: {error.detail}"
    return JSONResponse(body(error.status_code, message), error.status_code, error.headers)


async def _told_of_stage(_request: Request, error: Exception) -> Response:
    print("error:", error, flush=True)
    return JSONResponse(body(OURS, str(error)), OURS)


async def _told_of_ours(_request: Request, error: Exception) -> Response:
    """The traceback is in the service's log, where uvicorn writes it, and not in the answer."""
    return JSONResponse(body(OURS, f"the server failed: {type(error).__name__}"), OURS)
