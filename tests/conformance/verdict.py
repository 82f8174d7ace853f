"""The verdict on a run of Tempest: what passes on Glance 33 must pass, but for the tests that ``excepted.txt`` names."""

import argparse
import sys
from pathlib import Path


def read(path, profile=None):
    """Result and reason by test; the tags behind a test's name change from release to release, and are left out."""
    rows = (line.split("\t") for line in path.read_text().splitlines() if not line.startswith("#"))
    return {test.partition("[")[0]: (result, rest[-1]) for test, result, *rest in rows if profile is None or rest[1] == profile}


def read_excepted(path):
    """The reason by test."""
    lines = (line.split(maxsplit=1) for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return dict(lines)


def main():
    """Print what is wrong, then one line of figures; exit with 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--excepted", type=Path, required=True)
    parser.add_argument("--partial", action="store_true", help="not all tests were to run")
    args = parser.parse_args()

    got, excepted = read(args.results), read_excepted(args.excepted)
    reference = read(args.reference, args.profile)
    wanted = [test for test, (result, _) in reference.items() if result == "pass" and (test in got or not args.partial)]
    passed = [test for test in wanted if got.get(test, ("", ""))[0] == "pass"]
    broken = [test for test in wanted if test not in passed and test not in excepted]
    # Glance's verdict on these is missing or no pass, yet glancepipe must not fail them either.
    broken += [test for test, (result, _) in got.items() if result == "fail" and test not in wanted and test not in excepted]
    ready = [test for test in passed if test in excepted]
    for test in broken:
        result, reason = got.get(test, ("not run", ""))
        print(f"{result}: {test}: {reason.rpartition(' | ')[2][:200]}")
    for test in ready:
        print(f"passes, so take it out of {args.excepted}: {test}")
    left = len(wanted) - len(passed) - len(set(broken) & set(wanted))
    figures = f"{len(passed)} of {len(wanted)} tests that pass on Glance pass, {left} excepted"
    print(f"{args.profile}: {figures}; {len(broken)} wrong, {len(ready)} to take out")
    sys.exit(bool(broken or ready))


if __name__ == "__main__":
    main()
