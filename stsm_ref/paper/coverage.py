r"""Whether every sentence of the paper that states a number or a comparison is accounted for,
without keeping the paper.

A fingerprint of each such sentence and of each line of a table is kept with the tests. A sentence
is accounted for if a claim quotes it, or if `stsm_ref/paper/data/not_claims.toml` gives the reason
why it is none. ``tools/read_paper_again.py`` takes the fingerprints from the text.
"""

import hashlib
import re
from typing import NamedTuple

# what does not make a sentence numerical: citations, names with digits, and the numbers of figures,
# tables and sections
NAMES = re.compile(
    r"\[[\d,–\- ]+\]|\b[123]D\b|\(2\+1\)D|\b(?:Tables?|Figures?|Sections?|Equation) \(?[\d.–]+(?: "
    r"and \d)?\)?"
    r"|Kinetics-400|Something "
    r"V2|Mb_V2|MobileNetV2|MMAction2|ResNet-\d+|R-50|Rfn152|K400|Sth-V2|§[\d.]+"
)
COMPARISONS = re.compile(
    r"\b(?:zero|no|not|only|without|high|higher|highest|low|lower|less|more|most|than|better|best|good|smaller|large|many|outperforms?|improv\w+|"
    r"enhances?|increas\w+|decreas\w+|reduc\w+|degradation|boost\w*|state-of-the-art|competitive|same|equal|equivalent|essentially|essence|"
    r"different|opposite|similar|consistent|consistently|unchanged|any|all|each|both|first|last|final|one|two|three|four|five|ten|"
    r"twice|once|halves|times|interchanged|hundreds|proved|demonstrat\w+|effectiv\w+|effectively|cannot)\b",
    re.IGNORECASE,
)
TABLE_HEADINGS = ("Model", "GFLOPs", "#F", "Setting\t#F")


class Printed(NamedTuple):
    """A sentence, a displayed equation or a line of a table, and the section in which it is
    printed.
    """

    place: str
    kind: str
    text: str


def fingerprint(text: str) -> str:
    """Twelve hexadecimal digits that change with any letter or digit of `text`, and not with its
    spaces.

    >>> fingerprint("STSM has  no parameters.") == fingerprint("STSM has no parameters. ") != fingerprint("STSM has 9 parameters.")
    True
    """
    return hashlib.sha256(re.sub(r"\s+", "", text).encode()).hexdigest()[:12]


def states_something(sentence: str) -> bool:
    """Whether a sentence holds a number or compares; citations and names such as ResNet-50 are no
    numbers.

    >>> states_something("Rfn152 refers to RefineNet [43]."), states_something("It is 22% higher.")
    (False, True)
    """
    bare = NAMES.sub("", sentence)
    return bool(re.search(r"\d", bare) or COMPARISONS.search(bare))


def as_printed(paper: str) -> list[Printed]:
    """Cut the text of the paper, abstract to conclusions, into sentences, equations and lines of
    tables.

    The text is Markdown as a converter writes it: headings on their own lines, tabs between the
    cells of a table, ``$$`` for an equation.
    """
    body = paper[paper.index("Abstract:") + len("Abstract:") : paper.index("Author Contributions:")]
    body = body[: body.index("Keywords:")] + body[body.index("1. Introduction") :]
    printed: list[Printed] = []
    place, held = "abstract", ""

    def flush() -> None:
        nonlocal held
        printed.extend(Printed(place, "sentence", sentence) for sentence in sentences(held))
        held = ""

    for line in map(str.strip, body.splitlines()):
        heading = re.match(r"(\d(?:\.\d)*)\.? [A-Z0-9(]", line)
        if heading and len(line) < 90 and not line.endswith((".", ":")):
            flush()
            place = f"§{heading[1]}"
        elif "\t" in line:
            flush()
            if not line.startswith(TABLE_HEADINGS):
                printed.append(
                    Printed(
                        place,
                        "row",
                        line.replace("$", "").replace(r"\times", "×").replace(r"\diamond", "◇"),
                    )
                )
        elif line.startswith("$$"):
            flush()
            printed.append(Printed(place, "equation", line))
        elif line:
            held += f" {line}"
        elif held.rstrip().endswith((".", ":", ")")):
            flush()
    flush()
    return printed


def sentences(paragraph: str) -> list[str]:
    """Cut a paragraph after a full stop or a colon; the numbers of a list are left out.

    >>> sentences("1. Split X, i.e., cut it. 2. It is [4] zero: The end.")
    ['Split X, i.e., cut it.', 'It is [4] zero:', 'The end.']
    """
    text = re.sub(
        r"\b(e\.g|i\.e|etc|Ref)\.",
        lambda found: found[0][:-1] + "\0",
        re.sub(r"\s+", " ", paragraph).strip(),
    )
    parts = (
        part.replace("\0", ".").strip() for part in re.split(r"(?<=[.:])\s+(?=[A-Z\[\d#-])", text)
    )
    return [part.removeprefix("- ") for part in parts if part and not re.fullmatch(r"\d\.", part)]
