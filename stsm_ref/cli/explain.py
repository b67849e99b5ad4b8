"""`stsm-ref explain`."""

from typing import Annotated

import typer

from stsm_ref.cli.shell import AsJson, command, print_json, screen


@command
def explain(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A requirement, such as PAD-1; 'all' lists them.")],
    as_json: AsJson = False,
) -> int:
    """Explain a requirement: the rule, the paper's words, how it is known, where it stops holding, a picture."""
    from stsm_ref.requirements import REQUIREMENTS, requirement

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
