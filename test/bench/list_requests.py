#!/usr/bin/python3
"""What a person writes with python3-requests: all of a cluster's jobs, page by page, their names printed. list_requests.py URI CAFILE"""
import sys

import requests

uri, ca = sys.argv[1], sys.argv[2] or True
session = requests.Session()
session.trust_env, session.verify = False, ca
rest = uri + "/rest-server/api/v2"
token = session.post(rest + "/authn/basic/login", data={"username": "lee", "password": "pw-pw-pw"}).json()["token"]
session.headers["Authorization"] = "Bearer " + token
seen, offset, limit = set(), 0, 5000
while True:
    page = session.get(rest + "/jobs", params={"offset": offset, "limit": limit, "withTotalCount": "true"}).json()
    for job in page["data"]:
        if job["debugId"] not in seen:
            seen.add(job["debugId"])
            print(job["username"] + "~" + job["name"])
    offset += limit
    if offset >= page["totalCount"]:
        break
