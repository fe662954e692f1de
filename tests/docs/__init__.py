"""Checks of the documents: ``python -m tests.docs`` (part of ``make lint``)."""
