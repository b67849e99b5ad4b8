"""The theorems about our own code, their claims, and the wrong code that each must refute."""
