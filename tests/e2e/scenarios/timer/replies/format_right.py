"""Writing durations."""


def format_duration(seconds: int) -> str:
    """A text such as "1h 5m"."""
    if seconds < 0:
        raise ValueError(f"not a duration: {seconds}")
    parts = [(seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
