"""The findings of the validator for a terminal."""

from collections.abc import Sequence

from rich.console import Group
from rich.markup import escape
from rich.text import Text

from stsm_ref.implementations.protocol.validator import Finding

MARKS = {"right": ("✓", "green"), "wrong": ("✗", "red")}


def findings(results: Sequence[Finding]) -> Group:
    """One line for each point, and below what is wrong the reason and the line that shows it."""
    rows: list[Text] = []
    for finding in results:
        if finding.outcome == "not tried":
            continue
        mark, style = MARKS[finding.outcome]
        rows.append(Text.from_markup(f"[{style}]{mark}[/] {escape(finding.point)}"))
        details = [
            *finding.why.splitlines(),
            *([f"the line: {finding.line}"] if finding.line else []),
        ]
        rows.extend(Text(f"    {line}", style=style) for line in details)
    left = [finding for finding in results if finding.outcome == "not tried"]
    if left:
        rows.append(Text(f"· {len(left)} points not tried: {left[0].why}", style="dim"))
    right = sum(finding.outcome == "right" for finding in results)
    rows.append(
        Text(
            f"{right} of {len(results)} points are right",
            style="bold green" if right == len(results) else "bold red",
        )
    )
    return Group(*rows)
