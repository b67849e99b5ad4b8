"""The verdict as one HTML page with nothing to load: readable in any browser, for those who
were not there.
"""

from html import escape
from string import Template
from typing import Any

from stsm_ref.evidence.report.html.style import STYLE

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>stsm_ref: $outcome</title>
<style>
$style
details { border-top: 1px solid var(--line); padding: .5rem 0; }
summary { display: grid; grid-template-columns: 6.5rem 1fr 7.5rem 4rem 6rem; gap: .8rem; cursor: pointer; align-items: baseline; }
summary > :first-child { font-weight: 600; } summary > :last-child { font-weight: 600; text-align: right; }
blockquote { border-left: 3px solid var(--line); margin: .6rem 0; padding-left: .8rem; color: var(--quiet); }
pre { background: color-mix(in srgb, var(--violated) 10%, transparent); padding: .6rem; overflow-x: auto; }
@media (max-width: 40rem) {
  summary { grid-template-columns: 5.5rem 1fr 5rem; font-size: .9rem; }
  summary > :nth-child(3), summary > :nth-child(4) { display: none; }
}
</style>
<h1>stsm_ref verify: <span class="$outcome">$outcome</span></h1>
<p class="quiet">$environment</p>
<p>$summary</p>
$rows
<h2>What the rungs mean</h2>
<ul>$rungs</ul>
</html>
""")


def page(data: dict[str, Any], not_covered: str) -> str:
    """Render what `stsm_ref.checks.our_internals.run.as_json` returns."""
    entries = data["requirements"]
    held = sum(entry["outcome"] == "passed" for entry in entries)
    return PAGE.substitute(
        style=STYLE,
        outcome=escape(data["outcome"]),
        environment=escape(
            ", ".join(f"{name} {version}" for name, version in data["environment"].items())
        ),
        summary=escape(f"{held} of {len(entries)} requirements hold. {not_covered}"),
        rows="\n".join(_entry(entry) for entry in entries),
        rungs="".join(
            f"<li><b>{escape(rung)}</b> {escape(meaning)}</li>"
            for rung, meaning in data["rungs"].items()
        ),
    )


def _entry(entry: dict[str, Any]) -> str:
    open_if_bad = "" if entry["outcome"] == "passed" else " open"
    quote = (
        f"<blockquote>{escape(entry['quote'])} <cite>({escape(entry['place'])})</cite></blockquote>"
        if entry["quote"]
        else ""
    )
    checks = "".join(_check(check) for check in entry["checks"])
    cells = "".join(
        f"<span>{escape(entry[key])}</span>"
        for key in ("id", "rule", "standing_in_words", "rung_in_words")
    )
    parts = "".join(
        (
            f"<li>{escape(part['text'])} <span class='quiet'>{part['standing']}, "
            f"{part['evidence']}</span></li>"
        )
        for part in entry["clauses"]
    )
    parts = f"<p class='quiet'>Part by part:</p><ul>{parts}</ul>" if parts else ""
    return (
        f"<details{open_if_bad}><summary>{cells}<span "
        f"class='{entry['outcome']}'>{entry['outcome']}</span></summary>"
        f"{quote}<p class='quiet'>Where it stops holding: "
        f"{escape(entry['limits'])}.</p>{parts}<ul>{checks}</ul></details>"
    )


def _check(check: dict[str, Any]) -> str:
    assumes = (
        f"<br><span class='quiet'>Assumes: {escape(check['assumes'])}.</span>"
        if check["assumes"]
        else ""
    )
    failure = f"<pre>{escape(check['failure'])}</pre>" if check["failure"] else ""
    return (
        f"<li><span class='{check['outcome']}'>{check['outcome']}</span> {escape(check['side'])} "
        f"{escape(check['rung'])} "
        f"<code>{escape(check['check'])}</code>: "
        f"{escape(check['statement'])} <span class='quiet'>{check['cases']:,} cases, "
        f"{check['seconds']:.2f} s</span>{assumes}{failure}</li>"
    )
