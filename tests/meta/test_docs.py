"""The pages keep their word: code that claims an output prints it, mathematics is mathematics, and
every page is reached.
"""

import ast
import contextlib
import importlib.util
import io
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in DOCS.rglob("*.md")
    if not {"_build", "_notebooks", "examples"} & set(path.parts)
)
OUTSIDE = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
IDS = [str(path.relative_to(DOCS)) for path in PAGES]
FENCE = re.compile(
    r"^```(?P<kind>\w+)\n(?P<code>.*?)^```$\s*(?:^```text\n(?P<printed>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)


def claims(text: str, kind: str = "python") -> list[tuple[str, str | None]]:
    """The blocks of that kind, each with the text block that follows it at once, or None."""
    return [
        (found["code"], found["printed"]) for found in FENCE.finditer(text) if found["kind"] == kind
    ]


def run_page(text: str) -> list[tuple[str, str]]:
    """Run every block of Python one after the other, and return what each with a claim printed,
    beside the claim.
    """
    names: dict[str, object] = {"__name__": "page"}
    outcomes = []
    for number, (code, printed) in enumerate(claims(text)):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, f"<block {number}>", "exec"), names)
        if printed is not None:
            outcomes.append((out.getvalue(), printed))
    return outcomes


def test_the_pages_are_found() -> None:
    """Those with claims are among them."""
    with_claims = [
        name
        for name, path in zip(IDS, PAGES, strict=True)
        if any(printed for _, printed in claims(path.read_text()))
    ]
    assert {
        "start/five-minutes.md",
        "concepts/channels.md",
        "howto/insert-into-your-model.md",
    } <= set(with_claims)


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_code_prints_what_the_page_says(path: Path) -> None:
    """A page on which a block of Python is followed by a block of text: all its Python runs, and
    each prints its text to the letter.
    """
    text = path.read_text()
    if not any(printed is not None for _, printed in claims(text)):
        return
    for got, said in run_page(text):
        assert got == said


def test_a_wrong_claim_is_seen() -> None:
    """A page that says what its code does not print gives two different texts, and broken code
    raises.
    """
    page = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    assert run_page(page) == [("2\n", "3\n")]
    with pytest.raises(ZeroDivisionError):
        run_page(page.replace("print(1 + 1)", "1 / 0"))


def commands_of(text: str) -> list[str]:
    """The NAME of every line `stsm-ref NAME ...` in a block of a page, with or without a prompt
    before it.
    """
    blocks = [
        code + (printed or "")
        for kind in ("console", "sh", "bash", "text")
        for code, printed in claims(text, kind)
    ]
    return [
        found
        for block in blocks
        for found in re.findall(
            r"^(?:\$ )?(?:\.venv/bin/)?stsm-ref +([a-z-]+)", block, re.MULTILINE
        )
    ]


@pytest.mark.parametrize("path", [*PAGES, *OUTSIDE], ids=[*IDS, *(path.name for path in OUTSIDE)])
def test_commands_exist(path: Path) -> None:
    """Every command that a page shows is one that there is."""
    import typer

    import stsm_ref.cli  # noqa: F401 # registers them
    from stsm_ref.cli.shell import app

    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert set(commands_of(path.read_text())) <= known


def test_a_command_that_is_not_there_is_seen() -> None:
    """With a prompt and without; a word inside a line is no command."""
    assert commands_of(
        "```console\n$ stsm-ref explode PAD-1\n```\n\n```text\nstsm-ref list  see stsm-ref "
        "show\n```\n"
    ) == [
        "explode",
        "list",
    ]


def dead_links(path: Path, text: str) -> list[str]:
    """Relative links of a page that lead nowhere: pages, pictures, downloads; notebooks are looked
    up where they live.
    """
    found = []
    for pattern in (
        r"\]\(([^)#\s]+)(?:#[^)]*)?\)",
        r'src="([^"]+)"',
        r"\{download\}`[^`<]*`{0,2}<([^>]+)>",
    ):
        for target in re.findall(pattern, text):
            there = (path.parent / target).resolve()
            there = ROOT / "notebooks" / there.name if there.parent.name == "_notebooks" else there
            if not target.startswith(("http:", "https:")) and not there.exists():
                found.append(target)
    return found


@pytest.mark.parametrize("path", [*PAGES, *OUTSIDE], ids=[*IDS, *(path.name for path in OUTSIDE)])
def test_relative_links_lead_somewhere(path: Path) -> None:
    """On every page of the site, in README, CONTRIBUTING and the changelog."""
    assert dead_links(path, path.read_text()) == []


def test_a_dead_link_is_seen() -> None:
    """A page, a picture and a download that are not there; what is there, and what is elsewhere, is
    none.
    """
    text = (
        "[a](evidence.md) [b](gone.md#part) ![c](pictures/gone.png) [d](https://example.org) "
        "{download}`e <examples/gone.c>`"
    )
    assert dead_links(DOCS / "page.md", text) == ["gone.md", "pictures/gone.png", "examples/gone.c"]


@pytest.mark.parametrize("path", [*PAGES, *OUTSIDE], ids=[*IDS, *(path.name for path in OUTSIDE)])
def test_every_block_says_its_language(path: Path) -> None:
    """A block without one is not run, and its commands are not looked up."""
    fences = re.findall(r"^```(.*)$", path.read_text(), re.MULTILINE)
    assert all(fences[::2]), f"{path.name}: {fences}"
    assert not any(fences[1::2]), f"{path.name}: {fences}"


def test_every_page_is_in_the_navigation() -> None:
    """The table of contents of the front page names each page but itself; decisions are under their
    own.
    """
    named = set()
    for parent in (DOCS / "index.md", DOCS / "decisions" / "index.md"):
        for block in re.findall(
            r"^```\{toctree\}\n(.*?)^```$", parent.read_text(), re.DOTALL | re.MULTILINE
        ):
            named |= {
                (parent.parent / line).resolve()
                for line in block.splitlines()
                if line and not line.startswith(":")
            }
    pages = {path.with_suffix("").resolve() for path in PAGES} - {(DOCS / "index").resolve()}
    assert pages == named - {(DOCS / "_notebooks" / "*").resolve()}


def load(path: Path) -> ModuleType:
    """A file that is in no package, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_mathematics_becomes_mathml() -> None:
    """A kernel is a table of four numbers between brackets."""
    written = load(DOCS / "_ext" / "mathml.py").mathml(
        r"\begin{bmatrix} 1 & 0 \\ 0 & 0 \end{bmatrix}", "block"
    )
    assert written.startswith("<math")
    assert (written.count("<mtr>"), written.count("<mn>")) == (2, 4)


@pytest.mark.parametrize("latex", [r"\nosuchcommand x", r"\begin{bmatrix} 1", r"x_{1"])
def test_what_is_no_mathematics_is_refused(latex: str) -> None:
    """An unknown command or an open brace fails the build, and is not printed as it stands."""
    with pytest.raises(ValueError, match=re.escape(repr(latex))):
        load(DOCS / "_ext" / "mathml.py").mathml(latex, "inline")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            '<script src="https://cdn.example/mathjax.js"></script>',
            "loads https://cdn.example/mathjax.js from the network",
        ),
        (
            '<link rel="stylesheet" href="//fonts.example/x.css">',
            "loads //fonts.example/x.css from the network",
        ),
        ('<img src="_images/x.png">', "has an image without words: _images/x.png"),
        (
            '<img src="_images/x.png" alt="_images/x.png">',
            "has an image without words: _images/x.png",
        ),
        (
            '<a href="https://example.org">a link</a><img src="x.png" alt="four frames"><script '
            'src="x.js"></script>',
            None,
        ),
    ],
)
def test_a_page_that_needs_the_network_is_seen(
    tmp_path: Path, body: str, problem: str | None
) -> None:
    """Scripts, styles and images from elsewhere are named, and images without words; links are what
    they are.
    """
    (tmp_path / "index.html").write_text(f"<html>{body}</html>")
    assert load(ROOT / "tools" / "check_site.py").problems(tmp_path) == (
        [f"index.html {problem}"] if problem else []
    )


@pytest.mark.parametrize(
    ("docstring", "becomes"),
    [
        (
            "One.\n\nRaises\n------\nE\n    If.\n\n>>> f()",
            "One.\n\nRaises\n------\nE\n    If.\n\nExamples\n--------\n>>> f()",
        ),
        ("One.\n\nNotes\n-----\nTwo.\n\n>>> f()", None),
        ("One.\n\n>>> f()", None),
    ],
)
def test_a_doctest_is_an_example(docstring: str, becomes: str | None) -> None:
    """After a section of entries it gets a heading of its own; elsewhere it stands as it is."""
    lines = docstring.split("\n")
    load(DOCS / "_ext" / "doctests.py").as_examples(None, "function", "f", None, None, lines)
    assert "\n".join(lines) == (becomes or docstring)


def test_the_tables_hold_all_that_the_package_holds() -> None:
    """What the site shows is what the package holds, and characters that mean something to the
    writer of the page are text.
    """
    from stsm_ref.checks.our_internals.registry import load as load_checks
    from stsm_ref.conformance.suite import RULES
    from stsm_ref.proofs.theorems.statements import STATEMENTS
    from stsm_ref.requirements import REQUIREMENTS

    tables = load(DOCS / "_ext" / "tables.py")
    assert [row[0] for row in tables.requirement_rows()] == [entry.id for entry in REQUIREMENTS]
    assert [row[0] for row in tables.check_rows()] == list(load_checks())
    assert [row[0] for row in tables.rule_rows()] == list(RULES)
    assert [row[0] for row in tables.theorem_rows()] == [statement.name for statement in STATEMENTS]
    assert [tables.assumptions()[int(row[3]) - 1] for row in tables.theorem_rows()] == [
        statement.assumes for statement in STATEMENTS
    ]
    assert tables.list_table(("a", "b"), [("0*inf", "S_d")], "1 1")[-2:] == [
        "   * - 0\\*inf",
        "     - S\\_d",
    ]


def read_as_types(source: str) -> list[str]:
    """Properties whose docstring the site would cut at a colon, taking what stands before it for a
    type.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and any(
            "property" in ast.unparse(mark) for mark in node.decorator_list
        ):
            first = (ast.get_docstring(node) or "").split("\n")[0]
            if ": " in re.sub(r"``.*?``|`.*?`", "", first):
                found.append(node.name)
    return found


def test_a_property_says_a_sentence() -> None:
    """No docstring of a property has a colon in its first line: the site would take what stands
    before it for a type.
    """
    assert read_as_types(
        'class C:\n    @property\n    def x(self):\n        """Only if so: else not."""'
    ) == ["x"]
    wrong = {
        path.name: read_as_types(path.read_text()) for path in (ROOT / "stsm_ref").rglob("*.py")
    }
    assert {name: found for name, found in wrong.items() if found} == {}


def test_no_docstring_begins_a_list_by_chance() -> None:
    """A line such as "C." alone, or "T. A clip", is item three or twenty of a list to the writer of
    the page.
    """
    found = []
    for path in sorted((ROOT / "stsm_ref").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                lines = re.findall(
                    r"^ *[A-Z]\.(?: .*)?$", ast.get_docstring(node) or "", re.MULTILINE
                )
                found += [f"{path.name}: {line.strip()}" for line in lines]
    assert found == []
