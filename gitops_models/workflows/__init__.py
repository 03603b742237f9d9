"""The verbs as functions that read like the line register, promote, review, merge, reconcile, roll back, audit."""
