"""The mbedTLS that programs are linked with: nothing in it can reach libc's heap, clock or calendar."""
# runs once: this is about archives, not about one build of the program.
import glob
import os
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# calloc and free are what mbedTLS calls; the others would be as bad. gmtime_r: glibc's allocates.
FORBIDDEN = {"malloc", "calloc", "realloc", "free", "strdup", "time", "gmtime", "gmtime_r", "localtime", "localtime_r"}
REPLACED = {"berth_mbedtls_calloc", "berth_mbedtls_free", "berth_mbedtls_gmtime_r", "berth_mbedtls_time"}


class Archives(unittest.TestCase):
    def test_no_object_asks_for_libc_memory_or_time(self):
        archives = glob.glob(os.path.join(ROOT, "build", "mbedtls", "**", "libmbed*.a"), recursive=True)
        self.assertTrue(archives, "build/mbedtls has no archive")
        asked = set()
        for archive in archives:
            out = subprocess.run(["nm", "-u", archive], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
            asked |= {line.split()[-1] for line in out.stdout.splitlines() if line.strip().startswith("U ")}
        self.assertEqual(asked & FORBIDDEN, set())
        self.assertTrue(asked & REPLACED)


if __name__ == "__main__":
    unittest.main()
