"""Tests of the box by the camera."""
