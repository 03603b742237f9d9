"""Facts for a change and the fold over history: what every caller of the judge shares.

The pull request check, the hook at the server's door, the reconciler and the audit all come here. Nothing in this
package decides: it gathers facts from Git objects, signatures and the ledger, and asks ``policy.judge``.
"""
