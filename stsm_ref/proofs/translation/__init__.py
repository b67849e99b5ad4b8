"""Translation validation (L5): whether somebody's torch module is STSM, for all sizes."""
