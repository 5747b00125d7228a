"""berth book from a pipe: the dialogue to the byte, each wrong answer, what it writes and what it does not."""
import fcntl
import os
import re
import resource
import shutil
import stat
import subprocess
import time
import unittest

import book_case
import cli_case
from book_case import (DEFAULT_IMAGE, ENDED, HEADER, IMAGES, S1, S2, S3, S4, S5, S6, S7, S8, S9, S10, S11, S12, S13, S14, S15, S16, S17, S18, T1, T2, T3,
                       T4, T5, T6, T7, T8, T9, T10, entry, opens, row)
from cli_case import USAGE, peer

REFUSED, FILES = 1, 3
Q2 = S4 + S5
GO = ["pass word", "4 16 1", "2030 01 07 08 00", "1-day"]
GO_ROW = "2030-01-07 08:00:00,2030-01-08 08:00:00,m1,4.0,16,[0],10001,,\n"
OPTIONS = ["pass word", "4 16 1", "2030 01 07 08 00", "1-day", "10777", "lab/torch:2", "echo \"hi, there\"", "y", "fresh one", "fresh one", "y"]
OPTIONS_SHOWN = [S1, Q2, S8, S9, S12 % 10001, IMAGES + S13 % DEFAULT_IMAGE, S14, S15, S16, S17, T9]


class Account(book_case.BookCase):
    def test_the_whole_dialogue(self):
        self.assertDialogue(self.book("-id", "m1", answers=GO), 0, S1, Q2, S8, S9, S10)
        self.assertEqual(self.file("jobs/booking.csv"), HEADER + GO_ROW)
        self.assertEqual(self.file("jobs/monitor_exec"), "")
        self.assertEqual(self.users(), "# the lab\n" + entry("m1"))

    def test_every_spelling(self):
        for words in (["-id", "m1"], ["--user-id", "m1"], ["--user-id=m1"], ["-std-id", "m1"], ["--student-id", "m1"], ["--student-id=M1"],
                      ["-id", " M1 "]):
            self.assertDialogue(self.book(*words, answers=[]), REFUSED, S1)
        for words in (["-use-opt"], ["--use-options"]):
            self.assertIn(S12 % 10001, self.book("-id", "m1", *words, answers=GO).out.decode())
        for words in (["-rst"], ["--restart-container"]):
            self.assertDialogue(self.book("-id", "m1", *words, answers=["pass word"]), REFUSED, S1, T5)
        for words in (["-ls"], ["--list-schedule"]):
            self.assertDialogue(self.book(*words), 0)

    def test_the_account_is_asked_for(self):
        self.assertDialogue(self.book(answers=["m1"] + GO), 0, T1, S1, Q2, S8, S9, S10)
        self.assertDialogue(self.book(answers=["  M1\t"] + GO[:1]), REFUSED, T1, S1, Q2)
        self.assertDialogue(self.book(), REFUSED, T1)

    def test_unknown_accounts(self):
        self.write_users(entry("m1") + entry("m9"))  # m9 has an entry, and is not allowed
        before = self.state()
        for account in ("m9", "m", "", "now", "booking", "m1 m2", "../m1", "m1;", "\u00e9\u00e9", "x" * 64, "x" * 10000, "m1\x00"):
            self.assertDialogue(self.book(answers=[account, "pass word"]), REFUSED, T1, T2)
            if "\x00" not in account and account:
                self.assertDialogue(self.book("-id", account, answers=["pass word"]), REFUSED, T2)
        self.assertEqual(self.state(), before)

    def test_three_passwords(self):
        for wrong in ([], ["x"], ["x", ""]):
            result = self.book("-id", "m1", answers=wrong + GO[:1])
            self.assertDialogue(result, REFUSED, *([S1] + [S2] * len(wrong) + [Q2]))
        before = self.state()
        result = self.book("-id", "m1", answers=["Pass word", "pass word ", "pass wor"] + GO)
        self.assertDialogue(result, REFUSED, S1, S2, S2, S3)
        self.assertDialogue(self.book("-id", "m1", answers=["x" * 513, "y" * 5000, "z"] + GO), REFUSED, S1, S2, S2, S3)
        self.assertEqual(self.state(), before)

    def test_stored_passwords(self):
        salted = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        for stored, right, wrong in (("0000", "0000", "0"), ("'0000'", "0000", "00000"), ("on", "on", "True"), ("'null'", "null", ""),
                                     ("'it''s'", "it's", "it''s"), ('"\\u4e2d\\u6587"', "\u4e2d\u6587", "??"), ("'%s'" % salted, "Hello world!", salted),
                                     ("'$6$salt'", "$6$salt", "salt"), ("' a '", " a ", "a")):
            self.write_users(entry("m1", stored))
            self.assertDialogue(self.book("-id", "m1", answers=[wrong, right]), REFUSED, S1, S2, Q2)
        for nothing in ("null", "''", ""):  # nobody can log in
            self.write_users(entry("m1", nothing))
            self.assertDialogue(self.book("-id", "m1", answers=["", "null", "x"]), REFUSED, S1, S2, S2, S3)


class FirstVisit(book_case.BookCase):
    REFUSED_PASSWORDS = ("", "abc", "1234", "4321", "1qaz", "=0-9", "aaaa", "\u00e9\u00e9\u00e9\u00e9", "a\tbc", "abc\x1b", "x" * 513,
                         "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1")

    def test_a_new_user(self):
        before = self.users()
        result = self.book("-id", "M2", answers=["it's \u00e9", "it's \u00e9", "1 1 0", "now", "1-day"])
        port = re.search(r"forward_port: (\d+)\n", self.users()[len(before):]).group(1)
        shown = "Account         m2\nForward port    %s\nImage           %s\nExtra command   None\n" % (port, DEFAULT_IMAGE)
        mine = "Your Maximum Capability Information: cpus=2.5 memory=8 gpus=1\n" + S5
        self.assertDialogue(result, 0, T3, S16, S17, shown, mine, S8, S9, S10)
        stored = self.stored_password("m2")
        self.assertTrue(opens(stored, "it's \u00e9"))
        self.assertEqual(self.users(), before + "\n" + entry("m2", "'%s'" % stored, port))
        self.assertEqual(stat.S_IMODE(os.stat(self.folder("cfg/users_config.yaml")).st_mode), 0o600)
        self.assertTrue(10001 < int(port) <= 11000)
        self.assertEqual(self.rows(), "2030-01-07 07:00:00,2030-01-08 07:00:00,m2,1.0,1,[],%s,,\n" % port)
        self.assertEqual(self.file("jobs/monitor_exec"), "now\n")
        self.assertDialogue(self.book("-id", "m2", answers=["it's \u00e9"]), REFUSED, S1, mine)

    def test_ids_that_yaml_reads_as_numbers(self):
        self.book("-id", "0042", answers=["good one", "good one"])
        self.assertIn("\n'0042':\n  password: '$6$", self.users())
        self.assertDialogue(self.book("-id", "0042", answers=["good one"]), REFUSED, S1, Q2)

    def test_refused_passwords(self):
        before = self.state()
        answers, shown = [], [T3]
        for password in self.REFUSED_PASSWORDS + ("good one",):
            answers += [password, password if password != "good one" else "good two"]
            shown += [S16, S17, S18]
        self.assertDialogue(self.book("-id", "m2", answers=answers), REFUSED, *(shown + [S16]))
        self.assertEqual(self.state(), before)

    def test_no_port_is_left(self):
        taken = "".join(entry("u%d" % p, "null", p) for p in range(10001, 11001))
        self.write_users(taken)
        result = self.book("-id", "m2", answers=["good one", "good one"])
        self.assertFails(result, FILES, "all ports from 10001 to 11000 are taken", out=(T3 + S16 + S17).encode())
        self.assertEqual(self.users(), taken)

    def test_the_last_port_is_found(self):
        self.write_users("".join(entry("u%d" % p, "null", p) for p in range(10001, 11001) if p not in (10500, 10501)))
        self.write_rows(using=[row("01-07 06:00", "01-08 06:00", "m3", port=10501)])  # booked, though nobody's own
        self.book("-id", "m2", answers=["good one", "good one"])
        self.assertIn("  forward_port: 10500\n", self.users())


class Wrong(book_case.BookCase):
    """Each wrong answer at each question."""

    def test_capability(self):
        over = ("17 16 1", "4 65 1", "4 16 5", "16.000000001 1 0", "99999999999999999999 1 0", "1 99999999999999999999 0", "0 65 0")
        bad = ("", "4", "4 16", "4 16 1 1", "0 16 1", "0.999999999 16 1", "4 0 1", "4 16 -1", "nan 16 1", "1_0 16 1", "4 16.0 1", "4,16,1", "a b c",
               "1e1 16 1", "+4 16 1", "4. 16 1", "4.0000000000 16 1", "4 16 \u0661", "x" * 9000, "4\x00 16 1")
        shown = [S1]
        for _ in over:
            shown += [Q2, S6]
        for _ in bad:
            shown += [Q2, S7]
        result = self.book("-id", "m1", answers=GO[:1] + list(over + bad) + GO[1:])
        self.assertDialogue(result, 0, *(shown + [Q2, S8, S9, S10]))
        self.assertEqual(self.rows(), GO_ROW)

    def test_starts(self):
        bad = ("", "now now", "now 1-day", "Now", "2030 01 07 07 00", "2030 01 07 07 15", "2030 02 30 08 00", "2030 01 21 07 30", "2-week 1-day",
               "8-day 1-week", "15-day", "3-week", "0-day", "-1-day", "1day", "1-days", "1-Day", "3xday", "1-day foo", "2-day -1-day",
               "2030 01 08 8 +30", "99999999999999999999 1 1 1 0", "2030-01-08 08:00", "\u0662\u0660\u0663\u0660 01 08 08 00", "y" * 5000)
        result = self.book("-id", "m1", answers=GO[:2] + list(bad) + GO[2:])
        self.assertDialogue(result, 0, *([S1, Q2] + [S8, S7] * len(bad) + [S8, S9, S10]))
        self.assertEqual(self.rows(), GO_ROW)

    def test_starts_that_are_taken(self):
        for given, start in (("now", "01-07 07:00"), ("2030 1 7 7 30", "01-07 07:30"), ("1-day 1-day", "01-09 07:00"), ("1-week 2-day", "01-16 07:00"),
                             ("2030 01 21 07 00", "01-21 07:00"), ("2-week", "01-21 07:00")):
            self.write_rows(booking=[])
            self.assertDialogue(self.book("-id", "m1", answers=GO[:2] + [given, "1-day"]), 0, S1, Q2, S8, S9, S10)
            self.assertTrue(self.rows().startswith("2030-%s:00," % start), self.rows())

    def test_ends(self):
        bad = ("", "now", "2030 01 07 08 00", "2030 01 07 07 30", "2030 01 21 08 30", "2-week 1-day", "15-day", "2030 01 07 08 45", "1-day now")
        result = self.book("-id", "m1", answers=GO[:3] + list(bad) + GO[3:])
        self.assertDialogue(result, 0, *([S1, Q2, S8] + [S9, S7] * len(bad) + [S9, S10]))
        for given, end in (("2030 01 07 08 30", "01-07 08:30"), ("14-day", "01-21 08:00"), ("2-week", "01-21 08:00"), ("2030 01 21 08 00", "01-21 08:00")):
            self.write_rows(booking=[])
            self.assertDialogue(self.book("-id", "m1", answers=GO[:3] + [given]), 0, S1, Q2, S8, S9, S10)
            self.assertIn(",2030-%s:00,m1," % end, self.rows())

    def test_own_bookings(self):
        self.write_rows(booking=[row("01-08 08:00", "01-09 08:00", "M1")], using=[row("01-07 06:00", "01-07 10:00", "m1", "[1]")])
        result = self.book("-id", "m1", answers=GO[:2] + [
            "now", "2030 01 07 10 00", "2030 01 08 08 00", "2030 01 09 08 00",  # both ends count
            "2030 01 07 10 30", "1-day", "2030 01 08 08 00", "2030 01 08 07 30"])
        self.assertDialogue(result, 0, S1, Q2, *([S8, S7, T6] * 4 + [S8, S9, S7, T6, S9, S7, T6, S9, S10]))

    def test_yes_and_no(self):
        bad = ("", "j", "yes please", "on", "2", "true", "y" * 5000)
        result = self.book("-id", "m1", "-use-opt", answers=GO + ["", "", ""] + list(bad) + [" NO "] + list(bad) + ["0"])
        self.assertDialogue(result, 0, *(OPTIONS_SHOWN[:7] + [S15, S7] * len(bad) + [S15] + [T9, S7] * len(bad) + [T9, S10]))
        for yes in ("y", "YES", "1"):
            self.write_rows(booking=[])
            result = self.book("-id", "m1", "-use-opt", answers=GO + ["", "", "", "not", yes])
            self.assertDialogue(result, 0, *(OPTIONS_SHOWN[:8] + [T9, S10]))
        for no in ("n", "No", "NOT", "0"):
            self.write_rows(booking=[])
            self.assertEqual(self.book("-id", "m1", "-use-opt", answers=GO + ["", "", "", no, no]).code, 0)


class Room(book_case.BookCase):
    """What does not fit, and what comes of it."""

    def test_not_enough(self):
        for rows, want, window in (
                ([row("01-07 08:00", "01-07 12:00", "a1", "[0]", "14.0")], "4 8 1", ("2030 01 07 08 00", "2030 01 07 09 00")),  # V17
                ([row("01-07 08:00", "01-07 12:00", "a1", "[0]", "2.0", 60)], "2 8 1", ("2030 01 07 11 30", "2030 01 07 12 30")),  # V19
                ([row("01-07 08:00", "01-07 09:00", "a1", "[0, 1]"), row("01-07 09:00", "01-07 10:00", "b1", "[1, 2, 3]")], "2 8 1",
                 ("2030 01 07 08 00", "2030 01 07 10 00"))):  # as V12: enough at each moment, no GPU is free throughout
            self.write_rows(booking=rows)
            before = self.state()
            result = self.book("-id", "m1", answers=["pass word", want] + list(window))
            self.assertDialogue(result, REFUSED, S1, Q2, S8, S9, S11, Q2)
            self.assertEqual(self.state(), before)

    def test_not_enough_then_enough(self):
        self.write_rows(booking=[row("01-07 08:00", "01-07 12:00", "a1", "[0, 1, 2]")])
        result = self.book("-id", "m1", answers=["pass word", "4 16 2", "2030 01 07 08 00", "1-day", "4 16 1", "2030 01 07 08 00", "1-day"])
        self.assertDialogue(result, 0, S1, Q2, S8, S9, S11, Q2, S8, S9, S10)
        self.assertEqual(self.rows().splitlines(True)[1], GO_ROW.replace("[0]", "[3]"))

    def test_the_overdue_container_holds_its_gpu(self):
        self.write_rows(using=[row("01-07 05:00", "01-07 07:00", "a1", "[0, 1, 2, 3]")])
        result = self.book("-id", "m1", answers=["pass word", "4 16 1", "now", "1-day", "4 16 1", "2030 01 07 07 30", "1-day"])
        self.assertDialogue(result, 0, S1, Q2, S8, S9, S11, Q2, S8, S9, S10)

    def test_a_port_in_use(self):
        self.write_rows(using=[row("01-07 06:00", "01-07 09:00", "a1", "[3]", port=10001)])
        result = self.book("-id", "m1", answers=GO + ["", "10002"])
        self.assertDialogue(result, 0, S1, Q2, S8, S9, T10, S12 % 10001, T10, S12 % 10001, S10)
        self.assertEqual(self.rows(), GO_ROW.replace("10001", "10002"))
        self.assertIn("  forward_port: 10001\n", self.users())  # for this booking only
        self.write_rows(booking=[], using=[row("01-07 06:00", "01-07 08:00", "a1", "[3]", port=10001)])
        self.assertDialogue(self.book("-id", "m1", answers=GO), 0, S1, Q2, S8, S9, S10)  # it ends as ours begins

    def test_no_port_of_ones_own(self):
        self.write_users(entry("m1", port="null"))
        result = self.book("-id", "m1", answers=GO + ["", "10002"])
        self.assertDialogue(result, 0, S1, Q2, S8, S9, T7, S12 % "None", T7, S12 % "None", S10)

    def test_a_port_that_two_have(self):
        self.write_users(entry("m1") + entry("m3", "null"))
        result = self.book("-id", "m1", answers=GO + ["", "10001", "10002"])
        self.assertDialogue(result, 0, S1, Q2, S8, S9, T10, S12 % 10001, T10, S12 % 10001, T7, S12 % 10001, S10)

    def test_rows_are_kept(self):
        """Whatever the others' rows look like; a file that pandas wrote too."""
        old = "2030-01-09,2030-01-20 00:00:00,m3,8.0,32,\"[0, 1]\",10002,,\n"
        self.folder.write("jobs/booking.csv", "\ufeff" + HEADER.replace("\n", "\r\n") + old.replace("\n", "\r\n"))
        self.assertEqual(self.book("-id", "m1", answers=GO).code, 0)
        self.assertEqual(self.rows(), old.replace("2030-01-09,", "2030-01-09 00:00:00,") + GO_ROW.replace("[0]", "[2]"))


class Options(book_case.BookCase):
    def test_all_of_them(self):
        self.assertDialogue(self.book("-id", "m1", "-use-opt", answers=OPTIONS), 0, *(OPTIONS_SHOWN + [S10]))
        self.assertEqual(self.rows(), GO_ROW.replace("10001,,", "10777,lab/torch:2,\"echo \"\"hi, there\"\"\""))
        stored = self.stored_password("m1")
        self.assertTrue(opens(stored, "fresh one"))
        self.assertEqual(self.users(), "# the lab\n" + entry("m1", "'%s'" % stored, 10777, "lab/torch:2", "echo \"hi, there\""))
        # kept: the next time they are what is shown, and what is booked without -use-opt
        result = self.book("-id", "m1", "-use-opt", answers=["fresh one", "4 16 1", "2-day", "1-day"])
        self.assertDialogue(result, REFUSED, S1, Q2, S8, S9, S12 % 10777)
        self.assertEqual(self.book("-id", "m1", answers=["fresh one", "4 16 1", "2-day", "1-day"]).code, 0)
        self.assertTrue(self.rows().endswith(",10777,lab/torch:2,\"echo \"\"hi, there\"\"\"\n"))
        result = self.book("-id", "m1", "-use-opt", answers=["fresh one", "4 16 1", "4-day", "1-day", "", "", "", "n", "y"])
        self.assertDialogue(result, 0, S1, Q2, S8, S9, S12 % 10777, IMAGES + S13 % "lab/torch:2", S14, S15, T9, S10)
        self.assertEqual(self.users(), "# the lab\n" + entry("m1", "'%s'" % stored, 10777))  # empty is none, not what was shown

    def test_for_this_booking_only(self):
        before = self.users()
        result = self.book("-id", "m1", "-use-opt", answers=GO + ["10777", "lab/torch:2", "x", "n", "n"])
        self.assertDialogue(result, 0, *(OPTIONS_SHOWN[:8] + [T9, S10]))
        self.assertEqual(self.rows(), GO_ROW.replace("10001,,", "10777,lab/torch:2,x"))
        self.assertEqual(self.users(), before)

    def test_wrong_ports(self):
        self.write_users(entry("m1") + entry("m3", "null", 10003))
        bad = ("10000", "11001", "0", "-1", "ssh", "10003", "10002.0", "99999999999999999999", "1" * 5000)
        result = self.book("-id", "m1", "-use-opt", answers=GO + list(bad) + ["11000"])
        self.assertDialogue(result, REFUSED, S1, Q2, S8, S9, *([S12 % 10001, T7] * len(bad) + [S12 % 10001, IMAGES + S13 % DEFAULT_IMAGE]))

    def test_wrong_images(self):
        bad = ("lab/torch", "lab/torch:3", "LAB/torch:2", "None", "x" * 5000)
        shown = IMAGES + S13 % DEFAULT_IMAGE
        result = self.book("-id", "m1", "-use-opt", answers=GO + [""] + list(bad) + [DEFAULT_IMAGE])
        self.assertDialogue(result, REFUSED, S1, Q2, S8, S9, S12 % 10001, *([shown, T8] * len(bad) + [shown, S14]))

    def test_wrong_commands(self):
        bad = ("None", "null", "NaN", "NA", "a\tb", "a\x1b[31m", "a\x7f", "y" * 2049, "y" * 5000)
        result = self.book("-id", "m1", "-use-opt", answers=GO + ["", ""] + list(bad) + ["y" * 2048, "n", "n"])
        self.assertDialogue(result, 0, *(OPTIONS_SHOWN[:6] + [S14, S7] * len(bad) + [S14, S15, T9, S10]))
        self.assertTrue(self.rows().endswith(",10001,," + "y" * 2048 + "\n"))

    def test_a_command_of_quotes_can_be_read_back(self):
        self.assertEqual(self.book("-id", "m1", "-use-opt", answers=GO + ["", "", "\"" * 2048, "n", "n"]).code, 0)
        self.assertEqual(self.book("-ls").code, 0)

    def test_wrong_new_passwords(self):
        before = self.users()
        answers, shown = GO + ["", "", ""], OPTIONS_SHOWN[:7]
        for password in FirstVisit.REFUSED_PASSWORDS + ("good one",):
            answers = answers + ["y", password, password if password != "good one" else "good two"]
            shown = shown + [S15, S16, S17, S18]
        self.assertDialogue(self.book("-id", "m1", "-use-opt", answers=answers + ["n", "n"]), 0, *(shown + [S15, T9, S10]))
        self.assertEqual(self.users(), before)

    def test_a_password_is_kept_in_no_file(self):
        self.book("-id", "m1", "-use-opt", answers=OPTIONS)
        for folder in ("cfg", "jobs"):
            for name in os.listdir(self.folder(folder)):
                self.assertNotIn(b"fresh one", self.folder.read(os.path.join(folder, name)))
        result = self.book("-id", "m1", "-use-opt", answers=OPTIONS)
        self.assertNotIn(b"fresh one", result.out + result.err)

    def test_a_port_taken_after_the_options(self):
        self.write_rows(using=[row("01-07 06:00", "01-07 09:00", "a1", "[3]", port=10777)])
        result = self.book("-id", "m1", "-use-opt", answers=OPTIONS + ["10778"])
        self.assertDialogue(result, 0, *(OPTIONS_SHOWN + [T10, S12 % 10777, S10]))
        self.assertIn(",10778,lab/torch:2,", self.rows())


class EndOfInput(book_case.BookCase):
    def test_at_every_question(self):
        """Exit code 1, and nothing is written but what was completed before."""
        before = self.state()
        for count in range(len(OPTIONS)):
            self.setUp()
            result = self.book("-id", "m1", "-use-opt", answers=OPTIONS[:count])
            self.assertDialogue(result, REFUSED, *OPTIONS_SHOWN[:count + 1])
            if count < 10:
                self.assertEqual(self.state(), before)
            else:  # the password is stored at once
                self.assertTrue(opens(self.stored_password("m1"), "fresh one"))
                self.assertEqual(self.state()[1:], before[1:])

    def test_at_a_first_visit(self):
        before = self.state()
        for count in range(3):
            result = self.book(answers=["m2", "good one", "good one"][:count])
            self.assertDialogue(result, REFUSED, *[T1, T3 + S16, S17][:count + 1])
            self.assertEqual(self.state(), before)

    def test_a_last_line_without_an_end(self):
        result = peer.run_berth(self.arguments("-id", "m1"), input="\n".join(GO))
        self.assertDialogue(result, 0, S1, Q2, S8, S9, S10)
        self.write_rows(booking=[])
        result = peer.run_berth(self.arguments("-id", "m1"), input="\r\n".join(GO))
        self.assertDialogue(result, 0, S1, Q2, S8, S9, S10)

    def test_anything_at_all(self):
        """Random bytes as answers: an exit code, and a schedule that can be read."""
        import random
        seed = int(os.environ.get("BERTH_SEED") or random.randrange(1 << 32))
        print("random answers: BERTH_SEED=%d" % seed)
        numbers = random.Random(seed)
        for _ in range(10):
            answers = bytes(numbers.choice(b"\n\n\n 0123456789-dayweekno\x00\x1b\xff\"',") for _ in range(4000))
            result = peer.run_berth(self.arguments("-id", "m1", "-use-opt"), input=b"pass word\n4 16 1\nnow\n" + answers)
            self.assertIn(result.code, (0, 1))
            self.assertIn(result.err, (b"", ENDED))
            self.assertEqual(self.book("-ls").code, 0)


class Restart(book_case.BookCase):
    def test_restart(self):
        self.write_rows(using=[row("01-07 06:00", "01-07 09:00", "M1")])
        self.assertDialogue(self.book("-id", "m1", "-rst", answers=["pass word"]), 0, S1, T4)
        self.assertDialogue(self.book("-id", "m1", "-rst", answers=["pass word"]), 0, S1, T4)
        self.assertEqual(self.file("jobs/monitor_exec"), "m1\nm1\n")

    def test_nothing_runs(self):
        self.write_rows(booking=[row("01-07 06:00", "01-07 09:00", "m1")], using=[row("01-07 06:00", "01-07 09:00", "m3")])
        self.assertDialogue(self.book("-id", "m1", "-rst", answers=["pass word"]), REFUSED, S1, T5)
        self.assertDialogue(self.book("-id", "m1", "-rst", answers=["x", "x", "x"]), REFUSED, S1, S2, S2, S3)
        self.assertEqual(self.file("jobs/monitor_exec"), "")

    def test_without_an_entry_there_is_no_first_visit(self):
        self.write_rows(using=[row("01-07 06:00", "01-07 09:00", "m3")])
        before = self.users()
        self.assertDialogue(self.book("-id", "m2", "-rst"), REFUSED, T5)
        self.assertDialogue(self.book("-id", "m3", "-rst"), 0, T4)
        self.assertEqual(self.users(), before)


class Listing(book_case.BookCase):
    def test_by_start_then_user(self):
        self.write_rows(booking=[row("01-08 08:00", "01-09 08:00", "m3", "[1]", "24.5", command="secret"), row("01-07 08:00", "01-09 08:00", "m2"),
                                 row("01-07 08:00", "01-09 08:00", "m1", image="a/b:c")],
                        using=[row("01-07 06:00", "01-07 10:00", "zz", "[0, 3]")], used=[row("01-01 06:00", "01-01 10:00", "old")])
        result = self.book("-ls", "-id", "nobody", "-rst", "-use-opt")
        self.assertEqual((result.code, result.err), (0, b""))
        lines = result.out.decode().splitlines()
        self.assertEqual([re.split(r"  +", line)[:3] for line in lines[1:]],
                         [["2030-01-07 06:00", "2030-01-07 10:00", "zz"], ["2030-01-07 08:00", "2030-01-09 08:00", "m1"],
                          ["2030-01-07 08:00", "2030-01-09 08:00", "m2"], ["2030-01-08 08:00", "2030-01-09 08:00", "m3"]])
        self.assertIn("24.5", lines[4])
        self.assertNotIn(b"secret", result.out)

    @unittest.skipIf(os.geteuid() != 0, "needs another user")
    def test_without_leave_to_read_passwords(self):
        self.write_rows(booking=[row("01-07 08:00", "01-09 08:00", "m2")])
        os.chmod(self.folder.path, 0o755)

        def nobody():
            os.setgid(65534)
            os.setuid(65534)

        child = peer.start_berth(self.arguments("-ls"), preexec_fn=nobody)
        out, err = child.communicate(timeout=30)
        self.assertEqual((child.returncode, err), (0, b""))
        self.assertIn(b"m2", out)
        child = peer.start_berth(self.arguments("-id", "m1"), preexec_fn=nobody)
        out, err = child.communicate(timeout=30)
        self.assertEqual((child.returncode, out), (FILES, b""))

    def test_a_bad_row(self):
        self.write_rows(booking=[row("01-07 08:00", "01-09 08:00", "m2"), "rubbish,,,,,,,,\n"])
        result = self.book("-ls")
        self.assertFails(result, FILES, r"jobs/booking\.csv line 3: ", out=None)
        self.assertIn(b"m2", result.out)


class Files(book_case.BookCase):
    """Exit code 3 and one line that says what and where."""

    def fails(self, pattern, answers=GO, out=None, **more):
        before = self.state()
        self.assertFails(self.book("-id", "m1", answers=answers, **more), FILES, pattern, out=out)
        self.assertEqual(self.state(), before)

    def test_configuration(self):
        self.folder.write("cfg/capability_config.yaml", book_case.CAPABILITY.replace("gpus: 4", "gpus: 65"))
        self.fails(r"cfg/capability_config\.yaml:5:9: max\.gpus: too large", out=b"")
        self.folder.write("cfg/capability_config.yaml", book_case.CAPABILITY.replace("ram + swap_size\n", "__import__('os')\n"))
        self.fails(r"cfg/capability_config\.yaml:7:\d+: max\.memory: not an expression", out=b"")
        os.unlink(self.folder("cfg/host_deploy.yaml"))
        self.fails(r"host_deploy\.yaml: .*--config", out=b"")

    def test_users(self):
        self.write_users(entry("m1") + "  colour: blue\n")
        self.fails(r"users_config\.yaml:9:3: an unknown key", out=b"")

    def test_stored_options_that_no_row_can_hold(self):
        """Half of a long command would be another command. With -use-opt they are asked for anew."""
        for image, command, field in (("null", "x" * 2049, "extra_command"), ("null", "'NA'", "extra_command"), ("i" * 513, "null", "image"),
                                      ("'n/a'", "null", "image")):
            self.write_users(entry("m1", image=image, command=command))
            self.fails(r"users_config\.yaml: m1: %s" % field, out=S1.encode())
            self.assertEqual(self.book("-id", "m1", "-use-opt", answers=GO + ["", "", "y", "n", "n"]).code, 0)
            self.assertTrue(self.rows().endswith(",10001,,y\n"), self.rows())
            self.write_rows(booking=[])
        self.write_users(entry("m1", image="i" * 512, command="x" * 2048))
        self.assertEqual(self.book("-id", "m1", answers=GO).code, 0)
        self.assertIn(",%s,%s\n" % ("i" * 512, "x" * 2048), self.rows())

    def test_bad_rows(self):
        """The dialogue does not go on to book on half a schedule."""
        for bad in ("2030-01-07 08:00:00,2030-01-07 07:00:00,a1,1.0,1,[0],10900,,\n", row("01-07 08:00", "01-07 09:00", "a1", "[0]") + "\"open,,\n",
                    "x\n"):
            self.write_rows(booking=[row("01-07 08:00", "01-07 09:00", "a1"), bad])
            self.fails(r"booking\.csv line \d", out=S1.encode())
        self.folder.write("jobs/booking.csv", HEADER.replace("gpus", "gpu"))
        self.fails(r"booking\.csv line 1: ", out=S1.encode())

    def test_pipes_and_devices(self):
        """To open one would take for ever, or never come to its end."""
        for name in ("booking.csv", "using.csv", "used.csv", "monitor_exec", ".lock"):
            os.mkfifo(self.folder("jobs/" + name))
            result = self.book("-id", "m1", answers=GO, timeout=20)
            self.assertFails(result, FILES, "jobs/%s: a pipe or a device" % re.escape(name), out=None)
            os.unlink(self.folder("jobs/" + name))
        os.symlink("/dev/zero", self.folder("jobs/booking.csv"))
        self.assertFails(self.book("-ls", timeout=20), FILES, "a pipe or a device")

    def test_no_jobs(self):
        os.rmdir(self.folder("jobs"))
        self.assertFails(self.book("-id", "m1", answers=GO), FILES, "jobs: no such folder")

    def test_the_lock(self):
        with open(self.folder("jobs/.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fcntl.lockf(lock, fcntl.LOCK_EX)
            self.fails("lock", out=(S1 + Q2 + S8 + S9).encode(), timeout=40)

    def test_usage(self):
        for words in (["-id"], ["--colour"], ["more"], ["-id", "m1", "--json"], ["--now", "yesterday"]):
            result = peer.run_berth(["book", "--config", self.folder.path] + words)
            self.assertEqual(result.code, USAGE, (words, result))
        self.assertEqual(self.book("-h").code, 0)
        self.assertIn(b"user's account.", self.book("--help").out)
        self.assertIn(b"list schedule that already booking.", self.book("--help").out)
        self.assertIn(b"use extra options.", self.book("--help").out)

    def test_a_file_that_others_can_read(self):
        os.chmod(self.folder("cfg/users_config.yaml"), 0o644)
        result = self.book("-id", "m1", "-use-opt", answers=OPTIONS)
        self.assertEqual(result.code, 0)
        self.assertRegex(result.err.decode(), r"\Aberth: book: .*chmod 600 .*\n\Z")
        self.assertEqual(stat.S_IMODE(os.stat(self.folder("cfg/users_config.yaml")).st_mode), 0o600)


class Example(book_case.BookCase):
    def test_the_example_host(self):
        """docs/booking.md: copied and used as it is."""
        host = self.folder("host")
        shutil.copytree(os.path.join(cli_case.ROOT, "examples/host"), host)
        os.mkdir(os.path.join(host, "jobs"))
        os.chmod(os.path.join(host, "cfg/users_config.yaml"), 0o600)
        result = peer.run_berth(["book", "-id", "m2", "--config", host, "--now", "2030-01-07 07:10"],
                                input="good one\ngood one\n24.5 32 4\nnow\n1-day\n")
        self.assertEqual((result.code, result.err), (0, b""), result)
        users = self.file("host/cfg/users_config.yaml")
        self.assertRegex(users, r"\A# Written by berth book; mode 0600, as it holds passwords\.\nm2:\n  password: '\$6\$")
        self.assertIn(b"0-3", peer.run_berth(["book", "-ls", "--config", host]).out)


class Memory(book_case.BookCase):
    """What was typed as a password is nowhere in the process once it has been used."""

    NEEDLE = "needle in 7 haystacks"

    def memory_holds(self, pid, needle):
        with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
            for line in maps:
                words = line.split()
                if "w" not in words[1]:
                    continue
                at, end = (int(x, 16) for x in words[0].split("-"))
                tail = b""
                while at < end:  # a sanitizer's shadow is large and mostly not there
                    part = min(end - at, 1 << 24)
                    try:
                        memory.seek(at)
                        data = memory.read(part)
                    except (OSError, OverflowError, ValueError):
                        data = b""
                    if needle in tail + data:
                        return True
                    tail, at = data[-len(needle):], at + part
        return False

    @unittest.skipIf(cli_case.SANITIZED, "a sanitizer's memory is terabytes of addresses")
    def test_nothing_stays(self):
        made = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=self.NEEDLE.encode(), stdout=subprocess.PIPE, check=True)
        self.write_users(entry("m1", "'%s'" % made.stdout.decode().strip()))
        child = self.start_book("-id", "m1", "-use-opt")
        fresh = self.NEEDLE[::-1]
        seen = b""

        def answer(text, question):
            nonlocal seen
            child.stdin.write(text.encode() + b"\n")
            child.stdin.flush()
            while not seen.endswith(question.encode()):
                seen += os.read(child.stdout.fileno(), 65536)

        try:
            answer(self.NEEDLE, S5)
            self.assertFalse(self.memory_holds(child.pid, self.NEEDLE.encode()))
            for text, question in zip(GO[1:] + ["", "", "canary in a mine", "y", fresh, fresh], [S8, S9, S12 % 10001, S13 % DEFAULT_IMAGE, S14, S15, S16, S17, T9]):
                answer(text, question)
            self.assertTrue(self.memory_holds(child.pid, b"canary in a mine"))  # the search finds what is there
            self.assertFalse(self.memory_holds(child.pid, fresh.encode()))
            self.assertFalse(self.memory_holds(child.pid, self.NEEDLE.encode()))
        except PermissionError:
            self.skipTest("this user may not look into a process's memory")


    def test_no_core(self):
        """A file of this memory would have the passwords of everybody: those of the users' file too."""
        with open("/proc/self/limits") as limits:
            if re.search(r"(?m)^Max core file size +\d+ +[01] ", limits.read()):
                self.skipTest("no cores here at all")
        child = peer.start_berth(self.arguments("-id", "m1"),
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2))
        self.assertEqual(os.read(child.stdout.fileno(), 80).decode(), S1)
        with open("/proc/%d/limits" % child.pid) as limits:
            self.assertRegex(limits.read(), r"(?m)^Max core file size +[01] ")
        child.communicate(timeout=30)


class LocalTime(book_case.BookCase):
    """Without --now it is the host's local time that counts, as the old programs have it."""

    def test_now(self):
        for zone in ("UTC0", "AAA-13:30", "BBB+11", "Europe/Paris", "Asia/Kathmandu", "America/New_York", ":Australia/Lord_Howe", ""):
            for _ in range(2):  # once more where the half hour changes between the two looks at the clock
                self.write_rows(booking=[])
                before = self.local(zone)
                result = peer.run_berth(["book", "--config", self.folder.path, "-id", "m1"], env={"TZ": zone},
                                        input="pass word\n1 1 0\nnow\n1-day\n")
                self.assertDialogue(result, 0, S1, Q2, S8, S9, S10)
                if before == self.local(zone):
                    break
            self.assertTrue(self.rows().startswith(before + ","), (zone, before, self.rows()))

    @staticmethod
    def local(zone):
        """The local half hour, by libc."""
        os.environ["TZ"] = zone
        time.tzset()
        try:
            now = time.localtime()
        finally:
            del os.environ["TZ"]
            time.tzset()
        return time.strftime("%Y-%m-%d %H:", now) + ("30:00" if now.tm_min >= 30 else "00:00")

    def test_a_zone_that_is_none(self):
        result = peer.run_berth(["book", "--config", self.folder.path, "-ls"], env={"TZ": "Mars/Olympus"})
        self.assertEqual(result.code, 0)
        self.assertRegex(result.err.decode(), r"\Aberth: book: .*Mars/Olympus.*UTC\n\Z")


class Race(book_case.BookCase):
    """Many at the same moment: nobody gets what another has, and whoever is told so has a row."""

    def test_eight_at_once(self):
        names = ["u%d" % i for i in range(8)]
        self.folder.write("cfg/capability_config.yaml", book_case.CAPABILITY.replace("- m1\n", "".join("- %s\n" % n for n in names)))
        self.write_users("".join(entry(n, "'pass word'", 10001 + i) for i, n in enumerate(names)))
        for turn in range(3):
            start = "2030 01 %02d 08 00" % (8 + turn)
            children = [self.start_book("-id", n) for n in names]
            for child in children:
                child.stdin.write(("pass word\n4 16 1\n" + start + "\n").encode())
                child.stdin.flush()
            results = [None] * len(children)
            for child in children:
                child.stdin.write(b"2030 01 %02d 20 00\n" % (8 + turn))
                child.stdin.close()
                child.stdin = None
            for i, child in enumerate(children):
                out, err = child.communicate(timeout=60)
                self.assertIn(err, (b"", ENDED))
                results[i] = (child.returncode, out.decode())
            won = [n for n, (code, out) in zip(names, results) if code == 0]
            self.assertEqual(len(won), 4, results)  # four GPUs
            for code, out in results:
                self.assertIn((code, S10 in out, S11 in out), ((0, True, False), (1, False, True)))
            mine = [r.split(",") for r in self.rows().splitlines()[4 * turn:]]
            self.assertEqual(sorted(r[2] for r in mine), sorted(won))
            self.assertEqual(sorted(r[5] for r in mine), ["[0]", "[1]", "[2]", "[3]"])


class Meanwhile(book_case.BookCase):
    """Others change the files while somebody types: the commit reads and checks all of it again."""

    def start(self, answers, *options):
        self.child = self.start_book("-id", "m1", *options)
        self.type(*answers)

    def type(self, *answers):
        self.child.stdin.write("".join(a + "\n" for a in answers).encode())
        self.child.stdin.flush()

    def wait_for(self, text):
        """Reads standard output up to TEXT."""
        seen = b""
        while not seen.endswith(text.encode()):
            part = os.read(self.child.stdout.fileno(), 65536)
            self.assertTrue(part, seen)
            seen += part
        return seen.decode()

    def finish(self, *answers):
        out, err = self.child.communicate("".join(a + "\n" for a in answers).encode(), 30)
        self.assertEqual(err, ENDED if out.endswith(b": ") else b"")
        return self.child.returncode, out.decode()

    def test_the_room_is_gone(self):
        self.start(OPTIONS[:10], "-use-opt")
        self.wait_for(T9)
        self.write_rows(booking=[row("01-07 08:00", "01-08 08:00", "m3", "[0, 1, 2, 3]")])
        self.assertEqual(self.finish("n"), (REFUSED, S11 + Q2))
        self.assertEqual(len(self.rows().splitlines()), 1)

    def test_the_port_is_gone(self):
        self.start(OPTIONS[:10], "-use-opt")
        self.wait_for(T9)
        self.write_users(entry("m1") + entry("m3", "null", 10777))
        self.assertEqual(self.finish("y", "10778", "y"), (0, T7 + S12 % 10001 + T9 + S10))
        self.assertIn("  forward_port: 10778\n", self.users())

    def test_ones_own_booking(self):
        self.start(GO[:3])
        self.wait_for(S9)
        self.write_rows(booking=[row("01-07 12:00", "01-08 08:00", "m1", "[3]")])
        self.assertEqual(self.finish("1-day", "2030 01 09 08 00", "1-day"), (0, S7 + T6 + S8 + S9 + S10))

    def test_the_limits_change(self):
        self.start(OPTIONS[:10], "-use-opt")
        self.wait_for(T9)
        self.folder.write("cfg/capability_config.yaml", book_case.CAPABILITY.replace("memory: max", "memory: 8"))
        self.assertEqual(self.finish("n"), (REFUSED, S6 + Q2.replace("memory=64", "memory=8")))

    def test_the_account_goes(self):
        self.start(OPTIONS[:10], "-use-opt")
        self.wait_for(T9)
        self.folder.write("cfg/capability_config.yaml", book_case.CAPABILITY.replace("- m1\n", ""))
        self.assertEqual(self.finish("n"), (REFUSED, T2))
        self.assertEqual(self.rows(), "")

    def test_the_entry_goes(self):
        """An entry that was taken away is not made up anew from half of it, and nothing is booked without one."""
        for count, more in ((7, ["y", "fresh one", "fresh one"]), (10, ["y"]), (10, ["n"])):
            with self.subTest(answers=count, more=more):
                self.setUp()
                self.start(OPTIONS[:count], "-use-opt")
                self.wait_for(S15 if count == 7 else T9)
                self.write_users(entry("m3"))
                code, out = self.finish(*more)
                self.assertEqual((code, out[-len(T2):]), (REFUSED, T2))
                self.assertEqual((self.users(), self.rows()), (entry("m3"), ""))

    def test_a_row_becomes_bad(self):
        self.start(GO[:3])
        self.wait_for(S9)
        self.write_rows(booking=["rubbish\n"])
        out, err = self.child.communicate(b"1-day\n", 30)
        self.assertEqual((self.child.returncode, out), (FILES, b""))
        self.assertRegex(err, rb"booking\.csv line 2")

    def test_somebody_else_makes_the_entry(self):
        self.child = self.start_book("-id", "m2")
        self.type("good one")
        self.wait_for(S17)
        self.write_users(entry("m1") + entry("m2", "'other'", 10002))
        code, out = self.finish("good one", "good one", "other")
        self.assertEqual((code, out[:len(S1 + S2)]), (REFUSED, S1 + S2))
        self.assertEqual(self.users(), entry("m1") + entry("m2", "'other'", 10002))


if __name__ == "__main__":
    unittest.main()
