"""Reading durations."""

import re

UNITS = {"h": 3600, "m": 60, "s": 1}


def parse_duration(text: str) -> int:
    """The seconds that a text such as "1h 5m" means."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", text))
