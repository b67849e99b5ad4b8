"""`stsm-ref explain`."""

from typing import TYPE_CHECKING, Annotated

import typer

from stsm_ref.cli.shell import AsJson, command, notes, print_json, screen

if TYPE_CHECKING:
    from stsm_ref.conformance.explanation import Explanation
    from stsm_ref.conformance.statements import Statement


@command
def explain(
    identifier: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A requirement, such as PAD-1, a rule, theorem or bug by name, a golden vector, "
            "or a case of check; without, all are listed.",
        ),
    ] = "all",
    as_json: AsJson = False,
) -> int:
    """Explain a requirement, a rule or a case: the rule, the paper's words, how it is known or why
    it exists, a picture.
    """
    from rich.text import Text

    from stsm_ref.requirements import REQUIREMENTS, requirement

    if any(mark in identifier for mark in "/:_") or _is_bug(identifier):
        with notes.status("looking it up"):
            explained = _case_or_rule(identifier)
        if as_json:
            print_json(explained.as_dict())
        else:
            screen.print(explained.panel())
        return 0
    identifier = identifier.lower() if identifier.lower() == "all" else identifier
    chosen = REQUIREMENTS if identifier == "all" else (requirement(identifier),)
    if as_json:
        print_json([entry.as_dict() for entry in chosen])
        return 0
    if identifier == "all":
        for entry in chosen:
            screen.print(Text.assemble((f"{entry.id:9}", "bold"), f" {entry.rule}"))
        return 0
    from stsm_ref.checks.our_internals import terminal as view

    screen.print(view.explanation(chosen[0]))
    return 0


def _case_or_rule(identifier: str) -> "Explanation | Statement":
    """Cases have a slash or a colon in their name; rules, checks and theorems are named like
    functions.
    """
    if "/" in identifier or ":" in identifier:
        from stsm_ref.conformance.explanation import explain_case

        return explain_case(identifier)
    from stsm_ref.conformance.statements import bug, named

    return bug(identifier) if _is_bug(identifier) else named(identifier)


def _is_bug(identifier: str) -> bool:
    """Bugs are written in small letters, requirements in capitals."""
    if not identifier.islower() or identifier == "all":
        return False
    from stsm_ref.conformance.statements import bugs

    return identifier in bugs(torch=identifier.startswith("torch-"))
