#!/usr/bin/env python3
"""Writes steplog.json, from the tables of ../README.md alone: it shares no code with the crate.

    python3 vectors/make.py            writes vectors/steplog.json
    python3 vectors/make.py --check    fails when the file is not what would be written
    python3 vectors/make.py --corpus   also writes the seeds of fuzz/corpus
"""
import binascii
import json
import pathlib
import sys
import zlib

HERE = pathlib.Path(__file__).parent
U16, U32 = 0xFFFF, 0xFFFFFFFF


def le(value, size, signed=False):
    return value.to_bytes(size, "little", signed=signed)


def crc16(data):
    # CRC-16/CCITT-FALSE; binascii's CRC-HQX is the same polynomial with a free start value.
    return binascii.crc_hqx(data, 0xFFFF)


assert crc16(b"123456789") == 0x29B1
assert zlib.crc32(b"123456789") == 0xCBF43926


def block(v):
    kind = {"epochs": 1, "zero_run": 2, "details": 3, "gap": 4, "runs": 5}[v["kind"]]
    front = bytes([0x10 | kind, v["flags"]]) + le(v["boot"], 2) + le(v["first_seq"], 4)
    front += le(v["first_uptime_s"], 4) + bytes([v["epoch_s"], v["count"]])
    body = bytes.fromhex(v["body"])
    return front + le(crc16(front + body), 2) + body


def tlv(tag, value):
    return bytes([tag, len(value)]) + value


def feature(v):
    out = tlv(1, bytes(v["version"])) + tlv(2, le(v["bits"], 4)) + tlv(3, bytes.fromhex(v["device"]))
    if v["firmware"]:
        out += tlv(4, v["firmware"].encode())
    if v["epochs"]:
        out += tlv(5, bytes(v["epochs"]))
    if v["capacity"] is not None:
        out += tlv(6, le(v["capacity"], 4))
    if v["max_mtu"] is not None:
        out += tlv(7, le(v["max_mtu"], 2))
    if v["clock"] is not None:
        out += tlv(8, le(v["clock"][0], 2) + le(v["clock"][1], 2))
    if v["hosts"] is not None:
        out += tlv(9, bytes([v["hosts"]]))
    return out


FLAGS = ["clock_unset", "charging", "overrun", "worn", "exhausted"]


def state(v):
    flags = sum(1 << bit for bit, name in enumerate(FLAGS) if name in v["flags"])
    out = le(v["boot"], 2)
    for name in ("uptime_s", "oldest", "next", "acked", "lost"):
        out += le(v[name], 4)
    return out + bytes([255 if v["battery"] is None else v["battery"], flags])


WEAR = ["unknown", "worn", "not_worn", "charging"]


def live(v):
    return le(v["uptime_s"], 4) + le(v["steps"], 4) + bytes([v["cadence"], WEAR.index(v["wear"])])


def set_time(v):
    zone = -0x8000 if v["zone_min"] is None else v["zone_min"]
    accuracy = U16 if v["accuracy_ms"] is None else v["accuracy_ms"]
    return bytes([1, v["token"]]) + le(v["utc_us"], 8, True) + le(zone, 2, True) + le(accuracy, 2)


def set_time_reply(v):
    step = -0x80000000 if v["step_ms"] is None else v["step_ms"]
    return bytes([0x81, v["token"]]) + le(v["boot"], 2) + le(v["uptime_ms"], 6) + le(step, 4, True)


def anchor_entry(v):
    out = le(v["boot"], 2) + le(v["uptime_ms"], 6) + le(v["utc_ms"], 6)
    return out + bytes.fromhex(v["host"]) + le(v["accuracy_ms"], 2)


def anchor_unit(v):
    out = b"\x01" + le(v["boot"], 2) + le(v["uptime_ms"], 6) + le(v["utc_ms"], 8, True)
    out += le(v["accuracy_ms"], 4) + bytes.fromhex(v["host"])
    return out + le(crc16(out), 2)


def boot_link(v):
    out = le(v["boot"], 2) + le(v["previous"], 2) + le(v["previous_uptime_ms"], 6)
    out += le(v["off_ms"], 4) + le(v["seq"], 4)
    return out + le(crc16(out), 2)


OPS = {"read": 1, "abort": 2, "ack": 3, "erase": 4, "set_epoch": 5, "goal": 7, "hello": 8}


def request(v):
    op = v["op"]
    out = bytes([OPS[op]])
    if op == "read":
        return out + le(v["from"], 4) + le(v["max_epochs"], 2) + le(v["max_frames"], 2) + bytes([v["transfer"]])
    if op == "abort":
        return out + bytes([v["transfer"]])
    if op == "ack":
        return out + le(v["from"], 4) + le(v["to"], 4) + le(v["crc"], 4)
    if op == "erase":
        return out + le(v["to"], 4)
    if op == "set_epoch":
        return out + bytes([v["seconds"]])
    if op == "goal":
        return out + (b"\0" if v["steps"] is None else b"\x02" + le(v["steps"], 3))
    return out + bytes.fromhex(v["host"])


STATUS = ["ok", "unknown_operation", "bad_parameter", "differs", "overwritten", "not_allowed", "storage_fault"]


def reply(v):
    return bytes([0xF0, v["operation"], STATUS.index(v["status"])]) + le(v["value"], 4)


def frame(v):
    flags = (1 if v["number"] == 0 else 0) | (2 if v["last"] else 0) | (4 if v["aborted"] else 0)
    return bytes([v["transfer"]]) + le(v["number"], 2) + bytes([flags]) + bytes.fromhex(v["payload"])


def record(v):
    if "next" in v:
        return le(0, 2) + le(v["next"], 4)
    data = bytes.fromhex(v["block"])
    return le(len(data), 2) + le(v["seq"], 4) + data


def transfer(v):
    stream = b"".join(record({"seq": b["first_seq"], "block": block(b).hex()}) for b in v["blocks"])
    stream += record({"next": v["next"]})
    stream += le(zlib.crc32(stream), 4)
    size = v["mtu"] - 3 - 4
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    return [
        frame({"transfer": v["transfer"], "number": n, "last": n == len(pieces) - 1, "aborted": False, "payload": p.hex()})
        for n, p in enumerate(pieces)
    ]


def blk(kind, first_seq, body, count, uptime=3600, epoch_s=60, flags=0, boot=7):
    return {"kind": kind, "flags": flags, "boot": boot, "first_seq": first_seq, "first_uptime_s": uptime,
            "epoch_s": epoch_s, "count": count, "body": body}


WALK = blk("epochs", 1000, "6e017801ff01", 3)
IDLE = blk("zero_run", 1003, "02", 240, uptime=3780)
HOST = "a0a1a2a3a4a5a6a7"
ACK_CRC = zlib.crc32(block(WALK) + block(IDLE))
FULL = {"version": [1, 0], "bits": 13, "device": "0102030405060708", "firmware": "1.4.2", "epochs": [60, 15, 10],
        "capacity": 52080, "max_mtu": 247, "clock": [1, 50], "hosts": 4}
LEAST = {"version": [1, 0], "bits": 0, "device": "0102030405060708", "firmware": "", "epochs": [],
         "capacity": None, "max_mtu": None, "clock": None, "hosts": None}
STATE = {"boot": 7, "uptime_s": 18180, "oldest": 400, "next": 1243, "acked": 1000, "lost": 0, "battery": 87, "flags": ["worn"]}
LINK = {"boot": 7, "previous": 6, "previous_uptime_ms": 612500, "off_ms": 4000, "seq": 1000}
ANCHOR = {"boot": 7, "uptime_ms": 18180250, "utc_ms": 1772366400000, "host": HOST, "accuracy_ms": 42}

CASES = [
    ("three minutes, the last one saturated", "block", WALK),
    ("four hours not worn", "block", IDLE),
    ("short epoch of 44 s after a boot, clock unset, movement 3", "block", blk("epochs", 0, "0539", 1, 0, 44, boot=1)),
    ("first minute after a gap", "block", blk("epochs", 75, "3205", 1, 0, boot=2)),
    ("gap of sixty numbers after a reset without warning", "block", blk("gap", 15, "3c000000", 0, 0, 0, boot=2)),
    ("gap found by the host", "block", blk("gap", 400, "d2040000", 0, 0, 0, flags=1, boot=0)),
    ("a walk, ninety idle minutes, a walk", "block", blk("runs", 2000, "640167010001" "5a" "3201", 93)),
    ("four-byte epochs", "block", blk("details", 9, "6e01825f00020000", 2, 0, 15)),
    ("the last numbers there are", "block", blk("epochs", U32 - 2, "01010201", 2)),
    ("everything", "feature", FULL),
    ("the least there is", "feature", LEAST),
    ("worn, 843 minutes held", "state", STATE),
    ("all flags, battery unknown", "state", {**STATE, "lost": 60, "battery": None, "flags": FLAGS}),
    ("walking", "live", {"uptime_s": 18180, "steps": 5000, "cadence": 112, "wear": "worn"}),
    ("first try, Vienna in winter", "set_time", {"token": 1, "utc_us": 1772366400000000, "zone_min": 60, "accuracy_ms": None}),
    ("second try", "set_time", {"token": 2, "utc_us": 1772366403000000, "zone_min": None, "accuracy_ms": 2400}),
    ("clock was unset", "set_time_reply", {"token": 1, "boot": 7, "uptime_ms": 18180250, "step_ms": None}),
    ("clock was an hour ahead", "set_time_reply", {"token": 2, "boot": 7, "uptime_ms": 18183250, "step_ms": -3600000}),
    ("in the Time characteristic", "anchor_entry", ANCHOR),
    ("as the host keeps it", "anchor_unit", ANCHOR),
    ("four seconds off", "boot_link", LINK),
    ("read a day", "request", {"op": "read", "from": 1000, "max_epochs": 1440, "max_frames": 12, "transfer": 5}),
    ("stop", "request", {"op": "abort", "transfer": 5}),
    ("keep the two blocks above", "request", {"op": "ack", "from": 1000, "to": 1243, "crc": ACK_CRC}),
    ("forget", "request", {"op": "erase", "to": 1000}),
    ("quarter minutes", "request", {"op": "set_epoch", "seconds": 15}),
    ("ten thousand steps", "request", {"op": "goal", "steps": 10000}),
    ("no goal", "request", {"op": "goal", "steps": None}),
    ("who I am", "request", {"op": "hello", "host": HOST}),
    ("hello, you have 1000", "reply", {"operation": 8, "status": "ok", "value": 1000}),
    ("read, there is something up to 1243", "reply", {"operation": 1, "status": "ok", "value": 1243}),
    ("ack differs", "reply", {"operation": 3, "status": "differs", "value": ACK_CRC}),
    ("ack of what is overwritten", "reply", {"operation": 3, "status": "overwritten", "value": 1060}),
    ("no such operation", "reply", {"operation": 6, "status": "unknown_operation", "value": 0}),
    ("a block's record", "record", {"seq": 1003, "block": block(IDLE).hex()}),
    ("the end", "record", {"next": 1243}),
    ("given up", "frame", {"transfer": 5, "number": 3, "last": False, "aborted": True, "payload": ""}),
    ("two blocks at MTU 23", "transfer", {"mtu": 23, "transfer": 5, "next": 1243, "blocks": [WALK, IDLE]}),
    ("two blocks at MTU 247", "transfer", {"mtu": 247, "transfer": 5, "next": 1243, "blocks": [WALK, IDLE]}),
]


def vectors():
    out = []
    for name, form, value in CASES:
        data = globals()[form](value)
        data = [piece.hex() for piece in data] if isinstance(data, list) else data.hex()
        out.append({"format": form, "name": name, "hex": data, "value": value, "origin": "generated by make.py from README.md"})
    return json.dumps(out, indent=1) + "\n"


def corpus():
    folder = HERE.parent / "fuzz" / "corpus"
    for index, (name, form, value) in enumerate(CASES):
        data = globals()[form](value)
        for data in data if isinstance(data, list) else [data]:
            (folder / "decode" / f"{index:02}-{form}").write_bytes(data)
    # An honest dialogue of each mode: no damage; then damage here and there.
    (folder / "host_dialogue" / "honest").write_bytes(b"\x01" + bytes(300))
    (folder / "host_dialogue" / "damaged").write_bytes(b"\x01" + bytes(60) + b"\xf1\x05\x10" + bytes(90) + b"\xf0\x03" + bytes(60))
    (folder / "host_dialogue" / "scripted").write_bytes(b"\x00" + bytes(range(256)))
    hello = b"\x01\x05\x08" + bytes.fromhex(HOST)
    read = b"\x01\x05\x01" + le(0, 4) + le(600, 2) + le(12, 2) + b"\x01"
    (folder / "device_writes" / "read").write_bytes(b"\x00\x00\x17" + hello + b"\x01\x07" + read + b"\x01\x07" * 20)
    time = b"\x01\x06\x02\x0e" + set_time(next(value for _, form, value in CASES if form == "set_time"))
    (folder / "device_writes" / "time").write_bytes(b"\x00\x00\xf7" + hello + b"\x01\x07" + time + b"\x01\x07" + b"\x40\x02\x09" * 9 + b"\x01\x03")


if __name__ == "__main__":
    target = HERE / "steplog.json"
    if "--check" in sys.argv:
        sys.exit(0 if target.read_text() == vectors() else "steplog.json is not what make.py writes")
    target.write_text(vectors())
    if "--corpus" in sys.argv:
        corpus()
