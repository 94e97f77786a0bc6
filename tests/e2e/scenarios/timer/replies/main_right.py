"""python3 -m timer TEXT: prints the seconds and the normal form of a duration."""

import sys

from timer.format import format_duration
from timer.parse import parse_duration


def main() -> int:
    """Reads the command line; returns the exit status."""
    try:
        seconds = parse_duration(" ".join(sys.argv[1:]))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(seconds, format_duration(seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
