"""berth book and PyYAML on one users file: what either writes, the other reads alike. And the vectors of the wire page, typed in."""
import os
import random
import unittest

import book_case
from book_case import S1, S2, S5, S6, S7, S10, S11, T6, T10, entry, opens, row
from cli_case import peer

try:
    import yaml
except ImportError:
    yaml = None

SEED = int(os.environ.get("BERTH_SEED") or random.randrange(1 << 32))
WORDS = ["abc", "no", "null", "~", "0123", "1:30", "#", "x#y", "a:", ":", "-", "- ", "'", "\"", "\\", "\u00e9", "\u4e2d\u6587", "{", "}", "[", "]", "&a",
         "*a", "!", "|", ">", "%", "@", "`", "?", "x" * 90, "=", "<<", "0x1f", "1e3", ".5", "--- ", "\U0001f600", "true", "2030-01-01"]


@unittest.skipUnless(yaml, "no PyYAML")
class PyYaml(book_case.BookCase):
    def setUp(self):
        super().setUp()
        print("PyYAML: BERTH_SEED=%d" % SEED)
        self.random = random.Random(SEED)

    def text(self, low=1):
        return " ".join(self.random.choice(WORDS) for _ in range(self.random.randrange(low, 12))).strip()

    def test_what_pyyaml_writes(self):
        """As the programs that these files come from do: yaml.dump of the changed users, appended to the file. Passwords of any
        form, folded over lines where they are long."""
        for _ in range(25):
            password = self.text()
            if len(password.encode()) > 512 or not password:
                continue
            user = {"password": password, "forward_port": 10001, "image": None, "extra_command": self.text(0) or None,
                    "volume_work_dir": "/mnt/Users/m1", "volume_dataset_dir": "/mnt/Dataset", "volume_backup_dir": "/mnt/Backup/m1"}
            document = entry("m1") + "\n" + yaml.dump({"m1": user}, sort_keys=False, allow_unicode=self.random.random() < 0.5)
            self.write_users(document)
            result = self.book("-id", "m1", answers=["pass word", password])
            self.assertEqual((result.code, result.out.decode()), (1, S1 + S2 + book_case.S4 + S5), (document, result.err))

    def test_what_berth_writes(self):
        others = entry("m3", "'0000'", 10003, "lab/torch:2", "'echo \"hi\"'")
        self.write_users("# the lab\n" + others + "\n" + entry("m1"))
        password = "pass word"
        for i in range(15):
            command = self.text(0)
            self.write_rows(booking=[])
            fresh = "n" if i % 3 else "y"
            answers = [password, "1 1 0", "1-day", "1-day", "", self.random.choice(["", "lab/torch:2"]), command, fresh]
            if fresh == "y":
                password = "secret %d \u00e9" % i
                answers += [password, password]
            result = self.book("-id", "m1", "-use-opt", answers=answers + ["y"])
            self.assertEqual((result.code, result.err), (0, b""), (answers, result))
            with open(self.folder("cfg/users_config.yaml"), encoding="utf-8") as f:
                users = yaml.safe_load(f)
            self.assertEqual(list(users), ["m3", "m1"])
            mine = users["m1"]
            self.assertEqual(list(mine), ["password", "forward_port", "image", "extra_command", "volume_work_dir", "volume_dataset_dir",
                                          "volume_backup_dir"])
            self.assertEqual((mine["forward_port"], mine["image"], mine["extra_command"]), (10001, answers[5] or None, command or None))
            self.assertTrue(opens(mine["password"], password))
            self.assertEqual(users["m3"]["password"], "0000")
            self.assertTrue(self.users().startswith("# the lab\n" + others))


# number, GPUs, rows, start, end, want, what is shown last, the GPUs: section 6 of the wire page. Rows: file, user, start-end, cpus/memory/gpus, port.
VECTORS = """
V01|4||01-07 08:00|01-07 12:00|4 16 1|OK|[0]
V02|4||01-07 08:00|01-07 12:00|4 16 4|OK|[0, 1, 2, 3]
V03|4||01-07 08:00|01-07 12:00|4 16 0|OK|[]
V04|4||01-07 08:00|01-07 12:00|4 16 5|E_USERCAP|
V05|4||01-07 08:00|01-07 12:00|17 16 1|E_USERCAP|
V06|4|u a1 01-07 06:00 01-07 08:00 8 32 [0,1,2,3]|01-07 08:00|01-07 09:00|16 64 4|OK|[0, 1, 2, 3]
V07|4|b a1 01-07 09:00 01-07 10:00 8 32 [0,1,2,3]|01-07 08:00|01-07 09:00|16 64 4|OK|[0, 1, 2, 3]
V08|4|b a1 01-07 08:00 01-07 10:00 2 8 [0]|01-07 08:00|01-07 09:00|2 8 1|OK|[1]
V09|2|b a1 01-07 08:00 01-07 10:00 2 8 [0];b b1 01-07 10:00 01-07 12:00 2 8 [1]|01-07 08:00|01-07 12:00|2 8 1|E_GPUS|
V10|2|b a1 01-07 08:00 01-07 10:00 2 8 [0];b b1 01-07 10:00 01-07 12:00 2 8 [1]|01-07 08:00|01-07 10:00|2 8 1|OK|[1]
V11|3|b a1 01-07 08:00 01-07 09:00 2 8 [0];b b1 01-07 08:00 01-07 08:30 2 8 [1];b c1 01-07 10:00 01-07 11:00 2 8 [2]|01-07 08:00|01-07 12:00|2 8 1|E_GPUS|
V12|3|b a1 01-07 08:00 01-07 09:00 2 8 [0];b b1 01-07 09:00 01-07 10:00 2 8 [1]|01-07 08:00|01-07 10:00|2 8 2|E_GPUS|
V13|3|b a1 01-07 08:00 01-07 09:00 2 8 [0];b b1 01-07 09:00 01-07 10:00 2 8 [1]|01-07 08:00|01-07 10:00|2 8 1|OK|[2]
V14|2|u a1 01-07 08:00 01-07 12:00 2 8 [0];b b1 01-07 08:00 01-07 12:00 2 8 [0]|01-07 08:00|01-07 12:00|2 8 1|OK|[1]
V15|1|b a1 01-07 10:10 01-07 10:50 2 8 [0]|01-07 10:30|01-07 11:00|2 8 1|E_GPUS|
V16|1|b a1 01-07 10:10 01-07 10:20 2 8 [0]|01-07 10:00|01-07 10:30|2 8 1|E_GPUS|
V17|4|b a1 01-07 08:00 01-07 12:00 14 8 [0]|01-07 08:00|01-07 09:00|4 8 1|E_CPUS|
V18|4|b a1 01-07 08:00 01-07 10:00 14 8 [0];b b1 01-07 10:00 01-07 12:00 14 8 [1]|01-07 09:00|01-07 11:00|2 8 1|OK|[2]
V19|4|b a1 01-07 08:00 01-07 12:00 2 60 [0]|01-07 11:30|01-07 12:30|2 8 1|E_MEMORY|
V20|4|b a1 01-07 08:00 01-07 09:00 1 40 [0];b b1 01-07 09:00 01-07 10:00 1 40 [1]|01-07 08:00|01-07 10:00|1 24 1|OK|[2]
V21|4|b a1 01-07 08:00 01-07 09:00 1.3 1 [];b b1 01-07 08:00 01-07 09:00 6.9 1 [];b c1 01-07 08:00 01-07 09:00 5.7 1 []|01-07 08:00|01-07 09:00|2.1 1 0|OK|[]
V22|4|b m1 01-07 08:00 01-07 10:00 2 8 [0]|01-07 10:00|01-07 11:00|2 8 1|E_OVERLAP|
V23|4|b m1 01-07 08:00 01-07 10:00 2 8 [0]|01-07 10:30|01-07 11:00|2 8 1|OK|[1]
V24|4|b a1 01-07 08:00 01-07 12:00 2 8 [0] 10001|01-07 11:00|01-07 13:00|2 8 1|E_PORT|
V25|4|b a1 01-07 08:00 01-07 12:00 2 8 [0] 10001|01-07 12:00|01-07 13:00|2 8 1|OK|[1]
V26|4|b a1 01-07 13:00 01-07 14:00 2 8 [0]|01-07 08:00|01-07 09:00|2 8 1|OK|[1]
V27|4|b a1 01-07 13:00 01-07 14:00 2 8 [0];b b1 01-07 14:00 01-07 15:00 2 8 [1]|01-07 08:00|01-07 09:00|2 8 3|OK|[0, 2, 3]
V28|4|b a1 01-21 08:30 01-21 09:30 2 8 [0]|01-07 08:00|01-07 09:00|2 8 1|OK|[1]
V29|4|b a1 01-21 09:00 01-21 10:00 2 8 [0]|01-07 08:00|01-07 09:00|2 8 1|OK|[0]
V30|1|u a1 01-07 05:00 01-07 07:00 2 8 [0]|now|01-07 08:00|2 8 1|E_GPUS|
V31|1|u a1 01-07 05:00 01-07 07:00 2 8 [0]|01-07 07:30|01-07 08:30|2 8 1|OK|[0]
V32|2|b a1 01-07 08:00 01-07 12:00 2 8 [5]|01-07 08:00|01-07 12:00|2 8 2|OK|[0, 1]
V33|4||01-21 07:00|01-21 08:00|1 1 1|OK|[0]
V34|4||01-21 07:30|01-21 08:00|1 1 1|E_WINDOW|
V35|4||01-07 07:00|01-07 08:00|1 1 1|E_WINDOW|
V36|4||01-07 08:00|01-21 08:00|1 1 1|OK|[0]
V37|4||01-07 08:00|01-21 08:30|1 1 1|E_WINDOW|
"""
SHOWN = {"OK": S10, "E_USERCAP": S6, "E_WINDOW": S7, "E_OVERLAP": S7 + T6, "E_CPUS": S11, "E_MEMORY": S11, "E_GPUS": S11, "E_PORT": T10}


class Vectors(book_case.BookCase):
    @staticmethod
    def typed(moment):
        return moment if moment == "now" else "2030 " + moment.replace("-", " ").replace(":", " ")

    def test_all(self):
        for line in VECTORS.strip().splitlines():
            name, gpus, rows, start, end, want, verdict, chosen = line.split("|")
            with self.subTest(name):
                self.folder.write("cfg/capability_config.yaml", book_case.CAPABILITY.replace("gpus: 4", "gpus: " + gpus, 1))
                files = {"booking": [], "using": []}
                for text in filter(None, rows.split(";")):
                    w = text.split() + ["10900"]
                    files[{"b": "booking", "u": "using"}[w[0]]].append(
                        row("%s %s" % (w[2], w[3]), "%s %s" % (w[4], w[5]), w[1], w[8].replace(",", ", "), w[6], w[7], w[9]))
                self.write_rows(**files)
                result = self.book("-id", "m1", answers=["pass word", want, self.typed(start), self.typed(end)])
                out = result.out.decode()
                self.assertEqual(result.code, 0 if verdict == "OK" else 1, out)
                first = min((out.find(shown), shown) for shown in (S10, S6, S7, S11, T10) if shown in out)[1]  # later answers find other questions
                self.assertEqual(first, SHOWN[verdict].replace(T6, ""), out)
                self.assertEqual(T6 in out, verdict == "E_OVERLAP")
                if verdict == "OK":
                    mine = self.rows().splitlines()[-1]
                    self.assertIn(',"%s",' % chosen if "," in chosen else ",%s," % chosen, mine)


if __name__ == "__main__":
    unittest.main()
