"""The data dictionary by its JSON schema and REDCap's rules, the project XML by the XSDs of ODM and by the dictionary.
Each is then broken in several ways, and each break is refused.

    python validate_redcap.py
"""

import csv
import io
import json
import pathlib
import re

import jsonschema
from lxml import etree

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
SCHEMA = json.loads((FIXTURES / "redcap/redcap-data-dictionary.schema.json").read_text())
HEADINGS = [
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
]
NAMES = [
    "variable_field_name", "form_name", "section_header", "field_type", "field_label",
    "choices_calculations_slider_labels", "field_note", "text_validation_type_or_show_slider_number",
    "text_validation_min", "text_validation_max", "identifier", "branching_logic", "required_field",
    "custom_alignment", "question_number", "matrix_group_name", "matrix_ranking", "field_annotation",
]
ODM = "http://www.cdisc.org/ns/odm/v1.3"
REDCAP = "https://projectredcap.org"
# REDCap's names of validations in project files, and in dictionaries.
VALIDATIONS = {"int": "integer", "float": "number"}


def dictionary(text):
    """The rows, or why REDCap would not take them."""
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == HEADINGS, "headings"
    fields = [dict(zip(NAMES, row, strict=True)) for row in rows[1:]]
    filled = [{name: value for name, value in field.items() if value} for field in fields]
    validator = jsonschema.validators.validator_for(SCHEMA)
    validator.check_schema(SCHEMA)
    definition = {"$defs": SCHEMA["$defs"], "$ref": "#/$defs/DataDictionary"}
    validator(definition).validate({"fields": filled})
    assert fields[0]["field_type"] == "text", "the record id is a text"
    names = [field["variable_field_name"] for field in fields]
    assert len(set(names)) == len(names), "names are unique"
    assert all(len(name) <= 26 for name in names), "names are short"
    forms = [field["form_name"] for field in fields]
    assert sum(a != b for a, b in zip(forms, forms[1:])) == len(set(forms)) - 1, "forms are contiguous"
    for field in fields:
        chosen = field["field_type"] in ("radio", "dropdown")
        choices = field["choices_calculations_slider_labels"]
        assert bool(choices) == chosen, f"choices of {field}"
        assert not chosen or all(re.fullmatch(r"\d+, [^|,]+", c.strip()) for c in choices.split("|")), "choices"
    assert text.isascii(), "no curly quotes"
    return fields


def project(text, fields):
    """Fails where the XML is not ODM, or not the project of the dictionary."""
    tree = etree.fromstring(text)
    q = lambda name: f"{{{REDCAP}}}{name}"
    repeating = tree.findall(f".//{q('RepeatingInstrument')}")
    assert [r.get(q("RepeatInstrument")) for r in repeating] == ["daily_activity"], "what repeats"
    items = {item.get(q("Variable")): item for item in tree.iter(f"{{{ODM}}}ItemDef")}
    lists = {c.get("OID"): c for c in tree.iter(f"{{{ODM}}}CodeList")}
    groups = {g.get("OID"): g for g in tree.iter(f"{{{ODM}}}ItemGroupDef")}
    placed = {}
    for form in tree.iter(f"{{{ODM}}}FormDef"):
        for ref in form:
            for item in groups[ref.get("ItemGroupOID")]:
                placed[item.get("ItemOID")] = form.get(q("FormName"))
    assert set(placed) == set(items), "every item is on a form, and every reference leads to one"
    for field in fields:
        name = field["variable_field_name"]
        item = items[name]
        assert placed[name] == field["form_name"], f"form of {name}"
        kind = item.get(q("FieldType"))
        assert kind == {"dropdown": "select"}.get(field["field_type"], field["field_type"]), f"type of {name}"
        validation = item.get(q("TextValidationType"), "")
        expected = field["text_validation_type_or_show_slider_number"]
        assert VALIDATIONS.get(validation, validation) == expected, f"validation of {name}"
        assert item.findtext(f".//{{{ODM}}}TranslatedText") == field["field_label"], f"label of {name}"
        assert item.get(q("RequiredField"), "") == field["required_field"], f"required {name}"
        ref = item.find(f"{{{ODM}}}CodeListRef")
        choices = "" if ref is None else " | ".join(
            f"{c.get('CodedValue')}, {c.findtext(f'.//{{{ODM}}}TranslatedText')}" for c in lists[ref.get("CodeListOID")]
        )
        assert choices == field["choices_calculations_slider_labels"], f"choices of {name}"
    # REDCap's extensions are not in the schema, whose version is the next one.
    for element in list(tree.iter()):
        if element.tag.startswith(f"{{{REDCAP}}}"):
            element.getparent().remove(element)
        for name in [name for name in element.attrib if name.startswith(f"{{{REDCAP}}}")]:
            del element.attrib[name]
    tree.set("ODMVersion", "1.3.2")
    etree.XMLSchema(etree.parse(FIXTURES / "odm/ODM1-3-2.xsd")).assertValid(etree.fromstring(etree.tostring(tree)))


def refuses(check, what):
    try:
        check()
    except (AssertionError, KeyError, ValueError, jsonschema.ValidationError, etree.LxmlError):
        return
    raise SystemExit(f"{what}: accepted")


def main():
    text = (FIXTURES / "redcap/data_dictionary.csv").read_text()
    fields = dictionary(text)
    for old, new in [
        ("da_steps,", "Da-Steps,"), ("da_steps,", "da_vig_min,"), ("da_vig_min,daily_activity", "da_vig_min,participant"),
        (",radio,", ",buttons,"), ("date_ymd", "date_iso"), ('"1, Yes | 0, No"', ""), ("Field Note", "Note"),
        ("record_id,participant,,text", "record_id,participant,,calc"), ("'s", "\u2019s"),
    ]:
        assert old in text
        refuses(lambda: dictionary(text.replace(old, new)), f"dictionary with {new!r} for {old!r}")
    xml = (FIXTURES / "redcap/project.xml").read_bytes()
    project(xml, fields)
    for old, new in [
        (b"</Study>", b""), (b'DataType="integer"', b'DataType="whole"'), (b'Comparator="GE"', b'Comparator=">="'),
        (b'RepeatInstrument="daily_activity"', b'RepeatInstrument="Daily activity"'),
        (b'ItemOID="da_steps"', b'ItemOID="da_step"'), (b'CodeListOID="da_valid.choices"', b'CodeListOID="da_valid"'),
        (b'CodedValue="7"', b'CodedValue="8"'), (b' Mandatory="No"', b""), (b"<GlobalVariables>", b"<Globals>"),
        (b'TextValidationType="int"', b'TextValidationType="number"'),
    ]:
        assert old in xml
        refuses(lambda: project(xml.replace(old, new), fields), f"project with {new!r} for {old!r}")


main()
