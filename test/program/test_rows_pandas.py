"""Schedule files shared with programs on pandas: what they write we read, what we write they read, to the same values.
The C side is examples/tidy_rows.c."""
# runs once: the example is a program of its own.
import ast
import datetime
import io
import math
import os
import random
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test", "peers"))
import peer  # noqa: E402

try:
    import pandas
except ImportError:
    pandas = None

PROGRAM = os.path.join(ROOT, "build", "examples", "tidy_rows")
COLUMNS = "start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command".split(",")


def tidy(document, code=0):
    done = subprocess.run([PROGRAM], input=document.encode(), capture_output=True, timeout=60,
                          preexec_fn=peer.die_with_parent)
    if done.returncode != code:
        raise AssertionError("%d %s\n%s" % (done.returncode, done.stderr.decode(), document))
    return done.stdout.decode(), done.stderr.decode()


def read(document):
    """As the programs before us read: dates parsed, lists by their literal."""
    frame = pandas.read_csv(io.StringIO(document), converters={"gpus": ast.literal_eval}, dtype={"user_id": str})
    for column in ("start", "end"):
        frame[column] = pandas.to_datetime(frame[column])
    return [[None if not isinstance(v, list) and pandas.isna(v) else v for v in row]
            for row in frame[COLUMNS].itertuples(index=False)]


def nano(cpus):
    """Thousand-millionths, rounded up as a decimal, not as a double."""
    from decimal import ROUND_CEILING, Decimal
    return int((Decimal(repr(float(cpus))) * 10**9).to_integral_value(ROUND_CEILING))


@unittest.skipIf(pandas is None, "python3-pandas is not installed")
class Pandas(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        seed = os.environ.get("BERTH_SEED") or str(random.SystemRandom().randrange(2**32))
        print("rows and pandas: BERTH_SEED=" + seed, file=sys.stderr)
        self.random = random.Random(seed)

    def text(self, none):
        r = self.random
        if none and r.random() < 0.4:
            return None
        parts = ["echo", " ", ",", '"', "'", "\n", "\\", "#", "é", "🙂", "x:1", "-1", "[0]", "0", "~"]
        return "t" + "".join(r.choice(parts) for _ in range(r.randrange(6)))

    def moment(self, unit):
        r = self.random
        base = datetime.datetime(2030, 1, 1) + datetime.timedelta(days=r.randrange(3000))
        if unit == "day":
            return base
        base += datetime.timedelta(minutes=30 * r.randrange(48))
        if unit == "second":
            base += datetime.timedelta(seconds=r.randrange(1800))
        if unit == "micro":
            base += datetime.timedelta(microseconds=r.randrange(1800 * 10**6))
        return base

    def rows(self, count, unit):
        r = self.random
        rows = []
        for _ in range(count):
            start = self.moment(unit)
            end = start + datetime.timedelta(days=r.randrange(1, 14))
            if unit != "day":
                end += datetime.timedelta(minutes=30 * r.randrange(48))
            # pandas reads numbers of more than 15 digits a last place off, so ours have no more
            cpus = r.choice([r.randrange(1, 65), r.randrange(2, 130) / 2, r.uniform(0, 64), r.uniform(0, 1e-3),
                             round(r.uniform(0, 1e9), 6), 1e-5])
            gpus = sorted(r.sample(range(64), r.randrange(5)))
            rows.append([pandas.Timestamp(start), pandas.Timestamp(end), "u" + self.text(False).strip(), float(cpus),
                         r.randrange(2000), gpus, r.randrange(10001, 11001), self.text(True), self.text(True)])
            rows[-1][2] = rows[-1][2].replace("\n", "")
        return rows

    def assertSame(self, ours, theirs):
        """OURS is what was written by us from THEIRS."""
        self.assertEqual(len(ours), len(theirs))
        for a, b in zip(ours, theirs):
            self.assertEqual(a[0], b[0].floor("s"))
            self.assertEqual(a[1], b[1].ceil("s"))
            self.assertEqual(nano(a[3]), nano(b[3]))
            self.assertEqual([a[2]] + a[4:], [b[2]] + b[4:])

    def test_what_pandas_writes(self):
        for unit in ("day", "unit", "second", "micro"):
            for _ in range(12):
                rows = self.rows(self.random.randrange(1, 40), unit)
                document = pandas.DataFrame(rows, columns=COLUMNS).to_csv(index=False)
                written, said = tidy(document)
                self.assertEqual(said, "")
                self.assertSame(read(written), rows)
                self.assertEqual(tidy(written)[0], written)

    def test_what_we_write_comes_back_through_pandas(self):
        """Ours, read and written by pandas as whole files, read by us: the same bytes again."""
        for _ in range(25):
            document = pandas.DataFrame(self.rows(30, "second"), columns=COLUMNS).to_csv(index=False)
            ours = tidy(document)[0]
            theirs = pandas.DataFrame(read(ours), columns=COLUMNS)
            theirs["memory"] = theirs["memory"].astype(int)
            self.assertEqual(tidy(theirs.to_csv(index=False))[0], ours)

    def test_words_for_none(self):
        from pandas._libs.parsers import STR_NA_VALUES
        row = "2030-01-09,2030-01-20,m1,8.0,32,[0],10001,%s,x"
        ours = {word for word in STR_NA_VALUES | {"None", "none", "Null", "NONE", "~", "nil", " ", "0"}
                if tidy(",".join(COLUMNS) + "\n" + row % word)[0].endswith(",10001,,x\n")}
        self.assertEqual(ours - {"None"}, set(STR_NA_VALUES) - {"None"})
        self.assertIn("None", ours)

    def test_an_empty_cell_makes_a_whole_column_decimal(self):
        frame = pandas.DataFrame(self.rows(3, "unit"), columns=COLUMNS)
        frame["memory"] = [16.0, 32.0, math.nan]
        written, said = tidy(frame.to_csv(index=False), code=1)
        self.assertRegex(said, r"\Aline \d+: memory is no whole number")
        self.assertEqual([row[4] for row in read(written)], [16, 32])

    def test_numbers_as_python_writes_them(self):
        """Up to 15 digits a decimal and its double name each other, so the text is the same."""
        r = self.random
        for _ in range(300):
            cpus = float("%.*f" % (r.randrange(1, 10), r.uniform(0, 10 ** r.randrange(-6, 6))))
            if len(("%.9f" % cpus).replace(".", "").strip("0")) > 15:
                continue
            frame = pandas.DataFrame([[pandas.Timestamp("2030-01-01 08:00"), pandas.Timestamp("2030-01-01 09:00"), "m1",
                                       cpus, 1, [0], 10001, None, None]], columns=COLUMNS)
            document = frame.to_csv(index=False)
            self.assertEqual(tidy(document)[0], document)


if __name__ == "__main__":
    unittest.main()
