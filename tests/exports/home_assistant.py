"""Looks at sensors as Home Assistant's MQTT integration would, and shows what it would show.

Reads one JSON object from standard input: {"configs": [a discovery message ...], "state": a message of theirs}. Writes
{unique id: value} with Home Assistant's own reading: "None" is unknown and becomes null. Ends with 1 and a sentence for
each thing that Home Assistant would refuse or say a warning about.

Sources: https://www.home-assistant.io/integrations/sensor.mqtt/ and .../integrations/mqtt/#mqtt-discovery for the
members, https://www.home-assistant.io/integrations/sensor/#device-class for classes and their units,
https://developers.home-assistant.io/docs/core/entity/sensor/#available-state-classes for state classes.
"""

import json
import sys

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMBERS = {
    "availability_topic", "default_entity_id", "device", "device_class", "entity_category", "icon", "name", "origin",
    "state_class", "state_topic", "unique_id", "unit_of_measurement", "value_template",
}
DEVICE = {"identifiers", "name", "sw_version"}
ORIGIN = {"name", "sw_version", "support_url"}
UNITS = {"battery": {"%"}, "duration": {"d", "h", "min", "s", "ms", "µs"}}
STATE_CLASSES = {"measurement", "total", "total_increasing"}


def refused(config):
    """Everything that does not fit in one discovery message."""
    yield from (f"{name} is no member of a sensor" for name in config.keys() - MEMBERS)
    if not isinstance(config.get("state_topic"), str):
        yield "state_topic is required"
    for name in ("state_topic", "availability_topic"):
        if any(sign in str(config.get(name, "")) for sign in "+#\0"):
            yield f"{name} is no topic to publish on"
    device = config.get("device", {})
    yield from (f"{name} is no member of a device" for name in device.keys() - DEVICE)
    if device and not device.get("identifiers"):
        yield "a device needs identifiers or connections"
    if device and not config.get("unique_id"):
        yield "a sensor of a device needs a unique_id"
    origin = config.get("origin")
    if origin is not None and ("name" not in origin or origin.keys() - ORIGIN):
        yield "origin needs a name, and knows sw_version and support_url beside it"
    if not config.get("default_entity_id", "sensor.x").startswith("sensor."):
        yield "default_entity_id begins with the domain"
    device_class, unit = config.get("device_class"), config.get("unit_of_measurement")
    if device_class is not None and unit not in UNITS.get(device_class, set()):
        yield f"{unit!r} is no unit of {device_class!r}"
    if config.get("state_class", "total") not in STATE_CLASSES:
        yield "there is no such state_class"
    if config.get("entity_category", "diagnostic") != "diagnostic":
        yield "a sensor can be diagnostic, and in no other category"


def shown(config, state):
    """What Home Assistant shows of a message."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    text = environment.from_string(config["value_template"]).render(value=state, value_json=json.loads(state)).strip()
    return None if text == "None" else float(text)


def main():
    told = json.load(sys.stdin)
    problems = [f"{config.get('name')}: {problem}" for config in told["configs"] for problem in refused(config)]
    ids = [config.get("unique_id") for config in told["configs"]]
    if len(set(ids)) < len(ids):
        problems.append("two sensors have the same unique_id")
    if problems:
        sys.exit("\n".join(problems))
    print(json.dumps({config["unique_id"]: shown(config, told["state"]) for config in told["configs"]}))


if __name__ == "__main__":
    main()
