"""Who signed what: signatures, identities, decisions, the ledger and what a clone remembers."""
