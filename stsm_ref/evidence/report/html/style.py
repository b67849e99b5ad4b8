"""The style sheet that our pages share: one column, light or dark as the reader's system is,
and a colour for each outcome.
"""

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #222; --quiet: #666; --line: #ddd; --paper: #fff; --raised: #f7f7f8;
  --passed: #1a7f37; --violated: #c62828; --broken: #b3490b; --undecided: #9a6700; --skipped: #777;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e6e6; --quiet: #a0a0a0; --line: #3a3a3a; --paper: #161616; --raised: #1f1f21;
    --passed: #4cc26b; --violated: #ff7b72; --broken: #ffa657; --undecided: #e3b341; --skipped: #8b8b8b;
  }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; }
.quiet { color: var(--quiet); }
.passed { color: var(--passed); } .violated { color: var(--violated); } .broken { color: var(--broken); }
.undecided { color: var(--undecided); } .skipped { color: var(--skipped); }
"""
