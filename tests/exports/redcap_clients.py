"""PyCap and redcaplite drive the stand-in: it is only worth something if programs made for REDCap are at home in it.

    python redcap_clients.py URL TOKEN      the project holds two days of P-0007, instances 20 and 21
"""

import contextlib
import io
import sys

import redcap
import redcaplite

URL, TOKEN = sys.argv[1:]


def row(record, instance, steps):
    return {
        "record_id": record, "redcap_repeat_instrument": "daily_activity", "redcap_repeat_instance": instance,
        "da_date": "2026-11-22", "da_tz_offset_min": 60, "da_steps": steps, "da_revision": 1,
    }


def refused(call, word):
    """The call fails, and says why."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            call()
        except Exception as error:
            assert word in str(error), error
            return
    raise AssertionError(f"{word}: not refused")


def pycap():
    project = redcap.Project(URL, TOKEN)
    assert project.def_field == "record_id"
    assert str(project.export_version()) == "15.5.1"
    assert project.export_project_info()["is_longitudinal"] == 0
    assert [form["form_name"] for form in project.export_repeating_instruments_events()] == ["daily_activity"]
    assert len(project.export_metadata()) == 21
    days = project.export_records(records=["P-0007"], forms=["daily_activity"])
    assert [(day["redcap_repeat_instance"], day["da_steps"]) for day in days] == [(20, "9001"), (21, "")], days
    frame = project.export_records(format_type="df", forms=["daily_activity"])
    assert frame["da_steps"].sum() == 9001
    # Counts are of records, not of rows.
    assert project.import_records([row("P-0001", 1, 10), row("P-0001", 2, 20)]) == {"count": 1}
    assert project.import_records([row("P-0001", 1, 11)], return_content="ids", overwrite="overwrite") == ["P-0001"]
    # The trap: "new" is the next free number, and a day that is sent again becomes two.
    for _ in range(2):
        project.import_records([row("P-0002", "new", 30)])
    days = project.export_records(records=["P-0002"], forms=["daily_activity"])
    assert [day["redcap_repeat_instance"] for day in days] == [1, 2]
    assert project.delete_records(["P-0001"], instrument="daily_activity", repeat_instance=2) == 1
    days = project.export_records(records=["P-0001"], forms=["daily_activity"])
    assert [(day["redcap_repeat_instance"], day["da_steps"]) for day in days] == [(1, "11")]
    refused(lambda: project.import_records([row("P-0003", 1, "many")]), "da_steps")
    refused(lambda: project.import_records([row("P-0003", 1, 1), {**row("P-0003", 2, 1), "da_valid": 7}]), "da_valid")
    refused(lambda: project.import_records([{"record_id": "P-0003", "nowhere": 1}]), "nowhere")
    label = {**row("P-0003", 1, 1), "redcap_repeat_instrument": "Daily activity"}
    refused(lambda: project.import_records([label]), "redcap_repeat_instrument")
    assert project.export_records(records=["P-0003"]) == [], "nothing of a refused import is stored"
    assert any("P-0001" in entry["action"] for entry in project.export_logging())
    refused(lambda: redcap.Project(URL, "F" * 32).export_metadata(), "permissions")


def lite():
    client = redcaplite.RedcapClient(URL, TOKEN)
    with contextlib.redirect_stdout(io.StringIO()):
        days = client.export_records(records=["P-0007"], forms=["daily_activity"], format="json")
        assert [day["da_revision"] for day in days] == ["2", "1"], days
        client.import_records(data=[row("P-0004", 1, 40)], format="json")
        client.import_records(data=[row("P-0004", 1, 41)], format="json")
        days = client.export_records(records=["P-0004"], forms=["daily_activity"], format="json")
        assert [day["da_steps"] for day in days] == ["41"]
        client.delete_records(records=["P-0004"])
        assert client.export_records(records=["P-0004"], format="json") == []
        for _ in range(2):
            client.import_records(data=[row("P-0005", "new", 50)], format="json")
        assert len(client.export_records(records=["P-0005"], forms=["daily_activity"], format="json")) == 2
        refused(lambda: client.import_records(data=[row("P-0006", 1, "many")], format="json"), "da_steps")
        refused(lambda: client.delete_records(records=["P-0006"]), "do not exist")


pycap()
lite()
