"""What the tests of whole runs start on loopback: the scripts' servers and the demo services, on ports of their own."""
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINES = [str(ROOT / f"ingesta-{name}") for name in ("productos", "ordenes", "proveedores")]
DATASETS = ("productos", "categorias", "ordenes", "detalles_orden", "clientes", "proveedores")
OURS = ("AWS_", "INGESTA_", "S3_", "GLUE_")


def plain_environment():
    """This process's, without what would steer a run."""
    return {k: v for k, v in os.environ.items() if not k.startswith(OURS)}


def pipeline_text(name):
    """The shipped pipeline's YAML, to be written elsewhere: its suites stay where they are."""
    folder = ROOT / f"ingesta-{name}"
    return (folder / "pipeline.yaml").read_text().replace("[expectations/", f"[{folder}/expectations/")


def assignments(text):
    """`NAME=value` pairs, as the scripts print them."""
    return {name: value.strip("'\"") for name, value in re.findall(r"(\w+)=(\S+)", text)}


def run_script(name, *arguments, env=None):
    """What scripts/NAME prints; 77 (what it needs can't be had) ends this process with 77, which ctest takes for a skip."""
    done = subprocess.run([str(ROOT / "scripts" / name), *map(str, arguments)], capture_output=True, text=True, env=env)
    if done.returncode == 77:
        print(done.stderr)
        sys.exit(77)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


class DemoServices:
    """`ingesta demo` as a context; `env` has the three URLs."""

    def __init__(self, ingesta, rows, *options):
        ports = [part for name in ("productos", "ordenes", "proveedores") for part in (f"--{name}-port", "0")]
        self.command = [ingesta, "demo", "--rows", str(rows), *ports, *options]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
        self.env = {}
        for line in self.process.stdout:
            self.env |= assignments(line) if "_SERVICE_URL=" in line else {}
            if len(self.env) == 3:
                return self
        self.__exit__()
        raise RuntimeError(f"the demo did not start: {self.env}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class JsonService:
    """A service in this process, on a port of its own at `url`: a GET's answer is `answer(path)`, as JSON."""

    def __init__(self):
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(service.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
