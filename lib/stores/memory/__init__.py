"""Stores that live in memory: for tests of pages and use cases. They pass the same contract tests as the real ones."""
