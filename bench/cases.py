"""What can be measured, by name, and what of it somebody wants."""


class Cases:
    def __init__(self, *functions):
        self.by_name = {function.__name__: function for function in functions}

    def add_to(self, parser):
        parser.add_argument("--cases", default=",".join(self.by_name))

    def wanted(self, parser, args):
        """Pairs of a name and its function, in the order of --cases; the program ends if one is not known."""
        names = args.cases.split(",")
        unknown = set(names) - set(self.by_name)
        if unknown:
            parser.error(f"there is no case {', '.join(sorted(unknown))}; there are {', '.join(self.by_name)}")
        return [(name, self.by_name[name]) for name in names]
