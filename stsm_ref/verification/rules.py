"""All checks, in the order of the requirements: importing the families registers them."""

from stsm_ref.verification import geometry_rules, gradient_rules, kernel_rules, matrix_rules, pixel_rules, shift_rules
from stsm_ref.verification.check import CHECKS

__all__ = ["CHECKS", "geometry_rules", "gradient_rules", "kernel_rules", "matrix_rules", "pixel_rules", "shift_rules"]
