"""Prepared expressions and lines by ID: format, library, packs, device cache, player, mood."""
