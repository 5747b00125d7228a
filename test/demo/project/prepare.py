import random
import sys

rows = int(sys.argv[2])
random.seed(1)
points = [(x, 3 * x + 1 + random.gauss(0, 0.1)) for x in (random.random() for _ in range(rows))]
print("%d rows, x from %.3f to %.3f" % (rows, min(points)[0], max(points)[0]))
