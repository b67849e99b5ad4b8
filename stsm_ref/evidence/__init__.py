"""What a check, a rule and a proof share: cases, failures, how a requirement stands, and
reports.
"""
