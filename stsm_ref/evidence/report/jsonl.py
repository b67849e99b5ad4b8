"""The report as JSON lines, for programs: ``schemas/report.schema.json`` describes each line.

A header, a line for each rule, for each violation or warning, and for each requirement that was not
asked in an operation, and a summary that counts the lines before it.
A file without its summary was cut short, and `read` refuses it: half a report is not a verdict.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from stsm_ref._files import MIB, read_file, write_whole
from stsm_ref.errors import ReportError
from stsm_ref.evidence.report.report import (
    FORMAT,
    VERSION,
    Report,
)

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
    lines = [header]
    for result in report.results:
        plain = asdict(result)
        del plain["violation"]
        lines.append({"record": "rule"} | plain)
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
    summary |= scope | counts | {"requirements": table, "records": len(lines)}
    return [_lists(line) for line in [*lines, summary]]


def _lists(value: Any) -> Any:
    """The same with lists in place of tuples, as JSON gives them back."""
    if isinstance(value, dict):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, list | tuple) else value


def write(report: Report, path: Path) -> None:
    """Write the lines to `path`, whole or not at all.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    write_whole(
        path, "".join(json.dumps(record, allow_nan=False) + "\n" for record in records(report))
    )


def read(path: Path) -> Report:
    """Read a report back.

    Raises
    ------
    ReportError
        If the file cannot be read, is not a report of this version or is cut short, or if its
        lines do not add up to its summary.
    """
    try:
        lines = (
            read_file(path, most=MOST, what="the report").decode().removesuffix("\n").split("\n")
        )
    except UnicodeDecodeError as error:
        raise ReportError(f"{str(path)!r} cannot be read: {error}") from None
    parsed = [_parsed(path, number, line) for number, line in enumerate(lines, 1)]
    if not parsed or parsed[0].get("record") != "header" or parsed[0].get("format") != FORMAT:
        raise ReportError(
            f"{str(path)!r} is not a report of {FORMAT}: its first line is not a header"
        )
    header, *middle, summary = parsed if len(parsed) > 1 else [parsed[0], {}]
    if header.get("version") != VERSION:
        raise ReportError(
            f"{str(path)!r} has version {header.get('version')!r}: "
            f"this release reads version {VERSION}"
        )
    if summary.get("record") != "summary" or summary.get("records") != len(parsed) - 1:
        raise ReportError(
            f"{str(path)!r} is cut short: it has {len(parsed)} lines, "
            "and the last is not a summary that counts them"
        )
    try:
        report = _report(header, middle, summary)
    except (KeyError, TypeError, ReportError) as error:
        raise ReportError(f"{str(path)!r} is not a whole report: {error}") from None
    if _lines_of(report) != parsed:
        raise ReportError(
            f"{str(path)!r} says {summary.get('outcome')!r}, and its lines do not add up to that"
        )
    return report


def _report(
    header: dict[str, Any], middle: list[dict[str, Any]], summary: dict[str, Any]
) -> Report:
    of_kind: dict[str, list[dict[str, Any]]] = {"rule": [], "violation": [], "unasked": []}
    for record in middle:
        of_kind[record["record"]].append(record)
    violations = {one["rule"]: one for one in of_kind["violation"]}
    results = [rule | {"violation": violations.get(rule["rule"])} for rule in of_kind["rule"]]
    ends = {"seconds": summary["seconds"], "broken": summary["broken"]}
    unasked = {"results": results, "unasked": of_kind["unasked"]}
    return Report.from_dict(header | ends | unasked)


def _lines_of(report: Report) -> list[dict[str, Any]] | None:
    """The lines that would be written of the report; None if it cannot be written."""
    try:
        return records(report)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return None


def _parsed(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{str(path)!r}, line {number}, is not JSON: {error}") from None
    if not isinstance(record, dict):
        raise ReportError(f"{str(path)!r}, line {number}, is not a record: {line[:60]}")
    return record
