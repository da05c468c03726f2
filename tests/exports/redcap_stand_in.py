"""A stand-in for a REDCap server, for tests: one project, in memory, on loopback. Python's own library is all it needs.

    python redcap_stand_in.py [--dictionary FILE.csv] [--tls CERTIFICATE.pem KEY.pem]

The project has the fields of the data dictionary (by default the one that Brisk hands out), and `daily_activity`
repeats. One line of JSON on stdout says where it listens:

    {"url": "http://127.0.0.1:PORT/api/", "control": "http://127.0.0.1:PORT/", "token": "32 hex digits"}

It ends when its stdin closes, so it never outlives the test that started it.

The API answers what PyCap, redcaplite and Brisk ask: `content` project, version, metadata, repeatingFormsEvents,
exportFieldNames, instrument, event, arm, formEventMapping, log, and record to import, export and delete; JSON and CSV.
An import is stored as a whole or not at all.

Control, JSON in and out, at the control address:

    GET  rows      every row: {"record", "event", "instrument", "instance", "values": {field: text}}, sorted
    GET  log       every change: {"action": "import" | "delete", "record", "event", "instrument", "instance", "values"}
    GET  requests  every request: {"content", "action", "data", "answer": status or what went wrong}
    GET  project   the settings below
    POST project   changes some of them and says all:
        "token": the only one that opens the project      "version": "15.5.1"
        "import", "export", "delete": rights of the token "in_production": true
        "repeating": ["daily_activity"]                   "events": [] or ["home_arm_1", ...] (longitudinal)
        "locked": [["P-1"], ["P-1", 20]]: whole records, and single instances of daily_activity
        "without": ["da_steps"]: fields the project lacks
        "validation": {"da_date": ""}: other validation types than the dictionary's
        "hidden": ["dates", "records"]: exports leave dates empty, or give records other names
    POST reset     forgets rows, log and requests, the settings and the faults
    POST faults    how the next requests of the API fail:
        {"queue": ["drop_after", "500", "ok", ...]}   in this order, then none
        {"seed": 7, "rate": 0.3, "kinds": [...]}      drawn anew for each request until {} ends it

Faults: "drop_before" (the line drops, nothing is stored), "drop_after" (stored, then the line drops), "500", "503"
(nothing is stored), "429" (the same, with Retry-After), "html" (200 and a page, nothing is stored), "html_after" (stored,
then 200 and a page), "slow" (answers rightly after "slow_s", 0.05), and any status as a number, which is then answered
with REDCap's JSON. "retry_after" sets the header of 429 and 503 (1).
"""

import argparse
import csv
import io
import json
import pathlib
import random
import re
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

TOKEN = "0123456789ABCDEF0123456789ABCDEF"
DICTIONARY = pathlib.Path(__file__).parent.parent / "fixtures/redcap/data_dictionary.csv"
FORM = "daily_activity"
COLUMNS = [
    "field_name", "form_name", "section_header", "field_type", "field_label", "select_choices_or_calculations",
    "field_note", "text_validation_type_or_show_slider_number", "text_validation_min", "text_validation_max",
    "identifier", "branching_logic", "required_field", "custom_alignment", "question_number", "matrix_group_name",
    "matrix_ranking", "field_annotation",
]
KINDS = ["drop_before", "drop_after", "500", "503", "429", "html", "html_after", "slow"]
PAGE = b"<!DOCTYPE html><html><body><h1>Welcome to the network</h1><p>Please log in.</p></body></html>"
FORMAT = "The value you provided could not be validated because it does not follow the expected format. Please try again."
RECORD_LOCKED = "This record has been locked at the record level. No value within this record can be modified."
FORM_LOCKED = "This field is located on a form that is locked. You must first unlock this form for this record."
NO_RIGHT = "You do not have permissions to use the API"
SHAPES = {
    "date_ymd": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
    "datetime_seconds_ymd": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d",
    "integer": r"-?\d+",
    "number": r"-?\d+(\.\d+)?",
}


class Refusal(Exception):
    """A status and what REDCap would say with it."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Drop(Exception):
    """The line drops without an answer."""


class Project:
    def __init__(self, dictionary):
        with open(dictionary, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        self.dictionary = [dict(zip(COLUMNS, row)) for row in rows[1:]]
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.settings = {
            "token": TOKEN, "version": "15.5.1", "import": True, "export": True, "delete": True, "in_production": True,
            "repeating": [FORM], "events": [], "locked": [], "without": [], "validation": {},
            "hidden": [],
        }
        self.rows, self.log, self.requests = {}, [], []
        self.faults({})
        self.set({})

    def set(self, settings):
        unknown = set(settings) - set(self.settings)
        if unknown:
            raise Refusal(400, f"there is no setting {', '.join(sorted(unknown))}")
        self.settings.update(settings)
        self.metadata = []
        for field in self.dictionary:
            if field["field_name"] not in self.settings["without"]:
                kind = self.settings["validation"].get(field["field_name"])
                changed = {} if kind is None else {"text_validation_type_or_show_slider_number": kind}
                self.metadata.append({**field, **changed})
        self.by_name = {field["field_name"]: field for field in self.metadata}
        self.record_field = self.metadata[0]["field_name"]
        self.forms = list(dict.fromkeys(field["form_name"] for field in self.metadata))

    def faults(self, schedule):
        self.queue = list(schedule.get("queue", []))
        self.rate = float(schedule.get("rate", 0.3)) if "seed" in schedule else 0.0
        self.kinds = schedule.get("kinds", KINDS)
        self.random = random.Random(schedule.get("seed"))
        self.slow_s = float(schedule.get("slow_s", 0.05))
        self.retry_after = str(schedule.get("retry_after", 1))

    def next_fault(self):
        if self.queue:
            return self.queue.pop(0)
        return self.random.choice(self.kinds) if self.random.random() < self.rate else "ok"

    # -- what a row may hold

    def form_of(self, field):
        for form in self.forms:
            if field == f"{form}_complete":
                return form
        return self.by_name[field]["form_name"]

    def knows(self, field):
        return field in self.by_name or any(field == f"{form}_complete" for form in self.forms)

    def fault_of(self, field, value):
        """What is wrong with a value, or none."""
        if value == "":
            return None
        if field not in self.by_name:
            return None if value in ("0", "1", "2") else f"The value is not a valid category for {field}"
        entry = self.by_name[field]
        if entry["field_type"] in ("radio", "dropdown"):
            codes = [choice.split(",")[0].strip() for choice in entry["select_choices_or_calculations"].split("|")]
            return None if value in codes else f"The value is not a valid category for {field}"
        if entry["field_type"] in ("yesno", "truefalse"):
            return None if value in ("0", "1") else f"The value is not a valid category for {field}"
        if entry["field_type"] == "calc":
            return "The field is a calculated field, and its value cannot be imported"
        shape = SHAPES.get(entry["text_validation_type_or_show_slider_number"])
        if shape and not re.fullmatch(shape, value):
            return FORMAT
        return None

    # -- import

    def import_records(self, params):
        if not self.settings["import"]:
            raise Refusal(403, NO_RIGHT)
        rows = self.parse(params)
        special = {"redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_data_access_group"}
        unknown = sorted({name for row in rows for name in row if name not in special and not self.knows(name)})
        if unknown:
            message = "The following fields were not found in the project as real data fields: "
            raise Refusal(400, message + ", ".join(unknown))
        events = self.settings["events"]
        bad = sorted({row["redcap_event_name"] for row in rows if row.get("redcap_event_name")} - set(events))
        if bad and events:
            raise Refusal(400, "The following values of redcap_event_name are invalid: " + ", ".join(bad))
        changes, errors = [], []
        for row in rows:
            self.check_row(row, params, changes, errors)
        if errors:
            lines = io.StringIO()
            csv.writer(lines, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(errors)
            raise Refusal(400, lines.getvalue().rstrip("\n"))
        erase = params.get("overwriteBehavior", "normal") == "overwrite"
        for key, values in changes:
            record, event, form, instance = key
            if instance == "new":
                taken = [at[3] for at in self.rows if at[:3] == key[:3]]
                key = (record, event, form, max(taken, default=0) + 1)
            stored = self.rows.setdefault(key, {})
            for field, value in values.items():
                if value != "":
                    stored[field] = value
                elif erase:
                    stored.pop(field, None)
            self.note("import", key, values)
        records = list(dict.fromkeys(key[0] for key, _ in changes))
        answer = params.get("returnContent", "count")
        if answer == "ids":
            return records
        if answer == "nothing":
            return {}
        return {"count": len(records)}

    def check_row(self, row, params, changes, errors):
        record = row.get(self.record_field, "")
        form, instance = row.get("redcap_repeat_instrument", ""), row.get("redcap_repeat_instance", "")
        event = row.get("redcap_event_name", "") or next(iter(self.settings["events"]), "")

        def wrong(field, value, message):
            errors.append([record, field, value, message])

        if record == "":
            return wrong(self.record_field, "", "The record name is missing")
        if form and form not in self.settings["repeating"]:
            return wrong("redcap_repeat_instrument", form, "The value is not the name of a repeating instrument")
        if instance and not form:
            return wrong("redcap_repeat_instance", instance, "An instance is given for a form that does not repeat")
        if form:
            if instance == "":
                instance = "1"
            if instance != "new":
                if not re.fullmatch(r"\d+", instance) or not 1 <= int(instance) <= 32767:
                    return wrong("redcap_repeat_instance", instance, "The value is not a valid repeat instance")
                instance = int(instance)
        else:
            instance = 0
        if [record] in self.settings["locked"]:
            return wrong(f"{form or self.forms[0]}_complete", "", RECORD_LOCKED)
        locked = [record, instance] in self.settings["locked"]
        values = {}
        for field, value in row.items():
            if field == self.record_field or field.startswith("redcap_"):
                continue
            at_home = self.form_of(field)
            if form and at_home != form or not form and at_home in self.settings["repeating"]:
                if value != "":
                    wrong(field, value, "The field is not on the instrument of this row")
                continue
            if locked:
                wrong(field, value, FORM_LOCKED)
            elif fault := self.fault_of(field, value):
                wrong(field, value, fault)
            values[field] = value
        changes.append(((record, event, form, instance), values))

    @staticmethod
    def parse(params):
        data = params.get("data", "")
        if params.get("format", "xml") == "csv":
            return [dict(row) for row in csv.DictReader(io.StringIO(data))]
        try:
            rows = json.loads(data)
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ValueError
        except ValueError:
            raise Refusal(400, "The data being imported is not formatted correctly") from None
        texts = []
        for row in rows:
            for value in row.values():
                if isinstance(value, bool) or not isinstance(value, (str, int, float, type(None))):
                    raise Refusal(400, "The data being imported is not formatted correctly")
            texts.append({name: "" if value is None else str(value) for name, value in row.items()})
        return texts

    # -- export and delete

    def export_records(self, params, lists):
        if not self.settings["export"]:
            raise Refusal(403, NO_RIGHT)
        records, fields, forms, events = (lists.get(name) for name in ("records", "fields", "forms", "events"))
        wanted = [field for form in self.forms for field in self.fields_of(form)]
        if fields or forms:
            wrong = [field for field in fields or [] if not self.knows(field)]
            if wrong:
                message = 'The following values in the parameter "fields" are not valid: '
                raise Refusal(400, message + ", ".join(f"'{field}'" for field in wrong))
            wanted = [f for f in wanted if f in (fields or []) or self.form_of(f) in (forms or [])]
        out = []
        for key in sorted(self.rows):
            record, event, form, instance = key
            if records and record not in records or events and event not in events:
                continue
            mine = [f for f in wanted if f != self.record_field]
            if not any(self.form_of(f) == form or not form and self.form_of(f) not in self.settings["repeating"] for f in mine):
                if form or not (fields and self.record_field in fields and not mine):
                    continue
            hidden = self.settings["hidden"]
            row = {self.record_field: f"{hash(record):x}" if "records" in hidden else record}
            if self.settings["events"]:
                row["redcap_event_name"] = event
            if self.settings["repeating"]:
                row["redcap_repeat_instrument"] = form
                row["redcap_repeat_instance"] = instance or ""
            for field in mine:
                a_date = field in self.by_name and "date" in self.by_name[field][COLUMNS[7]]
                row[field] = "" if a_date and "dates" in hidden else self.rows[key].get(field, "")
            out.append(row)
        return out

    def fields_of(self, form):
        return [f["field_name"] for f in self.metadata if f["form_name"] == form] + [f"{form}_complete"]

    def delete_records(self, params, lists):
        if not self.settings["delete"]:
            raise Refusal(403, "You do not have permissions to delete records in this project")
        records = lists.get("records") or []
        missing = [record for record in records if not any(key[0] == record for key in self.rows)]
        if missing or not records:
            message = "One or more of the records provided cannot be deleted because they do not exist in the project. "
            raise Refusal(400, message + "The following records do not exist: " + ", ".join(missing))
        form, instance, event = (params.get(name, "") for name in ("instrument", "repeat_instance", "event"))
        if form and form not in self.forms:
            raise Refusal(400, "The value of the parameter 'instrument' is not valid")
        if form and self.settings["events"] and event not in self.settings["events"]:
            raise Refusal(400, "The value of the parameter 'event' is not valid")
        for record in records:
            if [record] in self.settings["locked"]:
                raise Refusal(400, RECORD_LOCKED)
            if form and instance and [record, int(instance)] in self.settings["locked"]:
                raise Refusal(400, FORM_LOCKED)
        for key in [key for key in self.rows if key[0] in records]:
            whole = not form
            part = key[2] == form and (not instance or key[3] == int(instance)) and (not event or key[1] == event)
            if whole or part:
                self.note("delete", key, self.rows.pop(key))
        return len(records)

    def note(self, action, key, values):
        record, event, form, instance = key
        entry = {"record": record, "event": event, "instrument": form, "instance": instance, "values": dict(values)}
        self.log.append({"action": action, **entry})

    # -- the rest

    def answer(self, params, lists):
        """What the API says, and whether that is plain text."""
        if params.get("token") != self.settings["token"]:
            raise Refusal(403, NO_RIGHT)
        content, action = params.get("content", ""), params.get("action", "")
        if content == "record":
            if action == "delete":
                return self.delete_records(params, lists), False
            if "data" in params or action == "import":
                return self.import_records(params), False
            return self.export_records(params, lists), False
        if not self.settings["export"]:
            raise Refusal(403, NO_RIGHT)
        events = self.settings["events"]
        if content == "version":
            return self.settings["version"], True
        if content == "metadata":
            fields, forms = lists.get("fields"), lists.get("forms")
            return [
                f for f in self.metadata
                if not (fields or forms) or f["field_name"] in (fields or []) or f["form_name"] in (forms or [])
            ], False
        if content == "repeatingFormsEvents":
            repeating = [form for form in self.settings["repeating"] if form in self.forms]
            if not repeating:
                raise Refusal(400, "You cannot export repeating instruments and events because the project does not "
                                   "contain any repeating instruments and events")
            return [
                {**({"event_name": event} if events else {}), "form_name": form, "custom_form_label": "[da_date]"}
                for event in events or [""] for form in repeating
            ], False
        if content == "project":
            return {
                "project_id": 1, "project_title": "Stand-in", "creation_time": "2026-01-01 00:00:00",
                "production_time": "", "in_production": int(self.settings["in_production"]),
                "project_language": "English", "purpose": 2, "is_longitudinal": int(bool(events)),
                "has_repeating_instruments_or_events": int(bool(self.settings["repeating"])), "surveys_enabled": 0,
                "record_autonumbering_enabled": 0, "missing_data_codes": "",
            }, False
        if content == "exportFieldNames":
            names = [f["field_name"] for f in self.metadata] + [f"{form}_complete" for form in self.forms]
            return [{"original_field_name": n, "choice_value": "", "export_field_name": n} for n in names], False
        if content == "instrument":
            return [{"instrument_name": f, "instrument_label": f.replace("_", " ").title()} for f in self.forms], False
        if content in ("event", "arm", "formEventMapping"):
            if not events:
                raise Refusal(400, f"You cannot export {content}s for classic projects")
            if content == "arm":
                return [{"arm_num": 1, "name": "Arm 1"}], False
            if content == "event":
                return [{"event_name": e, "arm_num": 1, "unique_event_name": e} for e in events], False
            return [{"arm_num": 1, "unique_event_name": e, "form": form} for e in events for form in self.forms], False
        if content == "log":
            return [
                {
                    "timestamp": "2026-01-01 00:00", "username": "api_user", "record": entry["record"],
                    "action": f"{'Update' if entry['action'] == 'import' else 'Delete'} record (API) {entry['record']}",
                    "details": f"[instance = {entry['instance']}], "
                               + ", ".join(f"{name} = '{value}'" for name, value in entry["values"].items()),
                }
                for entry in reversed(self.log)
            ], False
        raise Refusal(400, "The value of the parameter 'content' is not valid")


def collect(body):
    """The parameters of a form, and the lists among them: `records[0]=a`, `records[]=a` or `records=a,b`."""
    params, lists = {}, {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        head, bracket, _ = name.partition("[")
        if bracket:
            lists.setdefault(head, []).append(value)
        else:
            params[name] = value
    for name in ("records", "fields", "forms", "events"):
        if params.get(name):
            lists.setdefault(name, re.split(r"[,\s]+", params[name]))
    return params, lists


def shape(value, format_):
    """An answer in the format that was asked for."""
    if format_ == "csv":
        rows = value if isinstance(value, list) else [value]
        out = io.StringIO()
        if rows and isinstance(rows[0], dict):
            writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        elif rows:
            out.write("\n".join(["id", *map(str, rows)]) if isinstance(value, list) else str(value))
        return out.getvalue().encode(), "text/csv; charset=utf-8"
    return json.dumps(value).encode(), "application/json; charset=utf-8"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave together.
    wbufsize = -1
    disable_nagle_algorithm = True

    @property
    def project(self):
        return self.server.project

    def log_message(self, *_):
        pass

    def reply(self, status, body, kind, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()


class Api(Handler):
    def do_GET(self):
        self.reply(404, b"<html><body>Not Found</body></html>", "text/html")

    def do_POST(self):
        body = self.body()
        if self.path != "/api/":
            return self.do_GET()
        project = self.project
        params, lists = collect(body)
        try:
            with project.lock:
                fault = project.next_fault()
                entry = {"content": params.get("content"), "action": params.get("action", ""), "answer": fault}
                if "data" in params:
                    entry["data"] = params["data"]
                project.requests.append(entry)
                status, out, kind = self.answer(project, fault, params, lists)
                if fault in ("ok", "slow"):
                    entry["answer"] = status
        except Drop:
            self.close_connection = True
            return None
        if fault == "slow":
            time.sleep(project.slow_s)
        headers = {"Retry_After": project.retry_after} if fault in ("429", "503") else {}
        return self.reply(status, out, kind, **headers)

    def answer(self, project, fault, params, lists):
        format_ = params.get("returnFormat") or params.get("format", "json")
        if fault == "drop_before":
            raise Drop
        if fault == "html":
            return 200, PAGE, "text/html; charset=utf-8"
        if fault not in ("ok", "slow", "drop_after", "html_after"):
            error = {"error": "The server cannot answer now"}
            return int(fault), json.dumps(error).encode(), "application/json; charset=utf-8"
        try:
            value, plain = project.answer(params, lists)
            status = 200
        except Refusal as refusal:
            value, plain, status = {"error": str(refusal)}, False, refusal.status
        if fault == "drop_after":
            raise Drop
        if fault == "html_after":
            return 200, PAGE, "text/html; charset=utf-8"
        if plain:
            return status, value.encode(), "text/html; charset=utf-8"
        if status != 200 and format_ == "csv":
            return status, f"ERROR: {value['error']}".encode(), "text/csv; charset=utf-8"
        out, kind = shape(value, format_ if status != 200 else params.get("format", format_))
        return status, out, kind


class Control(Handler):
    def do_GET(self):
        project, what = self.project, self.path.strip("/")
        with project.lock:
            if what == "rows":
                names = ("record", "event", "instrument", "instance")
                value = [{**dict(zip(names, key)), "values": project.rows[key]} for key in sorted(project.rows)]
            elif what in ("log", "requests"):
                value = getattr(project, what)
            elif what == "project":
                value = project.settings
            else:
                return self.reply(404, b"{}", "application/json")
            out = json.dumps(value).encode()
        return self.reply(200, out, "application/json")

    def do_POST(self):
        project, what = self.project, self.path.strip("/")
        try:
            with project.lock:
                value = json.loads(self.body() or "{}")
                if what == "project":
                    project.set(value)
                elif what == "reset":
                    project.reset()
                elif what == "faults":
                    project.faults(value)
                else:
                    raise Refusal(404, "there is no such control")
                out = json.dumps(project.settings).encode()
        except Refusal as refusal:
            return self.reply(refusal.status, json.dumps({"error": str(refusal)}).encode(), "application/json")
        return self.reply(200, out, "application/json")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that hangs up, or does not trust the certificate, is no news."""


def serve(handler, project, tls=None):
    server = Server(("127.0.0.1", 0), handler)
    server.project = project
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        # The handshake happens in the thread of the connection.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server.server_address[1]


def main():
    parser = argparse.ArgumentParser(description="A stand-in for a REDCap server.")
    parser.add_argument("--dictionary", default=DICTIONARY)
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    options = parser.parse_args()
    project = Project(options.dictionary)
    scheme = "https" if options.tls else "http"
    # The certificate of a test names localhost.
    host = "localhost" if options.tls else "127.0.0.1"
    where = {
        "url": f"{scheme}://{host}:{serve(Api, project, options.tls)}/api/",
        "control": f"http://127.0.0.1:{serve(Control, project)}/",
        "token": TOKEN,
    }
    print(json.dumps(where), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
