"""Hold a target to every rule that applies to it, and report."""

import time
from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, Phase, given, seed, settings

from stsm_ref.conformance import gradient_rules, memory_rules, shift_rules, value_rules
from stsm_ref.conformance.cases import Case
from stsm_ref.conformance.judge import requirement_of
from stsm_ref.conformance.report import Report, RuleResult, Violation
from stsm_ref.conformance.rule import RULES, Rule
from stsm_ref.conformance.target import Declined, Target, TargetError
from stsm_ref.conformance.trial import Level, Trial
from stsm_ref.errors import SpecError
from stsm_ref.geometry import ShiftSpec
from stsm_ref.verification import compare
