"""The way in: porch to vault, as a visible tuple of steps. Workers, dead letters, the closing account."""
