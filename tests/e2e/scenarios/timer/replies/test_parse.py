import unittest


class ParseDuration(unittest.TestCase):
    def parse(self, text):
        from timer.parse import parse_duration

        return parse_duration(text)

    def test_units(self):
        self.assertEqual(self.parse("90s"), 90)
        self.assertEqual(self.parse("2m"), 120)
        self.assertEqual(self.parse("1h"), 3600)

    def test_parts_add_up(self):
        self.assertEqual(self.parse("1h 5m"), 3900)
        self.assertEqual(self.parse("1h5m10s"), 3910)

    def test_refuses_the_rest(self):
        for text in ("", "5", "m", "1d", "1h x"):
            with self.assertRaises(ValueError, msg=text):
                self.parse(text)
