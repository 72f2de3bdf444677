"""What is compared, and how it is reported: `python3 -m unittest` in this directory."""

import json
import unittest

import figures


class Figures(unittest.TestCase):
    def test_counts_instructions_of_each_case(self):
        summary = {
            "function_name": "bind",
            "id": "score",
            "profiles": [{"data": {"total": {"metrics": {"Ir": {"values": {"new": 7}}}}}}],
        }
        self.assertEqual(figures.counted([json.dumps(summary)]), {"bind/score": 7})

    def test_more_than_three_percent_more_fails_with_both_numbers(self):
        lines, faults = figures.compared({"a": 10_300, "b": 10_301}, {"a": 10_000, "b": 10_000})
        self.assertEqual(len(lines), 2)
        self.assertEqual(len(faults), 1)
        self.assertIn("b: 10,301 instructions are 3.0% more than the committed 10,000", faults[0])

    def test_fewer_pass(self):
        self.assertEqual(figures.compared({"a": 5_000}, {"a": 10_000})[1], [])

    def test_a_case_without_a_figure_fails(self):
        faults = figures.compared({"a": 1}, {"b": 1})[1]
        self.assertEqual(len(faults), 2)

    def test_a_package_of_another_version_fails(self):
        lock = '[[package]]\nname = "a"\nversion = "{}"\n'
        one, other = (figures.versions(lock.format(version)) for version in ("1.0.0", "1.0.1"))
        self.assertEqual(figures.drifted(one, one), [])
        self.assertEqual(len(figures.drifted(one, other)), 1)


if __name__ == "__main__":
    unittest.main()
