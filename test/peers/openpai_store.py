"""What the OpenPAI stand-in keeps: users, tokens, jobs with their logs and events, clusters; and the JSON of all of it."""
import base64
import hashlib
import hmac
import json
import random
import threading
import time

from openpai_documents import normalised, roles_of

KEY = b"stand-in"
STATES = ("WAITING", "RUNNING", "STOPPING", "STOPPED", "SUCCEEDED", "FAILED", "UNKNOWN")
TERMINAL = ("STOPPED", "SUCCEEDED", "FAILED")
SUB = {"WAITING": "AttemptCreationPending", "RUNNING": "AttemptRunning", "STOPPING": "AttemptDeletionPending",
       "STOPPED": "Completed", "SUCCEEDED": "Completed", "FAILED": "Completed"}
SUB_G1 = {"WAITING": "FRAMEWORK_WAITING", "RUNNING": "APPLICATION_RUNNING", "STOPPED": "FRAMEWORK_COMPLETED",
          "SUCCEEDED": "FRAMEWORK_COMPLETED", "FAILED": "FRAMEWORK_COMPLETED"}


class Refused(Exception):
    """An error reply: status, code (or None), message."""

    def __init__(self, status, code, message):
        Exception.__init__(self, message)
        self.status, self.code, self.message = status, code, message


def text(item, indent=None):
    return json.dumps(item, ensure_ascii=False, separators=(",", ": " if indent else ":"), indent=indent)


def now_ms():
    return int(time.time() * 1000)


def debug_id(user, name):
    return hashlib.md5(("%s~%s" % (user, name)).encode()).hexdigest()


def _part(item):
    return base64.urlsafe_b64encode(item).rstrip(b"=").decode()


def sign(payload):
    head = _part(b'{"alg":"HS256","typ":"JWT"}') + "." + _part(text(payload).encode())
    return head + "." + _part(hmac.new(KEY, head.encode(), "sha256").digest())


def opened(token):
    """The payload of a token that this server signed, or None."""
    try:
        head, body, mark = token.split(".")
        wanted = hmac.new(KEY, (head + "." + body).encode(), "sha256").digest()
        if not hmac.compare_digest(_part(wanted), mark):
            return None
        return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, AttributeError):
        return None


class Job:
    """One job; its state follows the clock unless a test sets it."""

    def __init__(self, user, name, document, config, settings):
        self.user, self.name, self.document, self.config = user, name, document, config
        self.submitted = now_ms() // 1000 * 1000
        self.created = self.launched = self.completed = None
        self.state, self.exit_code, self.tags, self.retries = "WAITING", None, [], 0
        self.vc = document.get("virtualCluster") or document.get("defaults", {}).get("virtualCluster") or "default"
        hived = (document.get("extras") or {}).get("hivedScheduler") or {}
        self.priority = hived.get("jobPriorityClass")
        self.roles = roles_of(document)
        self.plan = dict(settings)  # wait_ms, run_ms, stop_ms, end_state
        self.started = time.monotonic()
        self.stopping = None
        self.logs, self.events, self.forced = {}, [], {}
        self.hidden_gets = 0  # GETs that still answer 404 (2.7)
        self.cleared = False

    @property
    def id(self):
        return "%s~%s" % (self.user, self.name)

    def tick(self):
        """Moves along with the time."""
        if self.state in TERMINAL or self.plan.get("still"):
            return
        now = time.monotonic()
        if self.stopping is not None:
            if (now - self.stopping) * 1000 >= self.plan["stop_ms"]:
                self.finish("STOPPED", -210)
            return
        age = (now - self.started) * 1000
        if self.state == "WAITING" and age >= self.plan["wait_ms"]:
            self.state, self.created, self.launched = "RUNNING", now_ms(), now_ms()
        if self.state == "RUNNING" and self.plan["run_ms"] is not None and age >= self.plan["wait_ms"] + self.plan["run_ms"]:
            end = self.plan.get("end_state", "SUCCEEDED")
            self.finish(end, {"SUCCEEDED": 0, "STOPPED": -210}.get(end, 220))

    def finish(self, state, code):
        self.state, self.exit_code, self.completed = state, code, now_ms()

    def stop(self):
        if self.state not in TERMINAL and self.stopping is None:
            self.stopping, self.state = time.monotonic(), "STOPPING"

    # JSON -----------------------------------------------------------------------------------------

    def summary(self, site):
        """An element of the list (2.3)."""
        self.tick()
        old = site.generation == "G1"
        item = {} if old else {"debugId": debug_id(self.user, self.name)}
        item.update({"name": self.name, "username": self.user, "state": self.state,
                     "subState": (SUB_G1 if old else SUB).get(self.state, "Unheard"),
                     "executionType": "STOP" if self.stopping or self.state == "STOPPED" else "START"})
        if site.at_least(1, 3):
            item["tags"] = self.tags
        item.update({"retries": self.retries, "retryDetails": {"user": self.retries, "platform": 0, "resource": 0}})
        if not old:
            item["retryDelayTime"] = None
        if site.at_least(1, 2):
            item["submissionTime"] = self.submitted
        item["createdTime"] = self.created if not old else (self.created or self.submitted)
        if not old:
            item["launchedTime"] = self.launched
        code = self.exit_code if not old or self.exit_code != -210 else -7351
        item.update({"completedTime": self.completed, "appExitCode": code, "virtualCluster": self.vc,
                     "totalGpuNumber": sum(n * g for _, n, g in self.roles),
                     "totalTaskNumber": sum(n for _, n, _ in self.roles), "totalTaskRoleNumber": len(self.roles)})
        if site.at_least(1, 8):
            item["jobPriority"] = self.priority
        item.update(self.forced)
        return item

    def exit_spec(self):
        known = {220: ("UserCommandExitWithError", "USER_FAILURE"), -210: ("FrameworkStopRequested", "USER_STOP"),
                 0: ("Succeeded", "USER_SUCCESS"), -1200: ("ContainerOOMKilled", "USER_FAILURE")}
        if self.exit_code is None:
            return None
        phrase, kind = known.get(self.exit_code, ("Unknown", "UNKNOWN_FAILURE"))
        return {"code": self.exit_code, "phrase": phrase, "issuer": "PAI_RUNTIME", "causer": "USER_CONTAINER", "type": kind,
                "stage": "RUNNING", "behavior": "PERMANENT", "reaction": "NEVER_RETRY", "reason": "user command exited",
                "repro": ["run it"], "solution": ["look at stderr"]}

    def detail(self, site):
        """The whole job (2.4)."""
        short = self.summary(site)
        status = {k: short[k] for k in ("username", "state", "subState", "executionType", "retries", "retryDetails",
                                        "virtualCluster", "createdTime", "completedTime") if k in short}
        if site.generation == "G1":
            status["name"] = self.id
        else:
            status.update({"retryDelayTime": None, "launchedTime": self.launched, "submissionTime": self.submitted})
        placed = self.state != "WAITING"
        if placed and site.at_least(1, 4):
            status.update({"attemptId": self.retries, "attemptState": self.state})
        status.update({"appId": "0_" + debug_id(self.user, self.name)[:8] if placed else None, "appProgress": 1 if self.completed else 0,
                       "appTrackingUrl": "", "appCreatedTime": self.created, "appLaunchedTime": self.launched,
                       "appCompletedTime": self.completed, "appExitCode": short["appExitCode"], "appExitSpec": self.exit_spec(),
                       "appExitDiagnostics": "line one\nline two" if self.state == "FAILED" else None,
                       "appExitMessages": {"container": None, "runtime": {"exitCode": self.exit_code, "originUserExitCode": 1,
                                                                          "name": "app"}, "launcher": None}
                       if self.state == "FAILED" else None,
                       "appExitTriggerMessage": None, "appExitTriggerTaskRoleName": None, "appExitTriggerTaskIndex": None,
                       "appExitType": (self.exit_spec() or {}).get("type")})
        roles = {}
        if site.generation == "G1" or self.created is not None:
            for name, count, _ in self.roles:
                key = name if site.generation == "G1" else normalised(name)
                roles[key] = {"taskRoleStatus": {"name": key}, "taskStatuses": [self.task(site, key, i) for i in range(count)]}
        head = {"debugId": debug_id(self.user, self.name)} if site.generation != "G1" else {}
        head["name"] = self.name if site.generation != "G1" else self.id
        if site.at_least(1, 3):
            head["tags"] = self.tags
        return dict(head, jobStatus=status, taskRoles=roles)

    def labels(self, role):
        """Of the ports that a role asks for."""
        roles = self.document["taskRoles"]
        if isinstance(roles, list):
            return [p["label"] for r in roles if r["name"] == role for p in r.get("portList") or ()]
        return [label for name, r in roles.items() if normalised(name) == normalised(role) for label in r.get("resourcePerInstance", {}).get("ports", {})]

    def container(self, site, role, index, attempt=0):
        placed = self.created is not None
        address = "10.20.30.%d" % (40 + index)
        if site.at_least(1, 4):
            log = "/api/v2/jobs/%s/attempts/%d/taskRoles/%s/taskIndex/%d/attempts/%d/logs" % (self.id, self.retries, role, index, attempt)
        elif site.generation == "G1":
            log = "%s/yarn/%s:8042/node/containerlogs/c_%s_%d/%s/" % (site.origin, address, role, index, self.user)
        else:
            log = "%s/log-manager/tail/%s:9103/%s/%s/%d/" % (site.origin, address, self.id, role, index)
        ports = {"ssh": str(20000 + index), "http": "%d,%d" % (30000 + index, 31000 + index)}
        ports.update({label: str(40000 + index) for label in self.labels(role)})
        ports = ports if placed else {}
        item = {"containerId": "c-%s-%d" % (role, index) if placed else None, "containerIp": address if placed else None}
        if site.generation != "G1":
            item["containerNodeName"] = "gpu-node-%03d" % index if placed else None
        item.update({"containerPorts": ports, "containerGpus": None if site.at_least(1, 4) else 1 << index % 8,
                     "containerLog": log, "containerExitCode": self.exit_code})
        if site.at_least(1, 2):
            item.update({"containerExitSpec": self.exit_spec(), "containerExitDiagnostics": None})
        return item

    def task(self, site, role, index):
        item = {"taskIndex": index, "taskState": self.state}
        if site.at_least(1, 4):
            item.update({"taskUid": "u-%s-%d" % (role, index)})
        item.update(self.container(site, role, index))
        if site.at_least(1, 4):
            item.update({"retries": 0, "accountableRetries": 0, "createdTime": self.created, "launchedTime": self.launched,
                         "completedTime": self.completed, "attemptId": 0, "attemptState": self.state,
                         "currentAttemptCreatedTime": self.created, "currentAttemptLaunchedTime": self.launched,
                         "currentAttemptCompletedTime": self.completed})
        return item

    def task_attempts(self, site, role, index):
        attempt = dict({"attemptId": 0, "attemptState": self.state, "currentAttemptCreatedTime": self.created,
                        "currentAttemptLaunchedTime": self.launched, "currentAttemptCompletedTime": self.completed},
                       **self.container(site, role, index))
        return {"username": self.user, "jobName": self.name, "jobAttemptId": self.retries, "taskRoleName": role,
                "taskIndex": index, "taskUid": "u-%s-%d" % (role, index), "taskState": self.state, "retries": 0,
                "accountableRetries": 0, "createdTime": self.created, "launchedTime": self.launched,
                "completedTime": self.completed, "attempts": [attempt]}

    def attempt(self, number):
        return {"jobName": self.name, "frameworkName": debug_id(self.user, self.name), "uid": "a%d" % number, "userName": self.user,
                "state": self.state if number == self.retries else "FAILED", "originState": None, "attemptIndex": number,
                "jobStartedTime": self.created, "attemptStartedTime": self.created, "attemptCompletedTime": self.completed,
                "exitCode": self.exit_code, "exitPhrase": (self.exit_spec() or {}).get("phrase"),
                "exitType": (self.exit_spec() or {}).get("type"), "exitDiagnostics": None, "appExitTriggerMessage": None,
                "appExitTriggerTaskRoleName": None, "appExitTriggerTaskIndex": None, "appExitSpec": self.exit_spec(),
                "appExitDiagnostics": None, "appExitMessages": None,
                "totalGpuNumber": sum(n * g for _, n, g in self.roles), "totalTaskNumber": sum(n for _, n, _ in self.roles),
                "totalTaskRoleNumber": len(self.roles), "taskRoles": {}, "isLatest": True}

    def stream(self, role, index, name):
        return self.logs.setdefault((role, index), {}).setdefault(name, bytearray())


SITE = {"vcs": {"default": {"cpu": 96, "memory": 393216, "gpu": 20, "used": {"cpu": 24, "memory": 65536, "gpu": 4}},
                "vision": {"cpu": 32, "memory": 131072, "gpu": 8, "used": {"cpu": 0, "memory": 0, "gpu": 0}},
                "cpuonly": {"cpu": 8, "memory": 16384, "gpu": 0, "used": {"cpu": 0, "memory": 0, "gpu": 0}}},
        "nodes": {"gpu-node-041": {"gpuUsed": 3, "gpuAvailable": 1, "gpuTotal": 4}},
        "skus": {"V100": {"cpu": 6, "memory": 57344, "gpu": 1}, "CPU8": {"cpu": 8, "memory": 32768, "gpu": 0}},
        "groups": {"default": {"groupname": "default", "description": "everybody", "externalName": "",
                               "extension": {"acls": {"admin": False, "virtualClusters": ["default"], "storageConfigs": ["teamnfs"]}}},
                   "vision": {"groupname": "vision", "description": "", "externalName": "", "extension": {}}},
        "storages": {"teamnfs": {"name": "teamnfs", "share": False, "volumeName": "pv-teamnfs", "type": "nfs",
                                 "data": {"server": "10.9.8.7", "path": "/export/team"}, "readOnly": False,
                                 "mountOptions": ["nfsvers=4.1"]},
                     "scratch": {"name": "scratch", "volumeName": "pv-scratch", "type": "azureBlob",
                                 "data": {"containerName": "c", "accountName": "a", "accountKey": "STORAGE-KEY-IN-CLEAR"}},
                     "pending": {"name": "pending"}}}
USERS = {"lee": {"password": "pw-pw-pw", "admin": False}, "mira.k": {"password": "s3cret-pw", "admin": False},
         "root": {"password": "root-pw", "admin": True}}


class Store:
    """Everything behind the API."""

    def __init__(self, config):
        self.config, self.lock = config, threading.RLock()
        self.clear()

    def clear(self):
        with self.lock:
            self.users = {n: dict({"email": "", "grouplist": ["default", "vision"] if n == "mira.k" else ["default"],
                                   "extension": {"sshKeys": [{"title": "laptop", "value": "ssh-ed25519 AAAA"}], "githubPAT": "PAT-IN-CLEAR"},
                                   "virtualCluster": ["default", "vision"], "storageConfig": ["teamnfs"]}, **u)
                          for n, u in USERS.items()}
            self.site = json.loads(json.dumps(SITE))
            self.tokens, self.jobs, self.calls, self.links = {}, {}, [], {}
            self.random = random.Random(7)
            self.cached = None

    def new_token(self, user, application=False):
        payload = {"username": user, "application": application, "iat": int(time.time())}
        if self.config["generation"] == "G1":
            payload = {"username": user, "admin": self.users[user]["admin"], "iat": payload["iat"]}
        if not application:
            payload["exp"] = payload["iat"] + self.config["token_s"]
        token = sign(payload)
        self.tokens[token] = payload
        return token

    def submit(self, user, name, document, config):
        """A new job, or Refused 409."""
        with self.lock:
            if "%s~%s" % (user, name) in self.jobs:
                raise Refused(409, "ConflictJobError", "Job name %s already exists." % name)
            job = Job(user, name, document, config, {k: self.config[k] for k in ("wait_ms", "run_ms", "stop_ms", "end_state")})
            job.hidden_gets = self.config["hidden_gets"]
            self.jobs[job.id] = job
            self.cached = None
            return job

    def make_many(self, wish):
        """A long list, all alike but for their names (6.19)."""
        start = wish.get("from", 0)
        for k in range(start, start + wish["count"]):
            user = wish.get("user", "mira.k")
            job = Job(user, "%s%05d" % (wish.get("prefix", "bulk_"), k), {"taskRoles": [{"name": "main"}]}, "{}",
                      {"still": True, "stop_ms": 0})
            job.state, job.exit_code = "SUCCEEDED", 0
            job.submitted = (1700000000000 + k * wish.get("step_ms", 1000)) // 1000 * 1000
            job.created, job.launched, job.completed = job.submitted, job.submitted + 5000, job.submitted + 60000
            job.tags = ["nightly", "\U0001f680"] if k % 7 == 0 else []
            self.jobs[job.id] = job
        self.cached = None

    def find(self, framework, reading=True):
        job = self.jobs.get(framework)
        if job is not None and job.hidden_gets and reading:
            job.hidden_gets -= 1
            job = None
        if job is None:
            raise Refused(404, "NoJobError", "Job %s is not found." % framework)
        job.tick()
        return job
