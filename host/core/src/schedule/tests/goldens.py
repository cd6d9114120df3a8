"""Writes goldens.txt, the goldens of golden.rs: random expressions in many zones, fired by the PyPI package cronsim.

    pip install cronsim==2.8 tzdata==2026.5 && python goldens.py > goldens.txt

Every line is: expression | zone | start | firings, as seconds since 1970. Not generated is what we read differently on
purpose:

- a fixed time with a seconds field: cronsim lets it follow the clock;
- a range of one with a step: `3-3/5` is 3 for cron, 3/5 for cronsim;
- a start inside a repeated hour: cronsim then answers with an instant of the past;
- what follows the clock where that changes by half an hour: cronsim steps over it by whole hours.

With other seeds it may also fire at a midnight that does not exist (Azores), or never come back from one that comes
twice. Firings end with 2025: what later releases of tzdata change is mostly still to come.
"""

import random
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

ZONES = """
UTC Europe/Berlin Europe/London Europe/Dublin Europe/Lisbon Europe/Chisinau Europe/Moscow Africa/Cairo Africa/Casablanca
Africa/El_Aaiun Africa/Lagos America/New_York America/Los_Angeles America/St_Johns America/Havana America/Asuncion
America/Santiago America/Sao_Paulo America/Nuuk America/Scoresbysund America/Port-au-Prince Asia/Beirut Asia/Jerusalem
Asia/Gaza Asia/Kolkata Asia/Kathmandu Asia/Tokyo Atlantic/Azores Australia/Lord_Howe Australia/Adelaide
Australia/Sydney Antarctica/Troll Antarctica/Casey Pacific/Auckland Pacific/Chatham Pacific/Easter Pacific/Norfolk
Pacific/Apia Pacific/Kiritimati Pacific/Marquesas
""".split()
CASES = 600
FIRINGS = 8
FIRST = int(datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp())
LAST = int(datetime(2025, 12, 31, tzinfo=timezone.utc).timestamp())

rng = random.Random(20240229)


def changes(zone):
    """The instants in the window at which the zone's offset changes, found by hourly steps."""
    offset = lambda t: datetime.fromtimestamp(t, zone).utcoffset()
    return [t for t in range(FIRST, LAST, 3600) if offset(t) != offset(t + 3600)]


def plain(low, high, names=()):
    value = lambda: rng.choice(names) if names and rng.random() < 0.4 else str(rng.randint(low, high))
    kind = rng.random()
    if kind < 0.45:
        return value()
    if kind < 0.65:
        return ",".join(value() for _ in range(rng.randint(2, 4)))
    first = rng.randint(low, high - 1)
    span = f"{first}-{rng.randint(first + 1, high)}"
    if kind < 0.8:
        return span
    if kind < 0.9:
        return f"{span}/{rng.randint(1, 7)}"
    return f"{first}/{rng.randint(1, 15)}"


def field(low, high, star, names=()):
    kind = rng.random()
    if kind < star:
        return "*"
    if kind < star + 0.12:
        return f"*/{rng.choice([1, 2, 3, 4, 5, 6, 7, 10, 15, 20])}"
    return plain(low, high, names)


def days():
    return rng.choice(["L", "LW", "1,L", "15,LW"]) if rng.random() < 0.12 else field(1, 31, 0.5)


def weekdays():
    names = "sun mon TUE Wed thu fri sat".split()
    if rng.random() < 0.12:
        return rng.choice(["mon#1", "5#2", "sun#5", "0#3,wed", "5L", "0L", "1#1,3#3"])
    return field(0, 7, 0.5, names)


def follows_clock(text):
    minute, hour = text.split()[-5:-3]
    return minute.startswith("*") or hour.startswith("*")


def expression(name, near_change):
    hour = field(0, 4, 0.2) if near_change else field(0, 23, 0.2)
    months = field(1, 12, 0.75, "jan Feb MAR apr oct nov".split())
    fields = [field(0, 59, 0.15), hour, days(), months, weekdays()]
    if name == "UTC" or (follows_clock(" ".join(fields)) and rng.random() < 0.2):
        fields.insert(0, field(0, 59, 0.1))
    return " ".join(fields)


def repeated(t, zone):
    return datetime.fromtimestamp(t, zone).fold == 1


def main():
    print(f"# made by goldens.py with cronsim {version('cronsim')}, tzdata {version('tzdata')}")
    all_changes = {name: changes(ZoneInfo(name)) for name in ZONES}
    made = 0
    while made < CASES:
        name = rng.choice(ZONES)
        zone = ZoneInfo(name)
        near = bool(all_changes[name]) and rng.random() < 0.6
        if near:
            start = rng.choice(all_changes[name]) - rng.randint(0, 26 * 3600)
        else:
            start = rng.randint(FIRST, LAST)
        text = expression(name, near)
        if repeated(start, zone) or (name == "Australia/Lord_Howe" and follows_clock(text)):
            continue
        try:
            firings = CronSim(text, datetime.fromtimestamp(start, zone))
            found = [int(next(firings).astimezone(timezone.utc).timestamp()) for _ in range(FIRINGS)]
        except (CronSimError, StopIteration, ValueError) as error:
            print(f"left out: {text!r}: {error!r}", file=sys.stderr)
            continue
        found = [at for at in found if at <= LAST]
        if not found:
            continue
        print(f"{text} | {name} | {start} | {' '.join(map(str, found))}")
        made += 1


main()
