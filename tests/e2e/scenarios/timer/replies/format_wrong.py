"""Writing durations."""


def format_duration(seconds: int) -> str:
    """A text such as "1h 5m"."""
    return f"{seconds // 3600}h {seconds // 60 % 60}m {seconds % 60}s"
