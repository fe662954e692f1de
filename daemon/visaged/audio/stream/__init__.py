"""Sound that other programs bring: decoded as it comes, kept for a moment, played at the pace of real time."""
