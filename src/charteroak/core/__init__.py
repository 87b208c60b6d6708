"""What things mean: pure, the same input gives the same answer."""
