"""The agency's server: actions, store, vault, pages, worker."""
