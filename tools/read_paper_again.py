"""Take the fingerprints of the paper's sentences and table lines from its text: python
tools/read_paper_again.py PAPER.txt.

The text itself is not kept here. What comes out is ``tests/paper/fingerprints.txt``, and a list of
what no claim accounts for.
"""

import sys
from pathlib import Path

from stsm_ref.paper import CLAIMS, NOT_CLAIMS
from stsm_ref.paper.coverage import as_printed, fingerprint, states_something

OUT = Path(__file__).parents[1] / "tests" / "paper" / "fingerprints.txt"


def main(path: Path) -> int:
    """Write the fingerprints; print what is left, and each quotation that the text does not
    have.
    """
    printed = as_printed(path.read_text())
    accountable = [
        entry for entry in printed if entry.kind != "sentence" or states_something(entry.text)
    ]
    OUT.write_text(
        "".join(f"{entry.kind} {entry.place} {fingerprint(entry.text)}\n" for entry in accountable)
    )
    quoted = {fingerprint(quote) for claim in CLAIMS for quote in claim.quotes} | {
        fingerprint(quote) for quote, _ in NOT_CLAIMS
    }
    left = [
        entry
        for entry in accountable
        if entry.kind == "sentence" and fingerprint(entry.text) not in quoted
    ]
    for entry in left:
        print(f"{entry.place} {entry.kind}: {entry.text}")
    known = {fingerprint(entry.text) for entry in printed}
    strangers = sorted(
        claim.id
        for claim in CLAIMS
        for quote in claim.quotes
        if claim.place[:5] != "Table" and fingerprint(quote) not in known
    )
    print(
        f"{len(accountable)} fingerprints, {len(left)} not accounted for; quotations that are not "
        f"in the text: {strangers or 'none'}"
    )
    return bool(left or strangers)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
