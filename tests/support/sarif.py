"""What SARIF 2.1.0 demands of a log, as far as gm writes it: the essentials of the standard's own JSON Schema."""

import re

LEVELS = {"none", "note", "warning", "error"}
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
RELATIVE = re.compile(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+")


def faults(log):
    """Every place where the log is not what the standard says, in words."""
    found = []

    def demand(holds, what):
        if not holds:
            found.append(what)

    demand(set(log) == {"$schema", "version", "runs"}, "a log has $schema, version and runs")
    demand(log["version"] == "2.1.0", "version")
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        demand(bool(driver["name"]), "3.19.8 driver.name")
        rules = driver["rules"]
        demand(len({rule["id"] for rule in rules}) == len(rules), "3.49.3 ids are unique")
        for rule in rules:
            _rule(rule, demand)
        for result in run["results"]:
            _result(result, rules, demand)
        for one in run["invocations"]:
            demand(isinstance(one["executionSuccessful"], bool), "3.20.14 executionSuccessful")
            for note in one["toolExecutionNotifications"]:
                demand(note["level"] in LEVELS and bool(note["message"]["text"]), "3.58 notification")
        demand(run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}, "3.14.27 columnKind")
        demand(isinstance(run["properties"], dict), "3.8 property bag")
        demand(bool(run["automationDetails"]["id"]), "3.17 automationDetails")
    return found


def _rule(rule, demand):
    demand(re.fullmatch(r"GM-[A-Z]\d{3}", rule["id"]), f"rule id {rule['id']}")
    for name in ("shortDescription", "fullDescription", "help"):
        demand(bool(rule[name]["text"].strip()), f"{name} of {rule['id']}")
    demand(ABSOLUTE.fullmatch(rule["helpUri"]), f"3.49.12 helpUri of {rule['id']} is absolute")
    demand(rule["defaultConfiguration"]["level"] in LEVELS, f"level of {rule['id']}")


def _result(result, rules, demand):
    demand(rules[result["ruleIndex"]]["id"] == result["ruleId"], "3.27.6 ruleIndex points at the rule")
    demand(result["level"] in LEVELS, "3.27.10 level")
    demand(bool(result["message"]["text"]), "3.27.11 message")
    demand(bool(result["locations"]), "a place for every result")
    for location in result["locations"]:
        physical = location["physicalLocation"]
        uri = physical["artifactLocation"]["uri"]
        demand(RELATIVE.fullmatch(uri) and not uri.startswith("/"), f"3.4.3 relative uri {uri}")
        demand(physical["region"]["startLine"] >= 1, "3.30.5 startLine")
