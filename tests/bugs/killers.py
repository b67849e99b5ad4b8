"""Which rule of the suite sees each mutant: `python -m tests.bugs.killers` finds out and writes the
table again (minutes).

To hold every mutant to every rule costs ten times as much as to ask whether the rule that sees it
still does.
"""

import json
from pathlib import Path

from stsm_ref.bugs.implementation import Implementation
from stsm_ref.conformance import score as kit
from stsm_ref.conformance.score import WHY_NOT_ALONE
from stsm_ref.conformance.suite import HANDSHAKE, RULES
from stsm_ref.evidence.executor import RuleExecutor
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import TargetError

TABLE = Path(__file__).with_name("killers.json")
BY_THE_WHOLE = "the whole suite"
"""Stands for a rule where one rule by itself does not see it: the handshake does, or a rule
that looks at what others saw.
"""


def killers() -> dict[str, str]:
    """By mutant of level smoke: a rule that sees it, other than those that say why they kill
    nothing alone.
    """
    return dict(json.loads(TABLE.read_text()))


def executed(rule: str, entry: Implementation) -> RuleExecutor:
    """A rule alone on an implementation, with its cases of the level at which that is to be
    killed; none where it does not concern it.
    """
    target = kit.as_target(entry)
    context = SuiteContext(target, ShiftSpec.parse(entry.spec), level=entry.level)
    target.use(context.spec)
    executor = RuleExecutor(RULES[rule], context, tries=0)
    return executor if RULES[rule].skip_reason(context) else executor.run()


def sees(rule: str, entry: Implementation) -> bool:
    """Whether a rule alone sees that an implementation is wrong, or gets no answer."""
    executor = executed(rule, entry)
    return executor.failure is not None or bool(executor.broken)


def _killer(entry: Implementation) -> str:
    (verdict,) = kit.score([entry], first=True).mutants
    if verdict.killed_by[0] in WHY_NOT_ALONE:
        (verdict,) = kit.score([entry]).mutants
    for rule in verdict.killed_by:
        try:
            if rule != HANDSHAKE and rule not in WHY_NOT_ALONE and sees(rule, entry):
                return rule
        except TargetError:  # no answer at all
            break
    return BY_THE_WHOLE


if __name__ == "__main__":
    found = {
        entry.name: _killer(entry)
        for entry in kit.planted("all")
        if not entry.right and entry.level == "smoke"
    }
    TABLE.write_text(json.dumps(found, indent=1) + "\n")
