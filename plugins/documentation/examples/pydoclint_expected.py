"""What pydoclint 0.12.0 expects of its own test data, for `pydoclint.rs`: a line for each file and for each violation in scope.

    python3 examples/pydoclint_expected.py UNPACKED-SDIST > expected.tsv

pydoclint must be importable. Its tests pin these results; files whose style is in their path are checked with that style.
"""

import re
import sys
from pathlib import Path

from pydoclint.main import _checkFile

GONE = "argument that does not exist (DOC102, DOC103)"
LEFT_OUT = "argument left out (DOC101, DOC103)"
KINDS = {
    "DOC104": "order (DOC104)",
    "DOC105": "type (DOC105)",
    "DOC202": "return value that is none (DOC202)",
    "DOC503": "exceptions (DOC503)",
}


def kinds(text: str) -> list[str]:
    code = text[:6]
    if code == "DOC103":
        found = []
        if "in the docstring but not in the function signature" in text:
            found.append(GONE)
        if "in the function signature but not in the docstring" in text:
            found.append(LEFT_OUT)
        return found
    return [KINDS[code]] if code in KINDS else []


def main() -> None:
    sdist = Path(sys.argv[1])
    for path in sorted((sdist / "tests" / "test_data").rglob("*.py")):
        style = next((style for style in ("google", "numpy", "sphinx") if style in str(path.relative_to(sdist))), None)
        if style is None or not path.is_file():
            continue
        name = path.relative_to(sdist)
        print(f"{name}\t\t")
        try:
            violations = _checkFile(filename=path, style=style)
        except Exception:  # noqa: BLE001 - files that are there to be refused
            continue
        for violation in violations:
            text = str(violation)
            function = re.search(r"`([^`]+)`", text)
            for kind in kinds(text):
                if function:
                    print(f"{name}\t{kind}\t{function.group(1)}")


main()
