"""The benchmark suite: every figure that the project claims, measured again."""
