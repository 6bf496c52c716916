"""A proxy in front of a stand-in for AWS that is as strict as AWS itself, and lies on request.

A stand-in such as moto takes any signature and any members. Here a request is refused as AWS would refuse it: by Signature
Version 4, computed from the specification and from nothing of ours, and by the service's model (types, required members,
lengths) that botocore carries. Calls are logged; faults are queued by operation:

    throttle      400 ThrottlingException, nothing done
    fail          500, nothing done
    lose_request  the connection is closed, nothing done
    lose_answer   done, then the connection is closed
    refuse        403, AccessDeniedException
"""
import collections
import datetime
import hashlib
import hmac
import http.client
import http.server
import json
import threading
import urllib.parse

import botocore.loaders
import botocore.model
import botocore.validate

ALLOWED_SKEW = datetime.timedelta(minutes=5)
MODEL_NAMES = {"monitoring": "cloudwatch"}  # where a service signs under another name
HOP_HEADERS = {"transfer-encoding", "connection", "content-length", "expect"}


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def percent(text, keep=""):
    return urllib.parse.quote(text, safe="-_.~" + keep)


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Signatures:
    """Checks requests against one key pair."""

    def __init__(self, key, secret):
        self.key, self.secret = key, secret

    def check(self, method, target, headers, body):
        """Raise Refused where AWS would; return the service's name. `headers`: [(name, value)]."""
        fields = collections.defaultdict(list)
        for name, value in headers:
            fields[name.lower()].append(" ".join(value.split()))
        authorization = " ".join(fields["authorization"])
        if not authorization.startswith("AWS4-HMAC-SHA256 "):
            raise Refused("MissingAuthenticationTokenException", "Missing Authentication Token")
        try:
            parts = dict(part.strip().split("=", 1) for part in authorization.split(" ", 1)[1].split(","))
            key, date, region, service, terminator = parts["Credential"].split("/")
            names = parts["SignedHeaders"].split(";")
            signature = parts["Signature"]
        except (KeyError, ValueError):
            raise Refused("IncompleteSignatureException", f"malformed Authorization: {authorization}") from None
        if key != self.key:
            raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.")
        self.check_headers(fields, names)
        self.check_time(fields["x-amz-date"][0], date)
        path, _, query = target.partition("?")
        decoded = urllib.parse.unquote(path)
        canonical_path = percent(decoded, "/") if service == "s3" else percent(percent(decoded, "/"), "/")
        pairs = sorted((percent(urllib.parse.unquote(k)), percent(urllib.parse.unquote(v)))
                       for k, _, v in (pair.partition("=") for pair in query.split("&") if pair))
        request = "\n".join([
            method, canonical_path, "&".join(f"{k}={v}" for k, v in pairs),
            "".join(f"{name}:{','.join(fields[name])}\n" for name in names),
            ";".join(names), self.payload_hash(fields, service, body)])
        scope = f"{date}/{region}/{service}/{terminator}"
        text = "\n".join(["AWS4-HMAC-SHA256", fields["x-amz-date"][0], scope, hashlib.sha256(request.encode()).hexdigest()])
        signing = ("AWS4" + self.secret).encode()
        for part in (date, region, service, "aws4_request"):
            signing = sign(signing, part)
        if not hmac.compare_digest(sign(signing, text).hex(), signature):
            raise Refused("InvalidSignatureException", "The request signature we calculated does not match the signature you "
                          f"provided. The Canonical String for this request should have been '{request}'")
        return service

    @staticmethod
    def check_headers(fields, names):
        must = {"host"} | {name for name in fields if name.startswith("x-amz-")}
        problems = [f"not signed: {name}" for name in sorted(must - set(names))]
        problems += [f"signed but not sent: {name}" for name in names if not fields[name]]
        if names != sorted(names):
            problems.append("SignedHeaders are not sorted")
        if len(fields["x-amz-date"]) != 1:
            problems.append("there must be one X-Amz-Date")
        if problems:
            raise Refused("InvalidSignatureException", "; ".join(problems))

    @staticmethod
    def check_time(stamp, date):
        at = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        now = datetime.datetime.now(datetime.timezone.utc)
        if stamp[:8] != date or abs(now - at) > ALLOWED_SKEW:
            raise Refused("InvalidSignatureException", f"Signature expired: {stamp} is too far from {now:%Y%m%dT%H%M%SZ}")

    @staticmethod
    def payload_hash(fields, service, body):
        true = hashlib.sha256(body).hexdigest()
        sent = (fields["x-amz-content-sha256"] or [None])[0]
        if sent is None and service == "s3":
            raise Refused("InvalidSignatureException", "S3 wants x-amz-content-sha256")
        if sent not in (None, "UNSIGNED-PAYLOAD", true):
            raise Refused("InvalidSignatureException", "x-amz-content-sha256 is not the body's")
        return sent or true


class Models:
    """Holds JSON calls against the services' models."""

    def __init__(self):
        self.loader = botocore.loaders.Loader()
        self.services = {}

    def check(self, signing_name, operation, body):
        service = MODEL_NAMES.get(signing_name, signing_name)
        if service not in self.services:
            self.services[service] = botocore.model.ServiceModel(self.loader.load_service_model(service, "service-2"), service)
        model = self.services[service]
        if operation not in model.operation_names:
            raise Refused("UnknownOperationException", operation)
        try:
            values = json.loads(body)
        except ValueError:
            raise Refused("SerializationException", "the body is no JSON") from None
        shape = model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(values, shape)
        problems = [report.generate_report()] if report.has_errors() else []
        problems += list(self.lengths(values, shape, operation))
        if problems:
            raise Refused("ValidationException", "; ".join(problems))

    def lengths(self, value, shape, where):
        """botocore checks the least lengths only. AWS takes no control character where the model names a pattern."""
        if shape.type_name == "structure" and isinstance(value, dict):
            for name, member in shape.members.items():
                if name in value:
                    yield from self.lengths(value[name], member, f"{where}.{name}")
        elif shape.type_name == "list" and isinstance(value, list):
            for item in value:
                yield from self.lengths(item, shape.member, where)
        elif shape.type_name == "map" and isinstance(value, dict):
            for key, item in value.items():
                yield from self.lengths(key, shape.key, where)
                yield from self.lengths(item, shape.value, where)
        limit = shape.metadata.get("max")
        if limit is not None and isinstance(value, (str, list, dict)) and len(value) > limit:
            yield f"{where} is longer than {limit}"
        pattern = shape.metadata.get("pattern", "")
        if pattern.startswith("[\\u0020-") and isinstance(value, str):
            allowed = "\r\n\t" if "\\r\\n" in pattern else "\t"
            if any(ord(c) < 0x20 and c not in allowed for c in value):
                yield f"{where} has control characters"


def operation_of(headers, path, body):
    """Of JSON services by their header, of those that speak the query protocol by the form's Action, else the path."""
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        action = urllib.parse.parse_qs(body.decode()).get("Action")
        if action:
            return action[0]
    return (headers.get("X-Amz-Target") or path).rpartition(".")[2]


class StrictProxy:
    """Listens on 127.0.0.1 at `port`, in threads of its own."""

    def __init__(self, upstream_port, key, secret, port=0):
        self.upstream_port = upstream_port
        self.signatures = Signatures(key, secret)
        self.models = Models()
        self.lock = threading.Lock()
        self.calls = []  # (operation, status, error code or fault)
        self.faults = collections.defaultdict(collections.deque)
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def handle_any(self):
                proxy.handle(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def queue(self, operation, *faults):
        """The next calls of `operation` meet these, one each; `None` lets one pass."""
        with self.lock:
            self.faults[operation].extend(faults)

    def count(self, operation):
        with self.lock:
            return sum(1 for name, _, _ in self.calls if name == operation)

    def writes(self):
        """Calls that were let through and change something."""
        with self.lock:
            return [name for name, status, _ in self.calls if status == 200 and not name.startswith("Get")]

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        operation = operation_of(handler.headers, handler.path, body)
        with self.lock:
            queue = self.faults[operation]
            fault = queue.popleft() if queue else None
        try:
            service = self.signatures.check(handler.command, handler.path, handler.headers.items(), body)
            if handler.headers.get("X-Amz-Target"):
                self.models.check(service, operation, body)
        except Refused as refusal:
            return self.answer(handler, operation, 400, {"__type": refusal.code, "message": str(refusal)}, refusal.code)
        if fault == "throttle":
            return self.answer(handler, operation, 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}, fault)
        if fault == "fail":
            return self.answer(handler, operation, 500, {"__type": "InternalServiceException", "message": "again"}, fault)
        if fault == "refuse":
            return self.answer(handler, operation, 400, {"__type": "AccessDeniedException", "message": "not authorized"}, fault)
        if fault == "lose_request":
            return self.hang_up(handler, operation, fault)
        status, headers, content = self.forward(handler, body)
        if fault == "lose_answer":
            return self.hang_up(handler, operation, fault)
        return self.answer(handler, operation, status, content, "", headers)

    def forward(self, handler, body):
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=60)
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in HOP_HEADERS}
        upstream.request(handler.command, handler.path, body, headers)
        response = upstream.getresponse()
        content = response.read()
        upstream.close()
        return response.status, response.getheaders(), content

    def note(self, operation, status, error):
        with self.lock:
            self.calls.append((operation, status, error))

    def hang_up(self, handler, operation, fault):
        self.note(operation, 0, fault)
        handler.close_connection = True

    def answer(self, handler, operation, status, content, error="", headers=()):
        self.note(operation, status, error)
        if isinstance(content, dict):
            content = json.dumps(content).encode()
        handler.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_HEADERS:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)
