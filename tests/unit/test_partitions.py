"""All 127 sets of terms in both orders, held against a stored table: what other comparisons have on
both sides is `geometry.py`.

`partitions.txt` lists each cut in full. It is held to the rules below, which are written out here
and ask no code, so that neither the table nor the code can be turned round alone.
"""

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, permutations
from pathlib import Path

import pytest

from stsm_ref.geometry import ShiftSpec

pytestmark = pytest.mark.requirement("GEO-2", "GEO-4", "GEO-5")

CHANNELS, ALPHA = 240, "3/4"
MOVING = 180  # channels that alpha gives out, before anything is rounded down
TABLE = Path(__file__).with_name("partitions.txt")

FORWARD_FIRST = {
    "T": "T+ T-",
    "H": "H+ H-",
    "W": "W+ W-",
    "TH": "T+H+ T+H- T-H+ T-H-",
    "TW": "T+W+ T+W- T-W+ T-W-",
    "HW": "H+W+ H+W- H-W+ H-W-",
    "THW": "T+H+W+ T+H+W- T+H-W+ T+H-W- T-H+W+ T-H+W- T-H-W+ T-H-W-",
}
BACKWARD_FIRST = {
    "T": "T- T+",
    "H": "H- H+",
    "W": "W- W+",
    "TH": "T-H- T-H+ T+H- T+H+",
    "TW": "T-W- T-W+ T+W- T+W+",
    "HW": "H-W- H-W+ H+W- H+W+",
    "THW": "T-H-W- T-H-W+ T-H+W- T-H+W+ T+H-W- T+H-W+ T+H+W- T+H+W+",
}
DIRECTIONS = {"forward-first": FORWARD_FIRST, "backward-first": BACKWARD_FIRST}
MOVES = {
    "T+": (1, 0, 0),
    "T-": (-1, 0, 0),
    "H+": (0, 1, 0),
    "H-": (0, -1, 0),
    "W+": (0, 0, 1),
    "W-": (0, 0, -1),
}


def stored() -> dict[tuple[str, str], list[str]]:
    """The lines of the table: terms and order, then each direction with its number of channels, and
    the rest.
    """
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return {(terms, order): cut for terms, order, *cut in map(str.split, lines)}


def restated(terms: tuple[str, ...], order: str) -> list[str]:
    """What the table must say: directions as written out above, and for each as many channels as
    fit into its share, counted up.
    """
    cut = []
    for term in terms:
        words = DIRECTIONS[order][term].split()
        fits = 0
        while (fits + 1) * len(terms) * len(words) <= MOVING:
            fits += 1
        cut += [f"{word}:{fits}" for word in words]
    return [*cut, f"rest:{CHANNELS - sum(int(entry.partition(':')[2]) for entry in cut)}"]


def as_cut(spec: ShiftSpec) -> list[str]:
    """What the code cuts, in the words of the table; a gap, an overlap or a step of two would have
    no words.
    """
    words, place = [], 0
    names = {move: name for name, move in MOVES.items()}
    for start, stop, displacement in spec.partition(CHANNELS):
        assert start == place
        place = stop
        alone = [
            tuple(d if k == axis else 0 for k in range(3))
            for axis, d in enumerate(displacement)
            if d
        ]
        words.append(f"{''.join(names[move] for move in alone) or 'rest'}:{stop - start}")  # type: ignore[index]
    assert place == CHANNELS
    return words


def sets_of_terms() -> Iterator[tuple[str, ...]]:
    """Every non-empty set of the seven terms, in the order in which they are listed above."""
    for size in range(1, 8):
        yield from combinations(FORWARD_FIRST, size)


def test_the_table_says_what_the_rules_say() -> None:
    """254 different lines, each as the written-out directions and the counted shares make it."""
    wanted = {
        ("+".join(terms), order): restated(terms, order)
        for terms in sets_of_terms()
        for order in DIRECTIONS
    }
    assert stored() == wanted
    assert len(wanted) == 254
    assert len({tuple(cut) for cut in wanted.values()}) == 254


def test_the_code_cuts_as_the_table_says() -> None:
    """Each of the 254 specs, direction by direction and channel by channel."""
    for (terms, order), cut in stored().items():
        assert as_cut(ShiftSpec(terms, ALPHA, order)) == cut, (terms, order)  # type: ignore[arg-type]


def test_terms_are_cut_in_the_order_written() -> None:
    """Up to three terms in every order, which is 259 spellings, each with both orders of
    directions; and all seven, reversed.
    """
    spellings = [terms for size in (1, 2, 3) for terms in permutations(FORWARD_FIRST, size)]
    for terms in [*spellings, tuple(reversed(FORWARD_FIRST))]:
        for order in DIRECTIONS:
            spec = ShiftSpec("+".join(terms), ALPHA, order)  # type: ignore[arg-type]
            assert as_cut(spec) == restated(terms, order), spec


def test_one_spec_with_its_directions_turned_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the directions of `H+THW`, backward-first, turned in the code, that line and no other
    disagrees.
    """
    right = ShiftSpec.directions.fget  # type: ignore[attr-defined]

    def turned(self: ShiftSpec) -> object:
        directions = right(self)
        if self.terms == "H+THW" and self.order == "backward-first":
            return tuple(term[::-1] for term in directions)
        return directions

    monkeypatch.setattr(ShiftSpec, "directions", property(turned))
    wrong = [
        key for key, cut in stored().items() if as_cut(ShiftSpec(key[0], ALPHA, key[1])) != cut
    ]  # type: ignore[arg-type]
    assert wrong == [("H+THW", "backward-first")]


def test_alpha_and_rounding_do_not_turn_directions() -> None:
    """Share and rounding are not asked for a direction: at every other alpha and with `exact` the
    same ones stand in the same order.
    """
    for terms, order in stored():
        spec = ShiftSpec(terms, ALPHA, order)  # type: ignore[arg-type]
        others = [dataclasses.replace(spec, alpha=Fraction(alpha)) for alpha in ("0", "3/8", "1")]
        assert {
            other.directions for other in (*others, dataclasses.replace(spec, rounding="exact"))
        } == {spec.directions}
