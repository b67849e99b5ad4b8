"""Read the claims: sentences from ``claims.toml``, cells of tables from `stsm_ref.paper.tables`."""

from typing import Any

from stsm_ref._suggest import suggest
from stsm_ref.errors import SpecError
from stsm_ref.paper.cells import cell_claims
from stsm_ref.paper.claim import Claim
from stsm_ref.paper.data import read_data


def _sentences() -> tuple[Claim, ...]:
    entries: list[dict[str, Any]] = read_data("claims.toml")["claim"]
    return tuple(
        Claim(
            **entry
            | {key: tuple(entry.get(key, ())) for key in ("quotes", "evidence", "elsewhere")}
        )
        for entry in entries
    )


def _not_claims() -> tuple[tuple[str, str], ...]:
    groups = read_data("not_claims.toml")["reason"]
    return tuple((quote, group["why"]) for group in groups for quote in group["quotes"])


CLAIMS: tuple[Claim, ...] = (*_sentences(), *cell_claims())
"""Every checkable claim: first the sentences in the paper's order, then the cells of Tables
1 to 7.
"""

NOT_CLAIMS: tuple[tuple[str, str], ...] = _not_claims()
"""Sentences that hold a number or compare and are no checkable claims, each with the reason."""


def claim(identifier: str) -> Claim:
    """Look a claim up by its id, in any case.

    Raises
    ------
    SpecError
        If there is none; the message lists the near ones.

    >>> claim("22-percent").status
    'contradicted'
    """
    by_id = {entry.id: entry for entry in CLAIMS}
    if identifier.lower() not in by_id:
        hint = suggest(identifier.lower(), by_id, "stsm-ref claims lists them")
        raise SpecError(f"id={identifier!r} is not a claim: {hint}")
    return by_id[identifier.lower()]
