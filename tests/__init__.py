"""Tests; a package, so that folders can share their builders."""
