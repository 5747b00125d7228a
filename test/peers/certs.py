#!/usr/bin/env python3
"""Makes every certificate that the TLS tests need, with the openssl program, in a given folder (about a second).

NAME.pem is the certificate (with its intermediate where it has one), NAME.key its key; both are in NAME.both.pem too.
"""
import base64
import hashlib
import os
import re
import ssl
import subprocess
import sys
import time

CONFIG = """
[ca]
default_ca = this
[this]
database = {dir}/{name}.index
new_certs_dir = {dir}
serial = {dir}/{name}.serial
crlnumber = {dir}/{name}.crlnumber
default_md = sha256
default_days = 30
default_crl_days = 30
unique_subject = no
policy = any
[any]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
[ext_ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ext_server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = {san}
[ext_client]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[ext_nosan]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
"""
LOCAL = "DNS:localhost, IP:127.0.0.1, IP:::1"
DAY = 86400

# name: (issuer, common name, extensions, subject alternative names, RSA key, first day, last day counted from now)
LEAVES = {
    "server": ("ca", "localhost", "server", LOCAL, False, -1, 30),
    "rsa": ("ca", "localhost", "server", LOCAL, True, -1, 30),
    "chain": ("inter", "localhost", "server", LOCAL, False, -1, 30),
    "expired": ("ca", "localhost", "server", LOCAL, False, -30, -1),
    "future": ("ca", "localhost", "server", LOCAL, False, 5, 30),
    "wrongname": ("ca", "other.example", "server", "DNS:other.example, IP:192.0.2.1", False, -1, 30),
    "nameonly": ("ca", "localhost", "server", "DNS:localhost", False, -1, 30),
    "wildcard": ("ca", "localhost", "server", "DNS:*.berth.example, DNS:*", False, -1, 30),
    "cnonly": ("ca", "localhost", "nosan", LOCAL, False, -1, 30),
    "clientuse": ("ca", "localhost", "client", LOCAL, False, -1, 30),
    "revoked": ("ca", "localhost", "server", LOCAL, False, -1, 30),
    "notca": ("server", "localhost", "server", LOCAL, False, -1, 30),
    "otherca": ("other", "localhost", "server", LOCAL, False, -1, 30),
    "client": ("clients", "berth client", "client", LOCAL, False, -1, 30),
    "stranger": ("other", "berth stranger", "client", LOCAL, False, -1, 30),
}


class Certs:
    """The made files, by attribute or by call: certs.ca, certs('server'), certs.key('server')."""

    def __init__(self, folder):
        self.folder = folder
        self.ca, self.crl, self.crl_empty = self("ca"), self.file("crl.pem"), self.file("crl-empty.pem")
        self.other_ca, self.client_ca, self.selfsigned = self("other"), self("clients"), self("selfsigned")

    def file(self, name):
        return os.path.join(self.folder, name)

    def __call__(self, name):
        return self.file(name + ".pem")

    def key(self, name):
        return self.file(name + ".key")

    def der(self, name):
        with open(self(name), encoding="ascii") as f:
            text = f.read()
        return ssl.PEM_cert_to_DER_cert(text[:text.index("-----END CERTIFICATE-----") + 25] + "\n")

    def fingerprint(self, name):
        """SHA-256 of the whole certificate, hexadecimal."""
        return hashlib.sha256(self.der(name)).hexdigest()

    def spki_sha256(self, name, text="hex"):
        """SHA-256 of the public key's SubjectPublicKeyInfo, as hex or base64."""
        pem = subprocess.run(["openssl", "x509", "-in", self(name), "-pubkey", "-noout"], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
        raw = base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
        digest = hashlib.sha256(raw)
        return digest.hexdigest() if text == "hex" else base64.b64encode(digest.digest()).decode()


def _run(*words):
    done = subprocess.run(("openssl",) + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError("openssl %s: %s" % (" ".join(words), done.stdout.decode("utf-8", "replace")))


def _config(folder, name, san):
    path = os.path.join(folder, name + ".cnf")
    with open(path, "w", encoding="ascii") as f:
        f.write(CONFIG.format(dir=folder, name=name, san=san))
    for suffix, text in (("index", ""), ("serial", "%016x\n" % (0x1000 + 0x100 * len(name))), ("crlnumber", "01\n")):
        if not os.path.exists(os.path.join(folder, "%s.%s" % (name, suffix))):
            with open(os.path.join(folder, "%s.%s" % (name, suffix)), "w", encoding="ascii") as f:
                f.write(text)
    return path


def _stamp(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * DAY))


def _key(folder, name, rsa=False):
    path = os.path.join(folder, name + ".key")
    kind = ("RSA", "-pkeyopt", "rsa_keygen_bits:2048") if rsa else ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    _run("genpkey", "-algorithm", *kind, "-out", path)
    os.chmod(path, 0o600)
    return path


def _issue(folder, name, issuer, common, extensions, san, rsa=False, first=-1, last=30):
    """One certificate; issuer None signs itself."""
    config, at = _config(folder, issuer or name, san), lambda f: os.path.join(folder, f)
    _run("req", "-new", "-config", config, "-key", _key(folder, name, rsa), "-subj", "/CN=" + common, "-out", at(name + ".csr"))
    signer = ("-selfsign", "-keyfile", at(name + ".key")) if issuer is None else (
        "-cert", at(issuer + ".pem"), "-keyfile", at(issuer + ".key"))
    _run("ca", "-batch", "-notext", "-config", config, *signer, "-extensions", "ext_" + extensions, "-in", at(name + ".csr"),
         "-startdate", _stamp(first), "-enddate", _stamp(last), "-out", at(name + ".pem"))
    os.unlink(at(name + ".csr"))


def _append(target, *sources):
    with open(target, "ab") as out:
        for source in sources:
            with open(source, "rb") as f:
                out.write(f.read())


def make(folder, only=None):
    """Makes everything (or only the named leaves and what they need) in the folder; answers Certs."""
    os.makedirs(folder, exist_ok=True)
    folder = os.path.abspath(folder)
    certs, wanted = Certs(folder), set(LEAVES) if only is None else set(only)
    roots = {"ca": "berth test CA", "other": "berth other CA", "clients": "berth client CA"}
    for name, common in roots.items():
        _issue(folder, name, None, common, "ca", LOCAL, first=-40, last=400)
    if wanted & {"chain"}:
        _issue(folder, "inter", "ca", "berth intermediate CA", "ca", LOCAL, first=-40, last=300)
    if "notca" in wanted:
        wanted.add("server")
    for name, (issuer, common, extensions, san, rsa, first, last) in LEAVES.items():
        if name in wanted:
            _issue(folder, name, issuer, common, extensions, san, rsa, first, last)
            if issuer in ("inter", "server"):
                _append(certs(name), certs(issuer))
            _append(certs.file(name + ".both.pem"), certs(name), certs.key(name))
    if only is None:
        _issue(folder, "selfsigned", None, "localhost", "server", LOCAL)
        _append(certs.file("selfsigned.both.pem"), certs.selfsigned, certs.key("selfsigned"))
    config = os.path.join(folder, "ca.cnf")
    signer = ("-cert", certs.ca, "-keyfile", certs.key("ca"))
    _run("ca", "-gencrl", "-config", config, *signer, "-out", certs.crl_empty)
    if "revoked" in wanted:
        _run("ca", "-config", config, *signer, "-revoke", certs("revoked"))
        _run("ca", "-gencrl", "-config", config, *signer, "-out", certs.crl)
    _append(certs.file("bundle.pem"), certs.other_ca, certs.client_ca, certs.ca)
    for name in os.listdir(folder):
        if re.fullmatch(r"[0-9A-F]{4,}\.pem|.*\.(cnf|index.*|serial.*|crlnumber.*)", name):
            os.unlink(os.path.join(folder, name))
    return certs


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: certs.py FOLDER\n\n" + __doc__)
    print("\n".join(sorted(os.listdir(make(sys.argv[1]).folder))))
