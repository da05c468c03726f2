#!/usr/bin/env python3
"""A foreign validator's word on what the API says of itself.

Starts `brisk demo`, asks it for its description, and holds that against the OpenAPI standard (pip package
`openapi-spec-validator`); broken copies of it must be refused, so that the check can fail. Then asks every route
that is described, on the control socket, which answers all of them: what it takes and what it answers must be as the
schemas say. First of all it runs the examples of docs/api.md.
"""

import copy
import datetime
import http.client
import json
import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing.exceptions import PointerToNowhere

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


class OverSocket(http.client.HTTPConnection):
    """HTTP over the daemon's socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def ask(path, method, url, body=None):
    """Status, content type and body of an answer."""
    connection = OverSocket(path)
    headers = {} if body is None else {"Content-Type": "application/json"}
    connection.request(method, url, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.getheader("Content-Type", ""), text


def problems_of(document):
    try:
        return [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]
    except PointerToNowhere as error:
        return [f"{error.ref} is referred to and is not there"]


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def first_operation(document):
    return next(operation for _, _, operation in operations(document))


def same_name_twice(document):
    for _, _, operation in operations(document):
        operation["operationId"] = "same"


def a_schema_that_is_not_there(document):
    first = first_operation(document)["responses"]["200"]
    first["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/Nowhere"}}}


BROKEN = {
    "no paths are an object": lambda document: document.update(paths=[]),
    "no title": lambda document: document["info"].pop("title"),
    "two routes of one name": same_name_twice,
    "an answer of an unknown schema": a_schema_that_is_not_there,
    "a status that is none": lambda document: first_operation(document)["responses"].update({"9x": {"description": ""}}),
}


# What a demo has not: a counter to be met, a proposal in its first weeks, codes, other computers, and a study.
NEEDS_MORE = {
    "/api/v1/web/code",
    *(f"/api/v1/devices/{what}" for what in ("scan", "pair", "pairing", "pairing/answer", "assign", "forget")),
    "/api/v1/goals/proposals/answer",
    "/api/v1/study/files",
    *(f"/api/v1/targets/{{name}}/{what}" for what in ("step", "check", "retry")),
    "/api/v1/web/expose",
    "/api/v1/web/revoke",
    # Somebody who takes part in a study, as tests/leaving.rs has one.
    "/api/v1/person/withdraw",
}


def differs(document, schema, value):
    """How a value differs from a schema of the document."""
    whole = {"$ref": "#/components/x/schema", "components": {**document["components"], "x": {"schema": schema}}}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]


def check_answer(document, path, method, operation, answer):
    status, kind, text = answer
    if status == 405 or (status == 404 and not text):
        return [f"{method} {path}: described, but not there ({status})"]
    said = operation["responses"].get(str(status)) or operation["responses"].get("default")
    if said is None:
        return [f"{method} {path}: answers {status}, which is not described"]
    content = said.get("content", {})
    media = kind.split(";")[0]
    if media not in content:
        return [f"{method} {path}: answers {status} as {media!r}; described are {sorted(content)}"]
    if media != "application/json":
        return []
    return [f"{method} {path}: {why}" for why in differs(document, content[media]["schema"], json.loads(text))]


def described(document, path, method, body):
    """How a request differs from what is described."""
    operation = document["paths"][path][method]
    if body is None:
        return []
    return differs(document, operation["requestBody"]["content"]["application/json"]["schema"], body)


def examples(socket_path):
    """Runs what docs/api.md shows; numbers and dates are those of another day."""
    text = (ROOT / "docs/api.md").read_text()
    shown = re.findall(r"^```console\n\$ (curl .*?)\n({.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    wrong = [] if len(shown) == 3 else [f"docs/api.md has {len(shown)} examples, and not three"]
    for command, answer in shown:
        here = command.replace("/tmp/demo/brisk.sock", shlex.quote(str(socket_path)))
        given = subprocess.run(["bash", "-c", here], capture_output=True, text=True, timeout=60).stdout
        alike = re.sub(r"\d+", r"\\d+", re.escape(answer)).replace("…", ".*")
        if not re.fullmatch(alike, given.strip()):
            wrong.append(f"docs/api.md shows for {command}\n  {answer}\nand it is\n  {given}")
    return wrong


def requests(person, today, later, goals, instrument):
    """What somebody sends: method, path, query, body, status of the answer."""
    goal = {**goals["in_force"], "id": goals["next_id"], "from": today, "amount": 20}
    choice = {"participant": person, "date": today, "situation": "On the way home", "choice": "One stop earlier"}
    asked = {"instrument": instrument["name"], "every_days": 7}
    answers = {item["name"]: 1 for item in instrument["item"]}
    swim = {"id": "d1", "kind": "swim", "minutes": 30, "at": "18:00:00", "effort": "easy"}
    return [
        ("get", "today", "language=he", None, 200),
        ("get", "today", "person=nobody", None, 404),
        ("get", "today", "language=xx", None, 400),
        ("get", "week", f"from={today}", None, 200),
        ("get", "days", f"from={today}&to={today}", None, 200),
        ("get", "days", "since=ever", None, 400),
        ("post", "windows", "", {"work": "mon-fri 08:00-16:30", "sleep": "none", "from": "ever"}, 200),
        ("post", "diary", "", swim, 200),
        ("get", "diary", "", None, 200),
        ("post", "diary/undo", "", {"id": "d1"}, 200),
        ("post", "person", "", {"label": "Anna", "language": "he", "zone": "Europe/Oslo"}, 200),
        ("post", "choices", "", choice, 200),
        ("post", "choices/answer", "", {"participant": person, "date": today, "done": True}, 200),
        ("get", "choices", "", None, 200),
        ("post", "check-ins/set", "", {"participant": person, "from": today, "instruments": [asked]}, 200),
        ("post", "check-ins", "", {"participant": person, "instrument": instrument["name"], "answers": answers}, 200),
        ("get", "check-ins", "", None, 200),
        ("post", "notices/seen", "", {"participant": person}, 200),
        ("post", "programme", "", {"programme": "etmi-style"}, 200),
        ("post", "goals", "", goal, 200),
        ("post", "goals", "", {**goal, "amount": 900}, 422),
        ("post", "goals", "", {**goal, "days": ["someday"]}, 422),
        ("post", "goals", "", {**goal, "amuont": 20}, 422),
        ("post", "goals/pause", "", {"until": later}, 200),
        ("post", "goals/resume", "", {}, 200),
        ("post", "goals/excuse", "", {"date": today, "by": "t1", "reason": "A cold"}, 200),
        ("post", "goals/proposals/answer", "", {"proposal": "2020-W01-more", "accepted": True}, 422),
        ("post", "person/takeout", "", {"language": "he"}, 200),
        ("post", "study/files", "", {"format": "odm"}, 422),
        ("post", "study/files", "", {"format": "odm", "form": "x"}, 422),
        ("post", "web/expose", "", {"lan": {"seconds": 1}}, 422),
        ("post", "web/revoke", "", {"one": "nobody"}, 404),
    ]


def checked(socket_path):
    """What is wrong with the description, and with answers that are not as described."""

    def get(path):
        return json.loads(ask(socket_path, "GET", f"/api/v1/{path}")[2])

    def sent(method, path, query, body, want):
        answer = ask(socket_path, method.upper(), f"{path}?{query}" if query else path, body)
        differing = check_answer(document, path, method, document["paths"][path][method], answer)
        if want not in (None, answer[0]):
            differing.append(f"{method} {path}: {body} was answered with {answer[0]} instead of {want}: {answer[2]}")
        if answer[0] < 300:
            differing += [f"{method} {path}: taken, but described otherwise: {why}"
                          for why in described(document, path, method, body)]
        answered.add((method, path, answer[0] < 300))
        return differing, answer[2]

    document, answered = get("openapi.json"), set()
    wrong = examples(socket_path) + problems_of(document)
    for name, damage in BROKEN.items():
        broken = copy.deepcopy(document)
        damage(broken)
        if not problems_of(broken):
            wrong.append(f"a broken description was let through: {name}")
    goals, person = get("goals"), get("status")["people"][0]
    today = datetime.date.fromisoformat(goals["today"])
    later = today + datetime.timedelta(days=3)
    asked = requests(person, str(today), str(later), goals, get("check-ins")["instruments"][0])
    for method, path, query, body, want in asked:
        wrong += sent(method, f"/api/v1/{path}", query, body, want)[0]
    # Then all of them without values: what needs some is refused, in the form that is described.
    for path, method, operation in operations(document):
        wrong += sent(method, path, "", {} if "requestBody" in operation else None, None)[0]
    differing, erased = sent("post", "/api/v1/person/erase", "", {"person": person, "confirm": person}, 200)
    wrong += differing
    if not differing:
        wrong += sent("post", "/api/v1/person/receipt", "", json.loads(erased)["receipt"], 200)[0]
    if not differs(document, {"$ref": "#/components/schemas/GoalVersion"}, {**goals["in_force"], "amount": "twenty"}):
        wrong.append("a goal of a wrong type was let through")
    never = {(path, method) for path, method, _ in operations(document) if (method, path, True) not in answered}
    wrong += [f"{method} {path}: never answered as asked" for path, method in sorted(never) if path not in NEEDS_MORE]
    print(f"{len(answered)} kinds of answers are as described")
    return wrong


def main():
    subprocess.run(["cargo", "build", "--quiet", "--workspace", "--all-features", "--bin", "brisk"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        demo = subprocess.Popen(
            [TARGET / "debug/brisk", "demo", "--data", data, "--days", "10", "--json", "--no-open", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        try:
            # The table ends when everything is in; the demo then lives on.
            while demo.stdout.readline().rstrip() not in (b"]", b""):
                pass
            wrong = checked(data / "brisk.sock")
        finally:
            demo.terminate()
            demo.wait(timeout=30)
    print("\n".join(wrong) or "the description holds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
