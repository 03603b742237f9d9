"""What history says once it has been judged: the timeline, the state at any point, what does not hold, and why.

Everything here is recomputed from trees, signatures and the ledger. Trailers and dates are claims: they are compared
with the facts and a claim that lies is reported (DESIGN.md section 1, principle 8).
"""
