"""Proxies that count the calls to several servers together and let one of them go wrong: `fail` (500, nothing done),
`lose_request` (the connection ends, nothing done), `lose_answer` (done, then the connection ends), `kill_before` and
`kill_after` (the caller is killed before or after it is done), `stall` (done, and the caller waits for the answer in vain)."""
import http.client
import http.server
import threading
import time
import urllib.parse

HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length"}
STALL_SECONDS = 45  # longer than the lake's clients wait for a byte


class Faults:
    """Thread-safe. `process` is whom a kill is for."""

    def __init__(self):
        self.lock = threading.Lock()
        self.plan(0, "")

    def plan(self, number, fault):
        """The call of that number, counted from now on, meets `fault`."""
        with self.lock:
            self.number, self.fault, self.process = number, fault, None
            self.calls = []

    def next(self, call):
        with self.lock:
            self.calls.append(call)
            return self.fault if len(self.calls) == self.number else ""

    def met(self):
        """What the fault befell, or None."""
        with self.lock:
            return self.calls[self.number - 1] if 0 < self.number <= len(self.calls) else None


class FaultProxy:
    """Listens on 127.0.0.1 and passes on to `upstream`, a URL; signatures stay whole, as the caller's Host does."""

    def __init__(self, upstream, faults):
        self.upstream = urllib.parse.urlparse(upstream).netloc
        self.faults = faults
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                proxy.handle(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        operation = (handler.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        fault = self.faults.next(operation or f"{handler.command} {handler.path}")
        if fault == "fail":
            return self.answer(handler, 500, [], b"")
        if fault == "kill_before":
            self.faults.process.kill()
        if fault in ("lose_request", "kill_before"):
            handler.close_connection = True
            return None
        status, headers, content = self.forward(handler, body)
        if fault == "kill_after":
            self.faults.process.kill()
        if fault == "stall":
            time.sleep(STALL_SECONDS)
        if fault in ("lose_answer", "kill_after", "stall"):
            handler.close_connection = True
            return None
        return self.answer(handler, status, headers, content)

    def forward(self, handler, body):
        upstream = http.client.HTTPConnection(self.upstream, timeout=60)
        upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in handler.headers.items():
            if name.lower() not in HOP_HEADERS:
                upstream.putheader(name, value)
        upstream.putheader("Content-Length", str(len(body)))
        upstream.endheaders(body)
        response = upstream.getresponse()
        content = response.read()
        upstream.close()
        return response.status, response.getheaders(), content

    @staticmethod
    def answer(handler, status, headers, content):
        handler.send_response_only(status)
        length = str(len(content))
        for name, value in headers:
            if name.lower() == "content-length" and handler.command == "HEAD":
                length = value
            elif name.lower() not in HOP_HEADERS:
                handler.send_header(name, value)
        if status != 204:
            handler.send_header("Content-Length", length)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
