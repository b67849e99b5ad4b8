"""Print the score of `mutmut run`, and each survivor with the reason why no test can kill it;
fail if one has none.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

MUTMUT = Path(sys.executable).with_name("mutmut")

DEAD = {"killed", "timeout"}  # a test failed, or never came back

# what the mutant's changed line looks like, and why it is the same program
EQUIVALENT = [
    (
        r"zip\(.*(strict=None|strict=False|, \))",
        "the lengths are equal by construction; `strict=True` guards against a later change",
    ),
    (
        r"fold_div: int = 9",
        "mutmut calls a mutant with the defaults of the original, so this one never runs",
    ),
    (r'in "XX\w+XX"', "a dtype's kind is one letter, and never X"),
    (
        r"slice\((None, size - gap|gap, None|None, gap|gap|size - gap, None)\)|slice\(size - "
        r"gap\), slice",
        "another spelling of the same slice",
    ),
    (
        r"distance >= 0",
        "nothing is vacant where nothing moves, and both windows are the whole axis",
    ),
    (
        r"vacant\[axis\] = None",
        "clears all of the group before the content is written over it: the same values, written "
        "twice (`bench` shows it)",
    ),
    (
        r"np\.zeros\(\(\), (None)?\)",
        "a zero of float64 becomes the same zero of the dtype that it is assigned to",
    ),
    (r"\[1\] \* weights\.ndim", "only the axes are read, not the displacements"),
    (r"exponent or 1", "without an exponent any number up to the limit will do"),
    (r"writeable = None", "None is as false as False"),
    (
        r"sparse\.kron\(.*(format=None|, \)\))",
        "the format only saves a conversion; the next call makes it CSR",
    ),
]


def mutmut(*arguments: str) -> str:
    """What mutmut prints."""
    return subprocess.run([MUTMUT, *arguments], capture_output=True, text=True, check=True).stdout


def main() -> int:
    """Print; 1 if a survivor is not accounted for."""
    outcomes = dict(
        line.strip().rsplit(": ", 1)
        for line in mutmut("results", "--all", "true").splitlines()
        if ": " in line
    )
    unexplained, explained = [], Counter()
    for name, outcome in outcomes.items():
        if outcome in DEAD:
            continue
        changed = "\n".join(
            line
            for line in mutmut("show", name).splitlines()
            if line.startswith("+") and not line.startswith("+++")
        )
        reasons = [reason for pattern, reason in EQUIVALENT if re.search(pattern, changed)]
        if outcome == "survived" and reasons:
            explained[reasons[0]] += 1
        else:
            unexplained.append(f"{name}: {outcome}\n    {changed}")
    killed = sum(outcome in DEAD for outcome in outcomes.values())
    print(
        f"{killed} of {len(outcomes)} mutants killed, {explained.total()} survive as the same "
        f"program, {len(unexplained)} unexplained"
    )
    for reason, count in explained.most_common():
        print(f"  {count:3}  {reason}")
    print(*unexplained, sep="\n")
    return bool(unexplained)


if __name__ == "__main__":
    sys.exit(main())
