"""Specs that must be refused: misspelt terms, shares outside [0, 1], unknown options, and
fractions under exact rounding.
"""

from collections.abc import Iterator
from typing import Any

from stsm_ref.vectors.generate.templates import Draft, table_specs

TERMS = {
    "letters-in-another-order": (
        "HT",
        "WT",
        "WH",
        "HTW",
        "HWT",
        "WTH",
        "WHT",
        "TWH",
        "T+WH",
        "HT+HW",
        "T+H+WT",
        "TH+WT+HW",
    ),
    "a-letter-twice": ("TT", "HH", "WW", "THH", "TTH", "THT", "HWW", "THWT", "T+HH", "TTT"),
    "a-term-twice": (
        "T+T",
        "H+H",
        "T+H+T",
        "TH+TH",
        "T+H+W+H",
        "HW+T+HW",
        "THW+THW",
        "T+H+W+T+H+W",
    ),
    "small-letters": ("t", "h", "w", "th", "t+h+w", "Th", "tHW", "T+h", "T+H+w", "thw"),
    "no-such-axis": (
        "X",
        "C",
        "N",
        "D",
        "T+C",
        "TC",
        "T+H+W+N",
        "Z",
        "THWC",
        "1",
        "T1",
        "T2",
        "THX",
        "all",
        "none",
    ),
    "an-empty-term": ("", "+", "T+", "+T", "T++H", "T+H+", "++"),
    "another-joint": ("T H", "T-H", "T&H", "T|H", "T/H", "T.H", "T;H", "T_H", "T + H", "T+ H"),
}
ALPHAS = {
    "alpha-outside": ("-1/8", "9/8", "2", "-1", "1.0001", "-0.001", "100", "3/2", "1e3", "-1e-9", "8/3", "37.5"),
    "alpha-is-no-rational": (
        "nan", "inf", "-inf", "3/0", "0/0", "x", "3:8", "3/", "/8", "3//8", "1/2/4", "0,5", "3 / x", "1e", "--1", "37.5%", "0x1", "pi",
    ),
}  # fmt: skip
OPTIONS = {
    "unknown-option": (
        ",forward", ",backward", ",forwards-first", ",forward_first", ",Forward-first", ",FLOOR", ",ceil", ",round", ",none", ",",
        ",,floor", ",exact,", ",tsm", ",floor;exact",
    ),
    "an-option-twice": (
        ",floor,exact", ",exact,floor", ",floor,floor", ",exact,exact", ",forward-first,backward-first", ",backward-first,forward-first",
        ",forward-first,forward-first", ",floor,forward-first,exact", ",exact,backward-first,forward-first",
    ),
}  # fmt: skip
DEFAULTS = {"terms": "T+H+W", "alpha": "3/8", "order": "forward-first", "rounding": "floor"}
FIELDS = {
    "order": (
        "forward",
        "backward",
        "Forward-first",
        "forward first",
        "first-forward",
        "",
        "floor",
        "lexicographic",
    ),
    "rounding": ("ceil", "round", "Floor", "", "nearest", "truncate", "forward-first", "half-even"),
}


def rejects() -> Iterator[Draft]:
    """Texts that no parser may take, the same as fields where the four fields can say it, and
    shares that are no whole number.
    """
    yield from _misspelt_terms()
    yield from _wrong_alphas()
    for flag, written in OPTIONS.items():
        for options in written:
            for head in ("T+H+W", "T@1/4"):
                yield _draft("options", flag, ("GEO-4", "GEO-5"), text=head + options)
    for name, written in FIELDS.items():
        for value in written:
            yield _draft(
                name, "unknown-option", ("GEO-4", "GEO-5"), fields=DEFAULTS | {name: value}
            )
    yield from _fractions()


def _misspelt_terms() -> Iterator[Draft]:
    for flag, written in TERMS.items():
        for terms in written:
            for alpha in ("", "@3/8"):
                yield _draft(
                    "terms",
                    flag,
                    ("GEO-2",),
                    text=f"{terms}{alpha}",
                    fields=DEFAULTS | {"terms": terms},
                )


def _wrong_alphas() -> Iterator[Draft]:
    for flag, written in ALPHAS.items():
        for alpha in written:
            for terms in ("T", "T+H+W"):
                fields = DEFAULTS | {"terms": terms, "alpha": alpha}
                given: dict[str, Any] = {} if "," in alpha else {"text": f"{terms}@{alpha}"}
                yield _draft("alpha", flag, ("GEO-3",), **given, fields=fields)


def _fractions() -> Iterator[Draft]:
    for spec in table_specs(exact=True):
        fields = {
            "terms": spec.terms,
            "alpha": str(spec.alpha),
            "order": spec.order,
            "rounding": spec.rounding,
        }
        for channels in (spec.channel_multiple - 1, spec.channel_multiple + 1):
            if channels % spec.channel_multiple:
                yield _draft(
                    "exact",
                    "share-is-no-whole-number",
                    ("GEO-4",),
                    text=str(spec),
                    fields=fields,
                    channels=channels,
                )


def _draft(slug: str, flag: str, requirements: tuple[str, ...], **given: Any) -> Draft:
    return Draft(slug, "reject", requirements, [flag], result="invalid", more=given)
