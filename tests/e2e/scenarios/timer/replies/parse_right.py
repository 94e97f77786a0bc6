"""Reading durations."""

import re

UNITS = {"h": 3600, "m": 60, "s": 1}
WHOLE = re.compile(r"\s*(\d+[hms]\s*)+")


def parse_duration(text: str) -> int:
    """The seconds that a text such as "1h 5m" means."""
    if not WHOLE.fullmatch(text):
        raise ValueError(f"not a duration: {text!r}")
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", text))
