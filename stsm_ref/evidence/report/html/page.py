"""The report as one HTML page with nothing to load: verdict first, then what is broken, then what
every requirement has reached.

Whatever comes from the target is escaped, and so is what a browser or a text file cannot hold.
"""

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from string import Template

from stsm_ref._files import write_whole
from stsm_ref.errors import StsmError
from stsm_ref.evidence.outcome import RUNGS
from stsm_ref.evidence.report.html.figure import figure
from stsm_ref.evidence.report.html.style import STYLE
from stsm_ref.evidence.report.junit import printable
from stsm_ref.evidence.report.report import Report, RuleResult, Violation
from stsm_ref.evidence.standing import OPS, OperationStanding, Standing
from stsm_ref.requirements import REQUIREMENTS, requirement

HEADLINES = {
    "passed": "Conforms",
    "violated": "Does not conform",
    "broken": "Could not be judged",
    "undecided": "Undecided",
    "skipped": "Not asked",
    "warned": "Conforms",
}
PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
$style
main { display: grid; gap: 1.6rem; }
.verdict { border-left: 6px solid currentColor; padding: .2rem 0 .2rem 1rem; }
.verdict h1 { font-size: 2rem; line-height: 1.2; margin: 0; }
.verdict p { color: var(--ink); margin: .3rem 0 0; }
h2 { font-size: 1.15rem; margin: 0 0 .5rem; }
.facts { display: flex; flex-wrap: wrap; gap: .4rem 1.8rem; margin: 0; }
.facts div { min-width: 0; } .facts dt { font-size: .8rem; color: var(--quiet); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.strip { display: flex; flex-wrap: wrap; gap: 3px; }
.strip i { width: 15px; height: 15px; border-radius: 3px; background: currentColor; }
.strip i.skipped { background: none; box-shadow: inset 0 0 0 1px currentColor; opacity: .6; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .88em; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; overflow-x: auto; margin: .5rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
article { border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1.1rem; margin-bottom: .9rem; }
article h3 { font-size: 1rem; margin: 0; } article p { margin: .35rem 0; }
.message { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .92rem; overflow-wrap: anywhere;
  white-space: pre-wrap;  border-left: 3px solid var(--violated); padding-left: .7rem; }
.guess { font-weight: 600; }
figure { margin: .8rem 0; display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; align-items: center; }
figure svg { max-width: 100%; height: auto; flex: none; } figure svg:first-child { width: 35rem; }
figcaption { flex: 1 1 16rem; font-size: .92rem; }
svg text { font: 11px system-ui, sans-serif; fill: #222; }
.group0 { fill: #9ecae9; } .group1 { fill: #ffcf9e; } .group2 { fill: #b7e2b0; } .group3 { fill: #f5b7b1; } .group4 { fill: #d4c2ec; }
.group5 { fill: #e3d3a8; } .rest { fill: #d5d5d5; } .mark { fill: var(--violated); }
.cell { fill: var(--raised); stroke: var(--line); } .cell.origin { stroke: var(--passed); stroke-width: 3; }
.cell.bad { fill: var(--violated); }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td { padding: .28rem .8rem .28rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.state { white-space: nowrap; } .not-asked, .does-not-apply { color: var(--quiet); } .warned { color: var(--undecided); }
td.id { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { overflow-x: auto; }
.note { color: var(--quiet); font-size: .88rem; white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; font-weight: 600; }
section details { margin: .4rem 0; } section details summary { font-weight: 400; }
@media (max-width: 40rem) { .optional { display: none; } body { margin-top: 1rem; } .verdict h1 { font-size: 1.6rem; } }
</style>
<main>
<header class="verdict $outcome"><h1>$headline</h1><p>$sentence</p></header>
<dl class="facts">$facts</dl>
<div class="strip" role="img" aria-label="$tally">$strip</div>
$broken
$violations
<section><h2>Requirements</h2><div class="wide"><table>
<tr><th>id<th>rule<th class="optional">paper<th>forward<th>vjp<th>jvp</tr>
$requirements
</table></div>$unasked</section>
<details><summary>Every rule that was tried</summary><div class="wide"><table>
<tr><th>rule<th>rung<th class="number">cases<th class="number optional">seconds<th>outcome</tr>
$rules
</table></div></details>
<section><h2>What the rungs mean</h2><ul>$rungs</ul>
<p class="quiet">A requirement carries the strongest rung among its rules that passed, in each operation that it is about. Shapes, specs and
dtypes that were not tried are not covered, and neither is a spec other than the one above.</p>$limits</section>
<details><summary>Where this verdict comes from</summary><pre>$origin</pre></details>
</main>
</html>
""")


def page(report: Report) -> str:
    """Render the report."""
    counts = {
        outcome: sum(result.outcome == outcome for result in report.results)
        for outcome in HEADLINES
    }
    tally = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    return PAGE.substitute(
        style=STYLE,
        title=_safe(f"{_headline(report)}: {report.name}"),
        outcome=report.outcome,
        headline=_safe(_headline(report)),
        sentence=_safe(_sentence(report)),
        facts="".join(
            f"<div><dt>{name}</dt><dd>{_safe(value)}</dd></div>"
            for name, value in _facts(report).items()
        ),
        tally=_safe(f"rules: {tally}"),
        strip="".join(
            f"<i class='{r.outcome}' title='{_safe(f'{r.rule}: {r.outcome}')}'></i>"
            for r in report.results
        ),
        broken=(
            "<section><h2>Why it could not be judged to the "
            f"end</h2><pre>{_safe(report.broken)}</pre></section>"
        )
        if report.broken
        else "",
        violations=_violations(report),
        requirements="\n".join(_requirement(*row) for row in _in_table_order(report)),
        rules="\n".join(_rule(result) for result in report.results),
        rungs="".join(
            f"<li><b>{rung}</b> {_safe(meaning)}</li>" for rung, meaning in RUNGS.items()
        ),
        unasked=_listed("Not asked, and what does not apply", _unasked(report)),
        limits=_listed("Not seen of this target", report.limits),
        origin=_safe("\n".join(_origin(report))),
    )


def _headline(report: Report) -> str:
    scope = f", {report.scope}" if report.scope else ""
    return HEADLINES[report.outcome] + (f" at {report.rung}{scope}" if report.passed else "")


def _listed(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{_safe(line)}</li>" for line in lines)
    return f"<p>{title}:</p><ul class='quiet'>{items}</ul>" if items else ""


def _unasked(report: Report) -> Iterator[str]:
    for (state, why), identifiers in report.reasons().items():
        yield (
            f"{', '.join(identifiers)}: {state}, since {why}"
            if state == "not asked"
            else f"{', '.join(identifiers)}: {state}: {why}"
        )


def _sentence(report: Report) -> str:
    if report.outcome == "passed":
        what = {"": "", "forward only": " Nothing was asked about its gradients."}.get(
            report.scope, f" Asked: {report.scope}."
        )
        strongest = f"The strongest evidence is {report.rung}, {RUNGS.get(report.rung, '')}."
        return f"{report.name} holds every rule that was asked of it.{what} {strongest}"
    if report.outcome == "violated":
        broken = dict.fromkeys(violation.requirement for violation in report.violations)
        return (
            f"{report.name} breaks {', '.join(broken)}."
            if broken
            else f"{report.name} breaks a rule."
        )
    if report.outcome == "broken":
        return (
            f"{report.name} gave no answer that could be judged: "
            f"{(report.broken.strip() or 'see below').splitlines()[0]}"
        )
    return (
        f"{report.cases} cases ran of the {report.declared} that level {report.level} "
        "declares: nothing passes by having run nothing."
    )


def _facts(report: Report) -> dict[str, str]:
    return {
        "target": report.target,
        "spec": report.spec,
        "layout": report.layout,
        "written in": report.kind,
        "level": report.level,
        "seed": str(report.seed),
        "asked": report.scope or ("forward, vjp and jvp" if report.operations else "nothing"),
        "cases": f"{report.cases:,} ({report.declared:,} declared)",
        "time": f"{report.seconds:.1f} s",
    }


def _violations(report: Report) -> str:
    """The most telling in full, the others folded: one bug breaks many rules. Then what is
    wrong and was not demanded.
    """
    warned = [f"{v.requirement}, {v.rule}: {v.message}" for v in report.warnings]
    warnings = f"<section>{_listed('Warnings', warned)}</section>" if warned else ""
    if not report.violations:
        return warnings
    first, *others = report.violations
    folded = "".join(
        (
            f"<details><summary>{_safe(v.requirement)} <code>{_safe(v.rule)}</code> "
            f"{_safe(v.statement)}</summary>{_violation(v)}</details>"
        )
        for v in others
    )
    more = f"<p class='quiet'>The same run breaks {len(others)} more:</p>{folded}" if others else ""
    return f"<section><h2>What is broken</h2>{_violation(first)}{more}</section>{warnings}"


def _violation(violation: Violation) -> str:
    where = f"{_safe(violation.place)} · {_safe(violation.rule)}"
    guess = f"<p class='guess'>Looks like: {_safe(violation.guess)}</p>" if violation.guess else ""
    parts = (
        f"<h3>{_safe(violation.requirement)} <span "
        f"class='quiet'>{where}</span></h3><p>{_safe(violation.statement)}</p>",
        f"<p class='message'>{_safe(violation.message)}</p>{guess}{figure(violation)}",
        f"<p class='quiet'>The smallest case found: <code>{_safe(violation.case)}</code></p>",
        f"<p class='quiet'>To see it again:</p><pre>{_safe(violation.reproduce)}</pre>",
    )
    return f"<article>{''.join(parts)}</article>"


def _in_table_order(report: Report) -> list[tuple[str, Standing]]:
    """The requirements as the table of the paper has them, and after them what it does not know."""
    order = [entry.id for entry in REQUIREMENTS]
    return sorted(
        report.requirements().items(),
        key=lambda row: order.index(row[0]) if row[0] in order else len(order),
    )


def _requirement(identifier: str, stands: Standing) -> str:
    try:
        entry = requirement(identifier)
        rule, place = entry.rule, entry.place
    except StsmError:  # a report of another release
        rule, place = "", ""
    cells = "".join(_cell(stands.operations.get(op)) for op in OPS)
    return (
        f"<tr><td class='id'>{_safe(identifier)}<td>{_safe(rule)}<td class='optional "
        f"quiet'>{_safe(place)}{cells}</tr>"
    )


def _cell(one: OperationStanding | None) -> str:
    """How it stands in one operation; a requirement is not about every one."""
    if one is None:
        return "<td class='quiet'>·"
    rung = f" {one.rung}" if one.outcome == "passed" else ""
    why = f" title='{_safe(one.why)}'" if one.why else ""
    return f"<td class='state {one.outcome.replace(' ', '-')}'{why}>{_safe(one.outcome + rung)}"


def _rule(result: RuleResult) -> str:
    note = f"<div class='note'>{_safe(result.note)}</div>" if result.note else ""
    return (
        f"<tr><td><code>{_safe(result.rule)}</code><div>{_safe(result.statement)}</div>{note}<td>{_safe(result.rung)}"
        f"<td class='number'>{result.cases:,}<td class='number optional'>{result.seconds:.2f}"
        f"<td class='{result.outcome}'>{result.outcome}</tr>"
    )


def _origin(report: Report) -> list[str]:
    return [
        *(f"{name} {version}" for name, version in report.environment.items()),
        *(f"SHA-256 of the {what}: {digest}" for what, digest in report.hashes.items()),
        f"seed {report.seed}: the same seed draws the same cases",
    ]


def _safe(text: str) -> str:
    return escape(printable(text))


def write(report: Report, path: Path) -> None:
    """Write the page to `path`, whole or not at all; raise `ReportError` if it cannot be
    written.
    """
    write_whole(path, page(report))
