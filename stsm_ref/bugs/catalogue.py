"""Every bug that is one wrong function of a clip, by its name.

What is wrong by memory of other calls, in the gradient alone or where few look is a whole
`stsm_ref.bugs.implementation.Implementation`, in modules of its own.
"""

from stsm_ref.bugs import batches, moves, partitions, values
from stsm_ref.bugs.bug import Bug, Forward, Parts

BUGS: dict[str, Bug] = {
    bug.name: bug for bug in (*moves.BUGS, *partitions.BUGS, *batches.BUGS, *values.BUGS)
}


def wrong(name: str, parts: Parts) -> Forward:
    """Build the bug of this name from the right pieces."""
    return BUGS[name].build(parts)
