"""Every check of the package on our implementations."""
