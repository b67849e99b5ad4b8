"""The report as JSON lines, for programs: ``schemas/report.schema.json`` describes each line.

A header, one line a rule, one a violation or warning, one for each requirement and operation that
was not asked, and a summary that counts the lines before it. A file without its summary was cut
short, and `read` refuses it: half a report is no verdict.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from stsm_ref._files import MIB, read_file, write_whole
from stsm_ref.errors import ReportError
from stsm_ref.evidence.report.report import Report, RuleResult, Violation
from stsm_ref.evidence.standing import Unasked

FORMAT, VERSION = "stsm-ref check", 1
MOST = 256 * MIB
"""Bytes of a report: one of a night has a few MiB."""
SCHEMA = Path(__file__).parent / "schemas" / "report.schema.json"
HEADER = tuple(
    field.name
    for field in fields(Report)
    if field.name not in ("results", "broken", "seconds", "unasked")
)


def records(report: Report) -> list[dict[str, Any]]:
    """The lines, as plain data."""
    header = {"record": "header", "format": FORMAT, "version": VERSION} | {
        name: getattr(report, name) for name in HEADER
    }
    header["limits"] = list(report.limits)
    lines = [header]
    for result in report.results:
        plain = asdict(result)
        del plain["violation"]
        asked = {identifier: list(ops) for identifier, ops in result.asked.items()}
        lines.append(
            {"record": "rule"} | plain | {"requirements": list(result.requirements), "asked": asked}
        )
    lines += [
        {"record": "violation"} | asdict(violation)
        for violation in (*report.violations, *report.warnings)
    ]
    lines += [{"record": "unasked"} | asdict(one) for one in report.unasked]
    summary = {
        "record": "summary",
        "outcome": report.outcome,
        "passed": report.passed,
        "rung": report.rung,
        "broken": report.broken,
    }
    table = {identifier: one.as_dict() for identifier, one in report.requirements().items()}
    counts = {
        "cases": report.cases,
        "declared": report.declared,
        "seconds": report.seconds,
        "exit_code": report.exit_code,
    }
    scope: dict[str, Any] = {"scope": report.scope, "operations": list(report.operations)}
    return [*lines, summary | scope | counts | {"requirements": table, "records": len(lines)}]


def write(report: Report, path: Path) -> None:
    """Write the lines to `path`, whole or not at all; raise `ReportError` if it cannot be
    written.
    """
    write_whole(
        path, "".join(json.dumps(record, allow_nan=False) + "\n" for record in records(report))
    )


def read(path: Path) -> Report:
    """Read a report back.

    Raises
    ------
    ReportError
        If the file cannot be read, is no such report, or is cut short or otherwise not what its
        summary says.
    """
    try:
        lines = (
            read_file(path, most=MOST, what="the report").decode().removesuffix("\n").split("\n")
        )
    except UnicodeDecodeError as error:
        raise ReportError(f"{str(path)!r} cannot be read: {error}") from None
    parsed = [_parsed(path, number, line) for number, line in enumerate(lines, 1)]
    if not parsed or parsed[0].get("record") != "header" or parsed[0].get("format") != FORMAT:
        raise ReportError(f"{str(path)!r} is no report of {FORMAT}: its first line is no header")
    header, *middle, summary = parsed if len(parsed) > 1 else [parsed[0], {}]
    if header.get("version") != VERSION:
        raise ReportError(
            f"{str(path)!r} has version {header.get('version')!r}: this release reads version "
            f"{VERSION}"
        )
    if summary.get("record") != "summary" or summary.get("records") != len(parsed) - 1:
        raise ReportError(
            f"{str(path)!r} is cut short: it has {len(parsed)} lines, and the last is no summary "
            "that counts them"
        )
    try:
        found = {v["rule"]: Violation(**_rest(v)) for v in middle if v["record"] == "violation"}
        results = tuple(_rule(r, found.get(r["rule"])) for r in middle if r["record"] == "rule")
        unasked = tuple(Unasked(**_rest(u)) for u in middle if u["record"] == "unasked")
        given = {name: header[name] for name in HEADER} | {"limits": tuple(header["limits"])}
        report = Report(
            **given,
            seconds=summary["seconds"],
            broken=summary["broken"],
            results=results,
            unasked=unasked,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReportError(f"{str(path)!r} is no whole report: {error}") from None
    if _lines_of(report) != parsed:
        raise ReportError(
            f"{str(path)!r} says {summary.get('outcome')!r}, and its lines do not add up to that"
        )
    return report


def _lines_of(report: Report) -> list[dict[str, Any]] | None:
    """The lines that the report would be written as; None where its values are such that it
    cannot be.
    """
    try:
        return records(report)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return None


def _parsed(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{str(path)!r}, line {number}, is no JSON: {error}") from None
    if not isinstance(record, dict):
        raise ReportError(f"{str(path)!r}, line {number}, is no record: {line[:60]}")
    return record


def _rest(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "record"}


def _rule(record: dict[str, Any], violation: Violation | None) -> RuleResult:
    plain = _rest(record)
    asked = {identifier: tuple(ops) for identifier, ops in plain["asked"].items()}
    return RuleResult(
        **plain | {"requirements": tuple(plain["requirements"]), "asked": asked},
        violation=violation,
    )
