#!/usr/bin/env python3
"""A TLS 1.2 server that sends back what it gets, for tests that need to see the end of a session.

tls_echo.py CERT KEY [CUT]: prints "ACCEPT 127.0.0.1:PORT". With CUT, each connection is closed without TLS's own close
after that many bytes were sent back; else it ends as the client's does, in an orderly way. A line "bye" makes the server
end the session itself, in an orderly way. Dies with the test (standard input ends).
"""
import os
import socket
import ssl
import sys
import threading


def serve(raw, context, cut):
    try:
        with context.wrap_socket(raw, server_side=True) as tls:
            echo(tls, cut)
    except (OSError, ValueError):
        pass
    finally:
        raw.close()


def echo(tls, cut):
    sent = 0
    while True:
        data = tls.recv(65536)
        if not data:
            return
        if data == b"bye\n":
            tls.unwrap()
            return
        if cut is not None and sent + len(data) >= cut:
            tls.sendall(data[:cut - sent])
            os.close(tls.detach())
            return
        tls.sendall(data)
        sent += len(data)


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # certificates that are too weak are a test's business
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    cut = int(sys.argv[3]) if len(sys.argv) > 3 else None
    listener = socket.create_server(("127.0.0.1", 0))
    print("ACCEPT 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()
    while True:
        raw, _ = listener.accept()
        threading.Thread(target=serve, args=(raw, context, cut), daemon=True).start()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: tls_echo.py CERT KEY [CUT]\n\n" + __doc__)
    main()
