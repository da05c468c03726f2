#!/usr/bin/env python3
"""A foreign validator's word on what the API says of itself.

Starts `brisk demo`, asks it for its description, and holds that against the OpenAPI standard (pip package
`openapi-spec-validator`); broken copies of it must be refused, so that the check can fail. Then asks every route
that is described: what it answers must be as its schema says.
"""

import copy
import http.client
import json
import os
import pathlib
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


def differs(document, schema, value):
    """How a value differs from a schema of the document."""
    whole = {"$ref": "#/components/x/schema", "components": {**document["components"], "x": {"schema": schema}}}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]


def check_answer(document, path, method, operation, answer):
    status, kind, text = answer
    if status in (404, 405):
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


def checked(socket_path):
    """What is wrong, and how many answers were as described."""
    status, _, text = ask(socket_path, "GET", "/api/v1/openapi.json")
    assert status == 200, status
    document = json.loads(text)
    wrong = problems_of(document)
    for name, damage in BROKEN.items():
        broken = copy.deepcopy(document)
        damage(broken)
        if not problems_of(broken):
            wrong.append(f"a broken description was let through: {name}")
    fine = refused = 0
    for path, method, operation in operations(document):
        # Asked without values: what needs some is refused, in the form that is described.
        body = {} if "requestBody" in operation else None
        answer = ask(socket_path, method.upper(), path, body)
        wrong += check_answer(document, path, method, operation, answer)
        fine, refused = fine + (answer[0] < 300), refused + (answer[0] >= 300)
    goals = json.loads(ask(socket_path, "GET", "/api/v1/goals")[2])
    goal = {**goals["in_force"], "id": goals["next_id"], "from": goals["today"], "amount": 20}
    for one, want in ((goal, 200), ({**goal, "amount": 900}, 422), ({**goal, "days": ["someday"]}, 422)):
        answer = ask(socket_path, "POST", "/api/v1/goals", one)
        if answer[0] != want:
            wrong.append(f"a goal was answered with {answer[0]} instead of {want}: {answer[2]}")
        wrong += check_answer(document, "/api/v1/goals", "post", document["paths"]["/api/v1/goals"]["post"], answer)
    if not differs(document, {"$ref": "#/components/schemas/GoalVersion"}, {**goal, "amount": "twenty"}):
        wrong.append("a goal of a wrong type was let through")
    if fine < 8:
        wrong.append(f"{fine} routes answered as asked; the demo has more")
    print(f"{fine} answers and {refused} refusals are as described")
    return wrong


def main():
    subprocess.run(["cargo", "build", "--quiet", "-p", "brisk"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        demo = subprocess.Popen(
            [TARGET / "debug/brisk", "demo", "--days", "10", "--json", "--data", data],
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
