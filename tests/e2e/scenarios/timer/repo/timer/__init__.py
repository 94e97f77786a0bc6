"""Durations such as 1h 5m."""
