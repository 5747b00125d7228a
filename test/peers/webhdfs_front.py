"""A real nginx in front of a stand-in WebHDFS cluster: NameNode and DataNodes through one TLS port."""
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import nginx

CONFIG = """
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/f;
    uwsgi_temp_path {dir}/u;
    scgi_temp_path {dir}/s;
    default_type application/octet-stream;
    client_max_body_size 0;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Via nginx;
    # As it came: what a location captures is decoded.
    map $request_uri $datanode {{
        "~^/dn/(?<rest>[0-9]+/.*)$" $rest;
    }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        location /webhdfs/v1/ {{
            proxy_pass http://127.0.0.1:{namenode};
            proxy_redirect off;
        }}
        location /dn/ {{
            proxy_pass http://127.0.0.1:$datanode;
        }}
    }}
}}
"""


class Front:
    """root is the NameNode through it, datanode the value of --datanode that leads through it too."""

    @staticmethod
    def available():
        return nginx.program() is not None

    def __init__(self, cluster, certs):
        self.folder = tempfile.mkdtemp(prefix="berth-nginx-")
        port = nginx.free_ports(1)[0]
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write(CONFIG.format(dir=self.folder, port=port, cert=certs("server"), key=certs.key("server"),
                                  namenode=cluster.namenodes[0].port))
        self.process = subprocess.Popen(
            [nginx.program(), "-p", self.folder, "-c", path, "-e", os.path.join(self.folder, "error.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.02)
        self.root = "https://localhost:%d" % port
        self.datanode = "*=https://localhost:%d/dn/{port}" % port

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
