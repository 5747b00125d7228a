#!/usr/bin/env python3
"""make sbom: an SPDX 2.3 document of berth, with jsmn and mbedTLS as they are here. The same tree gives the same bytes."""
import hashlib
import json
import os
import re
import subprocess
import sys


def git(*words):
    return subprocess.run(["git"] + list(words), check=True, capture_output=True, text=True).stdout.strip()


def digest(path, kind):
    with open(path, "rb") as file:
        return hashlib.new(kind, file.read()).hexdigest()


def debian_version(package):
    """The version of an installed Debian package; None where there is no dpkg or no such package."""
    try:
        result = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return result.stdout if result.returncode == 0 and result.stdout else None


def tree_version(folder):
    for name in ("build_info.h", "version.h"):
        path = os.path.join(folder, "include/mbedtls", name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                found = re.search(r'#define MBEDTLS_VERSION_STRING\s+"([^"]+)"', file.read())
            if found:
                return found.group(1)
    return None


def package(name, version, licence, debian, comment):
    """A package; without a version (SPDX lets it out) it is not known which one will be linked."""
    entry = {"name": name, "SPDXID": "SPDXRef-Package-" + name, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
             "licenseConcluded": licence, "licenseDeclared": licence, "copyrightText": "NOASSERTION", "comment": comment}
    if version:
        entry["versionInfo"] = version
    if version and debian:
        entry["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                  "referenceLocator": "pkg:deb/debian/%s@%s" % (debian, version)}]
    return entry


def files():
    out = []
    for path in git("ls-files", "lib", "port", "include", "examples").split("\n"):
        sums = [{"algorithm": name, "checksumValue": digest(path, kind)} for name, kind in (("SHA1", "sha1"), ("SHA256", "sha256"))]
        out.append({"fileName": "./" + path, "SPDXID": "SPDXRef-File-" + re.sub(r"[^A-Za-z0-9.]", "-", path), "checksums": sums,
                    "licenseConcluded": "MIT", "copyrightText": "NOASSERTION"})
    return out


def main():
    out, jsmn = sys.argv[1:3]
    with open("include/berth/berth.h", encoding="utf-8") as file:
        version = re.search(r'#define BERTH_VERSION "(.*)"', file.read()).group(1)
    listed = files()
    sums = sorted(f["checksums"][0]["checksumValue"] for f in listed)
    berth = package("berth", version, "MIT", None, "the library, its ports and the program")
    berth.update({"filesAnalyzed": True, "licenseInfoFromFiles": ["MIT"],
                  "packageVerificationCode": {"packageVerificationCodeValue": hashlib.sha1("".join(sums).encode()).hexdigest()}})
    own = os.environ.get("MBEDTLS_DIR")
    packages = [berth, package("jsmn", debian_version("libjsmn-dev"), "MIT", "libjsmn-dev", "compiled in; SHA256 " + digest(jsmn, "sha256")),
                package("mbedtls", tree_version(own) if own else debian_version("libmbedtls-dev"), "Apache-2.0 OR GPL-2.0-or-later",
                        None if own else "libmbedtls-dev", "linked into programs that speak TLS")]
    links = [("DOCUMENT", "DESCRIBES", "Package-berth"), ("Package-berth", "DEPENDS_ON", "Package-jsmn"),
             ("Package-berth", "DEPENDS_ON", "Package-mbedtls")]
    links += [("Package-berth", "CONTAINS", f["SPDXID"][len("SPDXRef-"):]) for f in listed]
    commit = git("rev-parse", "HEAD")
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "berth-" + version,
        "documentNamespace": "urn:berth:%s:%s" % (version, commit),
        "creationInfo": {"created": subprocess.run(["git", "log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd"], check=True,
                                                   capture_output=True, text=True, env=dict(os.environ, TZ="UTC")).stdout.strip(),
                         "creators": ["Tool: berth-make-sbom-" + version]},
        "packages": packages, "files": listed,
        "relationships": [{"spdxElementId": "SPDXRef-" + a, "relationshipType": kind, "relatedSpdxElement": "SPDXRef-" + b}
                          for a, kind, b in links]}
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with open(out, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
