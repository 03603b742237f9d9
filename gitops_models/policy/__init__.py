"""The judge: policy document, facts, rules and verdicts. Pure; the same input gives the same verdict."""
