"""The report as JUnit XML, as GitHub, GitLab and Jenkins read it: a rule is a test case.

A violation is a ``failure``. What could not be judged is an ``error``, and so is a run of fewer
cases than its level declares: a reader that knows only pass and fail must not take it for a pass.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

from stsm_ref._files import write_whole
from stsm_ref.evidence.report.report import Report, RuleResult, Violation
from stsm_ref.evidence.standing import OperationStanding

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, escaped or not: a target's standard error may well."""


def junit(report: Report) -> str:
    """Render the report."""
    cases = [_case(report, result) for result in report.results]
    cases.append(_whole_run(report))
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
        "time": f"{report.seconds:.3f}",
    }
    scope = f", {report.scope}" if report.scope else ""
    suite = Xml.Element(
        "testsuite",
        {"name": printable(f"stsm-ref check {report.name} {report.spec}{scope}"), **counts},
    )
    properties = Xml.SubElement(suite, "properties")
    facts = {
        "target": report.target,
        "kind": report.kind,
        "layout": report.layout,
        "level": report.level,
        "seed": str(report.seed),
    }
    facts |= {"scope": report.scope or "forward, vjp and jvp"} if report.operations else {}
    facts |= {f"{identifier} ({op})": _stands(one) for identifier, op, one in _standings(report)}
    facts |= {
        "outcome": report.outcome,
        "rung": report.rung,
        "cases": str(report.cases),
        "declared": str(report.declared),
    }
    for name, value in (
        facts
        | report.environment
        | {f"sha256 of {what}": digest for what, digest in report.hashes.items()}
    ).items():
        Xml.SubElement(properties, "property", {"name": printable(name), "value": printable(value)})
    suite.extend(cases)
    suites = Xml.Element("testsuites", {"name": "stsm-ref check", **counts})
    suites.append(suite)
    Xml.indent(suites)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(suites, encoding="unicode") + "\n"
    )


def _case(report: Report, result: RuleResult) -> Xml.Element:
    group = result.requirements[0] if result.requirements else result.rung
    attributes = {
        "classname": printable(f"{report.name}.{group}"),
        "name": printable(result.rule),
        "time": f"{result.seconds:.3f}",
    }
    case = Xml.Element("testcase", attributes)
    if result.outcome == "warned" and result.violation:
        Xml.SubElement(case, "system-out").text = printable(
            f"warning: {result.violation.requirement}: {result.violation.message}"
        )
    elif result.violation:
        _add(
            case,
            "failure",
            str(result.violation.requirement),
            result.violation.message,
            _telling(result.violation),
        )
    elif result.outcome == "violated":
        _add(case, "failure", result.rule, result.note or "violated", result.statement)
    elif result.outcome in ("broken", "undecided"):
        _add(case, "error", result.outcome, result.note or result.outcome, result.statement)
    elif result.outcome == "skipped":
        Xml.SubElement(case, "skipped", {"message": printable(result.note or "does not apply")})
    return case


def _standings(report: Report) -> Iterator[tuple[str, str, OperationStanding]]:
    for identifier, stands in report.requirements().items():
        for op, one in stands.operations.items():
            yield identifier, op, one


def _stands(one: OperationStanding) -> str:
    rung = f" {one.rung}" if one.outcome == "passed" else ""
    return f"{one.outcome}{rung}{f': {one.why}' if one.why else ''}"


def _whole_run(report: Report) -> Xml.Element:
    """Whether the run came to its end, and was as long as its level declares."""
    case = Xml.Element(
        "testcase",
        {
            "classname": printable(f"{report.name}.run"),
            "name": "the_run_is_complete",
            "time": "0.000",
        },
    )
    if report.broken:
        _add(
            case,
            "error",
            "broken",
            report.broken.strip().splitlines()[0] if report.broken.strip() else "broken",
            report.broken,
        )
    elif report.outcome == "undecided":
        message = (
            f"{report.cases} cases ran of the {report.declared} that level {report.level} declares"
        )
        _add(
            case,
            "error",
            "undecided",
            message,
            "A run that executed fewer cases than declared, or judged nothing, is not a pass.",
        )
    return case


def _telling(violation: Violation) -> str:
    lines = {
        "rule": f"{violation.requirement}, {violation.place}: {violation.statement}",
        "found": violation.message,
        "case": violation.case,
        "looks like": violation.guess,
        "reproduce": violation.reproduce,
    }
    return "\n".join(f"{name}: {text}" for name, text in lines.items() if text)


def _add(case: Xml.Element, tag: str, kind: str, message: str, text: str) -> None:
    Xml.SubElement(
        case, tag, {"type": printable(kind), "message": printable(message)}
    ).text = printable(text)


def printable(text: str) -> str:
    """`text` with what XML cannot hold written as Python would escape it."""
    return NO_XML.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def write(report: Report, path: Path) -> None:
    """Write the XML to `path`, whole or not at all.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    write_whole(path, junit(report))
