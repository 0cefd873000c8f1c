"""What a service in the foreground tells, for programs and for people."""

import json

from pipeline.services.serving.record import ServiceRecord


def test_events_and_lines_are_json_with_the_name_of_the_service() -> None:
    lines: list[str] = []
    record = ServiceRecord("speech", lines.append)
    record.event("ready", 2, urls={"http": "http://127.0.0.1:8000"}, failure="")
    record.line(2, 'GET "/"\t Ünïcode')
    record.event("stopping")
    first, second, third = (json.loads(line) for line in lines)
    assert first.pop("time") <= second.pop("time") <= third.pop("time")
    assert first == {"service": "speech", "version": 2, "event": "ready", "urls": {"http": "http://127.0.0.1:8000"}}
    assert second == {"service": "speech", "version": 2, "line": 'GET "/"\t Ünïcode'}
    assert third == {"service": "speech", "event": "stopping"}
    assert all(line.count("\n") == 1 and line.endswith("\n") for line in lines)


def test_a_person_can_have_text() -> None:
    lines: list[str] = []
    record = ServiceRecord("speech", lines.append, is_json=False)
    record.event("ready", 1, urls={"http": "http://127.0.0.1:8000"})
    record.line(1, "loaded")
    assert lines[0].endswith(" speech 1 ready: urls http http://127.0.0.1:8000\n")
    assert lines[1].endswith(" speech 1 | loaded\n")
