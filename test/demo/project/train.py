import json
import os
import random
import sys

epochs, rate = int(sys.argv[2]), float(sys.argv[4])
print("GPUs of this step:", os.environ.get("NVIDIA_VISIBLE_DEVICES"))
random.seed(1)
points = [(x, 3 * x + 1 + random.gauss(0, 0.1)) for x in (random.random() for _ in range(2000))]
slope = offset = 0.0
for epoch in range(1, epochs + 1):
    for x, y in points:
        error = slope * x + offset - y
        slope -= rate * error * x
        offset -= rate * error
    loss = sum((slope * x + offset - y) ** 2 for x, y in points) / len(points)
    print("epoch %2d  loss %.5f" % (epoch, loss))
with open(os.environ["BERTH_METRICS"], "w") as f:
    json.dump({"loss": round(loss, 5), "slope": round(slope, 3), "epochs": epochs, "optimizer": "sgd"}, f)
