"""Fails when a test was skipped for a reason that CI does not allow.

usage: skips.py JUNIT_XML ALLOWED_REASONS
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET  # the file was written by our own pytest run a moment ago


def allowed_reasons(path: Path) -> list[re.Pattern[str]]:
    """Read the patterns of the allow-list; blank lines and comments are left out."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [re.compile(line) for line in lines if line and not line.startswith("#")]


def skips(junit: Path) -> list[tuple[str, str]]:
    """Test and reason of each skip; an expected failure is no skip."""
    cases = ET.parse(junit).iter("testcase")  # noqa: S314 - our own file, see above
    found = [(case, skip) for case in cases for skip in case.iter("skipped") if skip.get("type") != "pytest.xfail"]
    return [(f"{case.get('classname')}::{case.get('name')}", skip.get("message") or "") for case, skip in found]


def main(junit: str, allowed: str) -> int:
    """Print what was skipped; 1 when a reason is not in the allow-list or no test ran."""
    patterns = allowed_reasons(Path(allowed))
    if not Path(junit).is_file():
        print(f"no test report at {junit}: pytest did not finish")
        return 1
    refused = 0
    for test, reason in skips(Path(junit)):
        fine = any(pattern.fullmatch(reason) for pattern in patterns)
        refused += not fine
        print(f"{'allowed' if fine else 'REFUSED'}: {test}: {reason}")
    print(f"{refused} refused skips")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
