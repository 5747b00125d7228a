import sys

sys.exit("export: no exporter for format '%s' in this project (it fails on purpose)" % sys.argv[2])
