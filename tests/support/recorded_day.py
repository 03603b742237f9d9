"""A day of one trigger as a monitor would have recorded it: a value every two minutes, and what befell it.

00:00  fine all the time, a little up and down       10:02  nobody recorded anything until 10:30
02:00  an hour of too few samples                    12:00  it fails: 1.1.0 is served from 12:12 on
04:00  two bad values                                12:20  so does that one: 1.3.0 from 12:50 on
06:00  four errors                                   12:50  and that one, until 13:08
08:00  an hour of exactly what is allowed            16:00  an hour of NaN
10:00  a bad value, and another one at 10:30         20:00  ten minutes of a value that stands still
"""

import json

TRIGGER = {
    "name": "accuracy-drop",
    "use": "prometheus-main",
    "query": "a{{version}}",
    "baseline": {"of": "previous-version", "max_drop": 0.05},
    "for": "5m",
    "grace": "2m",
    "cooldown": "30m",
    "min_samples": 200,
}
TURNS = [
    ("00:00", "ok"),
    ("02:00", "no-data"), ("03:00", "ok"),
    ("04:00", "pending"), ("04:04", "ok"),
    ("06:00", "error"), ("06:08", "ok"),
    ("10:00", "pending"), ("10:32", "ok"),
    ("12:00", "pending"), ("12:06", "fired"), ("12:08", "in-progress"), ("12:12", "ok"),
    ("12:20", "pending"), ("12:26", "cooldown"), ("12:36", "fired"), ("12:38", "in-progress"),
    ("12:50", "grace"), ("12:52", "pending"), ("12:58", "cooldown"), ("13:06", "blocked"), ("13:08", "ok"),
    ("16:00", "no-data"), ("17:00", "ok"),
    ("20:00", "no-data"), ("20:10", "ok"),
]  # fmt: skip
BEFELL = [
    ("02:00", "03:00", {"samples": 150}),
    ("04:00", "04:04", {"value": 0.89}),
    ("06:00", "06:08", {"value": None, "error": "connection refused"}),
    ("08:00", "09:00", {"value": 0.90}),
    ("10:00", "10:32", {"value": 0.89}),
    ("12:00", "12:12", {"value": 0.85}),
    ("12:20", "12:50", {"value": 0.80}),
    ("12:50", "13:08", {"value": 0.85}),
    ("16:00", "17:00", {"value": float("nan")}),
    ("20:00", "20:10", {"at": "2026-11-21T19:50:00Z"}),
]
SERVED = [("00:00", "1.2.0"), ("12:12", "1.1.0"), ("12:50", "1.3.0")]
HOLE = ("10:02", "10:30")


def whole_day():
    """The recording, line by line."""
    times = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 24 * 60, 2)]
    return [_line(number, time) for number, time in enumerate(times) if not HOLE[0] <= time < HOLE[1]]


def _line(number, time):
    befell = next((fields for begins, ends, fields in BEFELL if begins <= time < ends), {})
    version = [version for begins, version in SERVED if begins <= time][-1]
    value = (950 + number * 7 % 11 - 5) / 1000
    said = {"time": f"2026-11-21T{time}:00Z", "trigger": "accuracy-drop", "version": version, "value": value}
    baseline = {"value": 0.95, "samples": 400}
    return json.dumps({**said, "samples": 400, "baseline": baseline, **befell}).encode() + b"\n"
