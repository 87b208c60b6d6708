"""The models of the built-in engine, from drawn plates to weights. Not in the wheel."""
