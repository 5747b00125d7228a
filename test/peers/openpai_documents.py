"""What an OpenPAI server makes of a submitted job document: protocol v2 and config v1, the masking of secrets."""
import json
import re
import sys

NAME = re.compile(r"[a-zA-Z0-9_-]+")
ROLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
V1_NAME = re.compile(r"[A-Za-z0-9\-._]+")
V1_ROLE = re.compile(r"[A-Za-z0-9._~]+")
PRIORITIES = ("prod", "test", "oppo", "crit")


class Unparsable(Exception):
    """The text is not YAML: 500 without a code."""


def normalised(role):
    """A role's name as K8s servers key it."""
    return re.sub("[^a-z0-9]", "", role.lower())


def _unique(pairs):
    found = {}
    for name, content in pairs:
        if name in found:
            raise ValueError("duplicate key %r" % name)
        found[name] = content
    return found


def _lines(text):
    """The block mapping whose values are compact JSON, one a line (3.2). None: another form."""
    found = {}
    for line in text.split("\n"):
        line = line.rstrip("\r")
        if not line:
            continue
        name, colon, rest = line.partition(": ")
        if not colon or not re.fullmatch("[A-Za-z]+", name):
            return None
        try:
            content = json.loads(rest, object_pairs_hook=_unique)
        except ValueError:
            return None
        if name in found:
            raise Unparsable("duplicated mapping key")
        found[name] = content
    return found or None


def load(text):
    """The document as plain values."""
    if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        raise Unparsable("the stream contains non-printable characters")
    found = _lines(text)
    if found is not None:
        return found
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, object_pairs_hook=_unique)
        except ValueError:
            pass
    return _yaml(text)


def _yaml(text):
    try:
        import yaml
    except ImportError:  # Debian's package works with any python3
        sys.path.append("/usr/lib/python3/dist-packages")
        import yaml

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            names = [self.construct_object(k, True) for k, _ in node.value]
            if len(names) != len({str(n) for n in names}):
                raise yaml.YAMLError("duplicated mapping key")
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Strict)
    except (yaml.YAMLError, ValueError, TypeError) as e:
        raise Unparsable(str(e))


def stored(text):
    """What is kept of a document: secrets hidden by the server's own text pattern (3.2)."""
    return re.sub(r"(?m)^secrets:[\s\S]*?(?=^\w|\Z)", 'secrets: "******"\n', text)


def secrets_are_hidden(text, document):
    """Whether the document's secrets are in the one shape that the server hides, with nothing lost."""
    if "secrets" not in document:
        return True
    kept = load(stored(text))
    return kept.get("secrets") == "******" and set(kept) == set(document)


# ---- protocol v2 -----------------------------------------------------------------------------------

class Check:
    """Collects schema violations as the server's validator words them."""

    def __init__(self):
        self.found = []

    def add(self, keyword, path, message, **params):
        self.found.append({"keyword": keyword, "dataPath": path, "schemaPath": "#" + path.replace(".", "/") + "/" + keyword,
                           "params": params, "message": message})

    def kind(self, item, path, *kinds):
        right = any(isinstance(item, k) and (k is bool or not isinstance(item, bool)) for k in kinds)
        if not right:
            self.add("type", path, "should be " + " or ".join(k.__name__ for k in kinds))
        return right

    def members(self, item, path, known, required=(), free=False):
        if not self.kind(item, path, dict):
            return False
        for name in sorted(set(item) - set(known)) if not free else ():
            self.add("additionalProperties", path, "should NOT have additional properties", additionalProperty=name)
        for name in required:
            if name not in item:
                self.add("required", path, "should have required property '%s'" % name, missingProperty=name)
        return True

    def pattern(self, item, path, pattern):
        if self.kind(item, path, str) and not pattern.fullmatch(item):
            self.add("pattern", path, 'should match pattern "^%s$"' % pattern.pattern, pattern="^%s$" % pattern.pattern)

    def number(self, item, path, least=None):
        if self.kind(item, path, int) and least is not None and item < least:
            self.add("minimum", path, "should be >= %d" % least, limit=least)

    def texts(self, item, path, least=0):
        if self.kind(item, path, list):
            if len(item) < least:
                self.add("minItems", path, "should NOT have fewer than %d items" % least, limit=least)
            for i, one in enumerate(item):
                self.kind(one, "%s[%d]" % (path, i), str)


V2 = ("protocolVersion", "name", "type", "version", "contributor", "description", "prerequisites", "parameters", "secrets",
      "jobRetryCount", "taskRoles", "deployments", "defaults", "extras")
COMMON = ("name", "type", "protocolVersion", "version", "contributor", "description")
ROLE_KEYS = ("dockerImage", "resourcePerInstance", "commands", "instances", "completion", "taskRetryCount", "prerequisites",
             "data", "output", "script", "extraContainerOptions", "protocolVersion")


def check_v2(doc):
    """The schema's violations; an empty list when there are none."""
    c = Check()
    if not c.members(doc, "", V2, ("protocolVersion", "name", "type", "taskRoles")):
        return c.found
    if doc.get("protocolVersion", 2) not in (2, "2"):
        c.add("enum", ".protocolVersion", "should be equal to one of the allowed values")
    if doc.get("type", "job") != "job":
        c.add("enum", ".type", "should be equal to one of the allowed values")
    if "name" in doc:
        c.pattern(doc["name"], ".name", NAME)
        if isinstance(doc["name"], str) and len(doc["name"]) > 255:
            c.add("maxLength", ".name", "should NOT be longer than 255 characters", limit=255)
    for name, kinds in (("version", (str, int, float)), ("contributor", (str,)), ("description", (str,)),
                        ("parameters", (dict,)), ("secrets", (dict,)), ("extras", (dict,))):
        if name in doc:
            c.kind(doc[name], "." + name, *kinds)
    if "jobRetryCount" in doc:
        c.number(doc["jobRetryCount"], ".jobRetryCount", 0)
    _check_prerequisites(c, doc)
    _check_roles(c, doc)
    _check_deployments(c, doc)
    if "defaults" in doc and c.members(doc["defaults"], ".defaults", ("virtualCluster", "deployment")):
        for name in doc["defaults"]:
            c.kind(doc["defaults"][name], ".defaults." + name, str)
    return c.found


def _check_prerequisites(c, doc):
    if "prerequisites" not in doc or not c.kind(doc["prerequisites"], ".prerequisites", list):
        return
    if not doc["prerequisites"]:
        c.add("minItems", ".prerequisites", "should NOT have fewer than 1 items", limit=1)
    for i, item in enumerate(doc["prerequisites"]):
        path = ".prerequisites[%d]" % i
        if not c.members(item, path, (), ("name", "type"), free=True):
            continue
        kind = item.get("type")
        if kind not in ("dockerimage", "script", "output", "data"):
            c.add("enum", path + ".type", "should be equal to one of the allowed values")
        elif kind == "dockerimage":
            c.members(item, path, COMMON + ("uri", "auth"), ("uri",))
            c.kind(item.get("uri", ""), path + ".uri", str)
            if "auth" in item and c.members(item["auth"], path + ".auth", ("username", "password", "registryuri")):
                for name in item["auth"]:
                    c.kind(item["auth"][name], path + ".auth." + name, str)
        elif kind == "data":
            c.texts(item.get("uri", []), path + ".uri")
        else:
            c.kind(item.get("uri", ""), path + ".uri", str)


def _check_roles(c, doc):
    if "taskRoles" not in doc or not c.kind(doc["taskRoles"], ".taskRoles", dict):
        return
    if not doc["taskRoles"]:
        c.add("minProperties", ".taskRoles", "should NOT have fewer than 1 properties", limit=1)
    for name, role in doc["taskRoles"].items():
        path = ".taskRoles['%s']" % name
        if not ROLE.fullmatch(str(name)):
            c.add("additionalProperties", ".taskRoles", "should NOT have additional properties", additionalProperty=name)
            continue
        if not c.members(role, path, ROLE_KEYS, ("dockerImage", "resourcePerInstance", "commands")):
            continue
        for key in ("dockerImage", "data", "output", "script"):
            if key in role:
                c.kind(role[key], path + "." + key, str)
        if "commands" in role:
            c.texts(role["commands"], path + ".commands", 1)
        if "prerequisites" in role:
            c.texts(role["prerequisites"], path + ".prerequisites")
        if "instances" in role:
            c.number(role["instances"], path + ".instances", 1)
        if "taskRetryCount" in role:
            c.number(role["taskRetryCount"], path + ".taskRetryCount")
        _check_resources(c, role, path)


def _check_resources(c, role, path):
    here = path + ".resourcePerInstance"
    need = role.get("resourcePerInstance", {"cpu": 1, "memoryMB": 1, "gpu": 0})
    if c.members(need, here, ("cpu", "memoryMB", "gpu", "ports"), ("cpu", "memoryMB", "gpu")):
        for name in ("cpu", "memoryMB", "gpu"):
            c.number(need.get(name, 0), here + "." + name)
        if "ports" in need and c.kind(need["ports"], here + ".ports", dict):
            if not need["ports"]:
                c.add("minProperties", here + ".ports", "should NOT have fewer than 1 properties", limit=1)
            for label, count in need["ports"].items():
                c.pattern(label, here + ".ports", ROLE)
                c.number(count, here + ".ports." + str(label))
    if "completion" in role and c.members(role["completion"], path + ".completion", ("minFailedInstances", "minSucceededInstances")):
        for name, count in role["completion"].items():
            if count is not None:
                c.number(count, path + ".completion." + name, -1)
    more = role.get("extraContainerOptions")
    if more is not None and c.members(more, path + ".extraContainerOptions", ("shmMB", "infiniband")):
        c.number(more.get("shmMB", 1), path + ".extraContainerOptions.shmMB")
        c.kind(more.get("infiniband", True), path + ".extraContainerOptions.infiniband", bool)


def _check_deployments(c, doc):
    if "deployments" not in doc or not c.kind(doc["deployments"], ".deployments", list):
        return
    if not doc["deployments"]:
        c.add("minItems", ".deployments", "should NOT have fewer than 1 items", limit=1)
    for i, item in enumerate(doc["deployments"]):
        path = ".deployments[%d]" % i
        if not c.members(item, path, ("name", "taskRoles"), ("name", "taskRoles")) or not c.kind(item.get("taskRoles", {}), path, dict):
            continue
        for role, commands in item.get("taskRoles", {}).items():
            here = "%s.taskRoles.%s" % (path, role)
            if c.members(commands, here, ("preCommands", "postCommands")):
                for name in commands:
                    c.texts(commands[name], here + "." + name, 1)


def semantic_v2(doc, vcs, storages):
    """(status, code, message) of what the server finds after the schema, or None."""
    bad = lambda text: (400, "InvalidProtocolError", text)
    seen = set()
    for item in doc.get("prerequisites", ()):
        if (item["type"], item["name"]) in seen:
            return bad("Duplicate %s prerequisites with name %s." % (item["type"], item["name"]))
        seen.add((item["type"], item["name"]))
    for name, role in doc["taskRoles"].items():
        for key, kind in (("dockerImage", "dockerimage"), ("data", "data"), ("output", "output"), ("script", "script")):
            if key in role and (kind, role[key]) not in seen:
                return bad("Prerequisite %s of %s does not exist." % (role[key], name))
        for one in role.get("prerequisites", ()):
            if one not in {n for _, n in seen}:
                return bad("Prerequisite %s does not exist." % one)
    names = [normalised(n) for n in doc["taskRoles"]]
    if len(names) != len(set(names)):
        return (500, None, "role names collide")
    deployments = [d["name"] for d in doc.get("deployments", ())]
    if len(deployments) != len(set(deployments)):
        return bad("Duplicate deployments.")
    chosen = doc.get("defaults", {}).get("deployment")
    if chosen is not None and chosen not in deployments:
        return bad("Default deployment %s does not exist." % chosen)
    for deployment in doc.get("deployments", ()):
        for role in deployment["taskRoles"]:
            if role not in doc["taskRoles"]:
                return bad("Task role %s of deployment %s does not exist." % (role, deployment["name"]))
    hived = doc.get("extras", {}).get("hivedScheduler") or {}
    if hived.get("jobPriorityClass", "test") not in PRIORITIES[:3]:
        return bad("jobPriorityClass is invalid")
    for name, role in doc["taskRoles"].items():
        if "instances" not in role:
            return (500, "UnknownError", "Cannot read property of undefined (instances of %s)" % name)
    for storage in doc.get("extras", {}).get("storages") or ():
        if storage["name"] not in storages:
            return (404, "NoStorageError", "Storage %s is not found." % storage["name"])
    vc = doc.get("defaults", {}).get("virtualCluster", "default")
    if vc not in vcs:
        return (403, "ForbiddenUserError", "User is not allowed to do operation in %s" % vc)
    return None


# ---- config v1 -------------------------------------------------------------------------------------

V1 = ("jobName", "image", "authFile", "dataDir", "outputDir", "codeDir", "virtualCluster", "gpuType", "retryCount",
      "killAllOnCompletedTaskNumber", "jobEnvs", "extras", "taskRoles")
V1_ROLE_KEYS = ("name", "command", "taskNumber", "cpuNumber", "memoryMB", "shmMB", "gpuNumber", "portList",
                "minFailedTaskCount", "minSucceededTaskCount")


def check_v1(doc):
    """The first complaint of the old validator, or None."""
    c = Check()
    if not c.members(doc, "", V1, ("jobName", "image", "taskRoles")):
        return c.found
    c.pattern(doc.get("jobName", "x"), ".jobName", V1_NAME)
    for name in ("image", "authFile", "dataDir", "outputDir", "codeDir", "virtualCluster", "gpuType"):
        if name in doc:
            c.kind(doc[name], "." + name, str)
    for name in ("jobEnvs", "extras"):
        if name in doc:
            c.kind(doc[name], "." + name, dict)
    c.number(doc.get("retryCount", 0), ".retryCount", -2)
    if c.kind(doc.get("taskRoles", []), ".taskRoles", list) and not doc.get("taskRoles"):
        c.add("minItems", ".taskRoles", "should NOT have fewer than 1 items")
    for i, role in enumerate(doc.get("taskRoles", ())):
        path = ".taskRoles[%d]" % i
        if not c.members(role, path, V1_ROLE_KEYS, ("name", "command")):
            continue
        c.pattern(role.get("name", "x"), path + ".name", V1_ROLE)
        c.kind(role.get("command", ""), path + ".command", str)
        for name, least in (("taskNumber", 1), ("cpuNumber", 1), ("memoryMB", 100), ("gpuNumber", 0), ("shmMB", 64)):
            if name in role:
                c.number(role[name], path + "." + name, least)
        for name in ("minFailedTaskCount", "minSucceededTaskCount"):
            if role.get(name) is not None:
                c.number(role[name], path + "." + name, 1)
                if isinstance(role[name], int) and role[name] > role.get("taskNumber", 1):
                    c.add("maximum", path + "." + name, "should be <= taskNumber")
        for j, port in enumerate(role.get("portList") or ()):
            c.members(port, "%s.portList[%d]" % (path, j), ("label", "beginAt", "portNumber"), ("label",))
    return c.found


def roles_of(doc):
    """[(name, instances, gpus)] of either form."""
    if isinstance(doc.get("taskRoles"), list):
        return [(r["name"], r.get("taskNumber", 1), r.get("gpuNumber", 0)) for r in doc["taskRoles"]]
    return [(n, r.get("instances", 1), r["resourcePerInstance"].get("gpu", 0)) for n, r in doc["taskRoles"].items()]
