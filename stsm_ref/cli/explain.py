"""`stsm-ref explain`."""

from typing import Annotated

import typer

from stsm_ref.cli.shell import AsJson, command, notes, print_json, screen


@command
def explain(
    identifier: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A requirement, such as PAD-1 ('all' lists them), a rule or theorem by name, a golden vector, or a case of check.",
        ),
    ],
    as_json: AsJson = False,
) -> int:
    """Explain a requirement, a rule or a case: the rule, the paper's words, how it is known or why it exists, a picture."""
    from stsm_ref.requirements import REQUIREMENTS, requirement

    if "/" in identifier or ":" in identifier:
        with notes.status("looking the case up"):
            from stsm_ref.conformance.explanation import explain_case

            explained = explain_case(identifier)
        if as_json:
            print_json(explained.as_dict())
        else:
            screen.print(explained.panel())
        return 0
    if "_" in identifier:
        with notes.status("looking the rule up"):
            from stsm_ref.conformance.statements import named

            statement = named(identifier)
        if as_json:
            print_json(statement._asdict())
        else:
            screen.print(statement.panel())
        return 0
    identifier = identifier.lower() if identifier.lower() == "all" else identifier
    chosen = REQUIREMENTS if identifier == "all" else (requirement(identifier),)
    if as_json:
        print_json([entry._asdict() for entry in chosen])
        return 0
    if identifier == "all":
        for entry in chosen:
            screen.print(f"[bold]{entry.id:9}[/] {entry.rule}", highlight=False)
        return 0
    from stsm_ref.verification import screen as view

    screen.print(view.explanation(chosen[0]))
    return 0
