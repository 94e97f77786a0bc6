import unittest


class FormatDuration(unittest.TestCase):
    def format(self, seconds):
        from timer.format import format_duration

        return format_duration(seconds)

    def test_parts(self):
        self.assertEqual(self.format(3900), "1h 5m")
        self.assertEqual(self.format(61), "1m 1s")
        self.assertEqual(self.format(7200), "2h")

    def test_zero(self):
        self.assertEqual(self.format(0), "0s")

    def test_refuses_negative(self):
        with self.assertRaises(ValueError):
            self.format(-1)
