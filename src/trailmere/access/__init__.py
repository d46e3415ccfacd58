"""Who asks, and may they? Identities of our own, signatures, policies. No HTTP here."""
