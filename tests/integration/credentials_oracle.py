"""Credentials resolve as botocore resolves them.

    credentials_oracle.py RESOLVE_CREDENTIALS

A table of set-ups (files and environment). For each one botocore and the program RESOLVE_CREDENTIALS see the same files and
the same server, which plays STS, SSO, the container endpoint and IMDSv2 and makes its key ids out of what it was asked for
and by whom. Both must give the same access key id and session token, or both an error. Where ingesta is stricter or
kinder on purpose, the set-up says so in `ours`.
"""

import concurrent.futures
import contextlib
import hashlib
import http.server
import json
import logging
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from unittest import mock

import botocore.credentials
import botocore.session
import botocore.tokens

EXPIRES = "2099-01-01T00:00:00Z"
ERROR = "error"


class FakeAws(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, body, status=200, content_type="application/json"):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):  # STS
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        action = form["Action"][0]
        caller = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
        who = caller.group(1) if caller else form.get("WebIdentityToken", ["nobody"])[0].strip()
        key = ":".join([form["RoleArn"][0].rsplit("/", 1)[-1], who, *form.get("ExternalId", [])])
        self.reply(f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>
            <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t-{key}</SessionToken>
            <Expiration>{EXPIRES}</Expiration></Credentials></{action}Result></{action}Response>""", content_type="text/xml")

    def do_PUT(self):  # IMDSv2
        self.reply("imds-token", content_type="text/plain")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/federation/credentials":
            key = f"sso:{query['account_id']}:{query['role_name']}:{self.headers['x-amz-sso_bearer_token']}"
            self.reply(json.dumps({"roleCredentials": {"accessKeyId": key, "secretAccessKey": "s", "sessionToken": "t-" + key,
                                                       "expiration": 4070908800000}}))
        elif url.path.startswith("/container"):
            key = f"container:{self.headers.get('Authorization', '-')}"
            self.reply(json.dumps({"AccessKeyId": key, "SecretAccessKey": "s", "Token": "t-" + key, "Expiration": EXPIRES}))
        elif url.path.endswith("/security-credentials/"):
            self.reply("machine", content_type="text/plain")
        elif url.path.endswith("/security-credentials/machine") and self.headers.get("x-aws-ec2-metadata-token") == "imds-token":
            self.reply(json.dumps({"Code": "Success", "AccessKeyId": "imds", "SecretAccessKey": "s", "Token": "t-imds",
                                   "Expiration": EXPIRES, "LastUpdated": EXPIRES, "Type": "AWS-HMAC"}))
        else:
            self.reply("{}", 404)


def keys(key, token=""):
    return f"aws_access_key_id = {key}\naws_secret_access_key = s\n" + (f"aws_session_token = {token}\n" if token else "")


def role(name, more):
    return f"role_arn = arn:aws:iam::123456789012:role/{name}\n{more}\n"


def sha1(text):
    return hashlib.sha1(text.encode()).hexdigest()


ENV_KEYS = {"AWS_ACCESS_KEY_ID": "env", "AWS_SECRET_ACCESS_KEY": "s"}
WEB_IDENTITY = {"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/jwt", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/container"}
IMDS = {"AWS_EC2_METADATA_DISABLED": "false"}
STATIC = {".aws/credentials": "[default]\n" + keys("file")}
SSO_SESSION = ("[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = R\n[sso-session corp]\nsso_region = us-east-1\n"
               "sso_start_url = https://corp\n")
SSO_LEGACY = "[default]\nsso_start_url = https://old\nsso_region = us-east-1\nsso_account_id = 2\nsso_role_name = L\n"
SSO_TOKENS = {f".aws/sso/cache/{sha1('corp')}.json": json.dumps({"accessToken": "new", "expiresAt": EXPIRES}),
              f".aws/sso/cache/{sha1('https://old')}.json": json.dumps({"accessToken": "old", "expiresAt": EXPIRES})}
PROCESS = "credential_process = /bin/echo '{\"Version\":1,\"AccessKeyId\":\"process\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\"}'\n"

# name: (environment, files, ours or None where botocore decides)
CASES = {
    "environment": (ENV_KEYS, {}, None),
    "environment with token": ({**ENV_KEYS, "AWS_SESSION_TOKEN": "t"}, {}, None),
    "environment beats profile": ({**ENV_KEYS, "AWS_PROFILE": "work"}, {".aws/credentials": "[work]\n" + keys("work")}, None),
    "default profile": ({}, STATIC, None),
    "empty variables count as absent": ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, STATIC, None),
    "named profile with token": ({"AWS_PROFILE": "work"}, {".aws/credentials": "[work]\n" + keys("work", "tok")}, None),
    "profile of the config file": ({"AWS_PROFILE": "work"}, {".aws/config": "[profile work]\n" + keys("config")}, None),
    "credentials file beats config file": ({}, {".aws/config": "[default]\n" + keys("config"), **STATIC}, None),
    "named files": ({"AWS_SHARED_CREDENTIALS_FILE": "{home}/creds"}, {"creds": "[default]\n" + keys("named"), **STATIC}, None),
    "quoted profile name": ({"AWS_PROFILE": "my work"}, {".aws/config": "[profile \"my work\"]\n" + keys("quoted")}, None),
    "colons, blanks, comments": ({}, {".aws/credentials": "# c\n[default]\n; c\naws_access_key_id : odd\nAWS_SECRET_ACCESS_KEY=s\n"}, None),
    "missing named profile": ({"AWS_PROFILE": "typo"}, STATIC, None),
    "malformed file": ({}, {".aws/credentials": "[default\n"}, None),
    "half a pair in a file": ({}, {".aws/credentials": "[default]\naws_access_key_id = half\n"}, None),
    "half a pair in the environment": ({"AWS_ACCESS_KEY_ID": "half"}, STATIC, None),
    "nothing": ({}, {}, None),
    "role by source_profile": ({}, {".aws/config": "[default]\n" + role("a", "source_profile = base\nexternal_id = e1"),
                                    ".aws/credentials": "[base]\n" + keys("base")}, None),
    "chain of roles": ({"AWS_PROFILE": "c"}, {".aws/config": "[profile c]\n" + role("c", "source_profile = b") + "[profile b]\n"
                                              + role("b", "source_profile = a"), ".aws/credentials": "[a]\n" + keys("base")}, None),
    "role of a profile that names itself": ({}, {".aws/credentials": "[default]\n" + keys("self"),
                                                 ".aws/config": "[default]\n" + role("x", "source_profile = default")}, None),
    "keys of a source profile beat its role": ({"AWS_PROFILE": "c"}, {
        ".aws/config": "[profile c]\n" + role("c", "source_profile = b") + "[profile b]\n" + role("b", "source_profile = a") + keys("own"),
        ".aws/credentials": "[a]\n" + keys("base")}, None),
    "role beats keys of the same profile": ({}, {".aws/config": "[default]\n" + role("a", "source_profile = base") + keys("own"),
                                                 ".aws/credentials": "[base]\n" + keys("base")}, None),
    "circle of roles": ({"AWS_PROFILE": "a"}, {".aws/config": "[profile a]\n" + role("a", "source_profile = b") + "[profile b]\n"
                                               + role("b", "source_profile = a")}, None),
    "missing source_profile": ({}, {".aws/config": "[default]\n" + role("a", "source_profile = gone")}, None),
    "role by credential_source Environment": ({**ENV_KEYS, "AWS_PROFILE": "e"},
                                              {".aws/config": "[profile e]\n" + role("e", "credential_source = Environment")}, None),
    "role by credential_source EcsContainer": (CONTAINER, {".aws/config": "[default]\n" + role("e", "credential_source = EcsContainer")}, None),
    "role by credential_source Ec2InstanceMetadata": (IMDS, {".aws/config": "[default]\n" + role("e", "credential_source = Ec2InstanceMetadata")}, None),
    "unknown credential_source": ({}, {".aws/config": "[default]\n" + role("e", "credential_source = Magic")}, None),
    "role by a process": ({"AWS_PROFILE": "r"}, {".aws/config": "[profile r]\n" + role("r", "source_profile = p") + "[profile p]\n" + PROCESS}, None),
    "role by web identity": ({"AWS_PROFILE": "r"}, {"jwt": "token", ".aws/config": "[profile r]\n" + role("r", "source_profile = w") + "[profile w]\n"
                                                   + role("w", "web_identity_token_file = {home}/jwt")}, None),
    "role by SSO": ({"AWS_PROFILE": "r"}, {**SSO_TOKENS, ".aws/config": "[profile r]\n" + role("r", "source_profile = default") + SSO_SESSION}, None),
    "process": ({}, {".aws/config": "[default]\n" + PROCESS}, None),
    "process beats keys of the config file": ({}, {".aws/config": "[default]\n" + PROCESS + keys("config")}, None),
    "keys of the credentials file beat process": ({}, {".aws/config": "[default]\n" + PROCESS, **STATIC}, None),
    "failing process": ({}, {".aws/config": "[default]\ncredential_process = /bin/false\n"}, None),
    "web identity of the environment": (WEB_IDENTITY, {"jwt": "token"}, None),
    "web identity of a profile": ({}, {"jwt": "token", ".aws/config": "[default]\n" + role("w", "web_identity_token_file = {home}/jwt")}, None),
    "web identity beats keys of a profile": (WEB_IDENTITY, {"jwt": "token", **STATIC}, None),
    "role beats web identity": (WEB_IDENTITY, {"jwt": "token", ".aws/config": "[default]\n" + role("a", "source_profile = base"),
                                               ".aws/credentials": "[base]\n" + keys("base")}, None),
    "web identity without its token": (WEB_IDENTITY, {}, None),
    "SSO session": ({}, {**SSO_TOKENS, ".aws/config": SSO_SESSION}, None),
    "SSO legacy": ({}, {**SSO_TOKENS, ".aws/config": SSO_LEGACY}, None),
    "SSO beats keys": ({}, {**SSO_TOKENS, **STATIC, ".aws/config": SSO_SESSION}, None),
    "SSO without a token": ({}, {".aws/config": SSO_SESSION}, None),
    "container": (CONTAINER, {}, None),
    "container with a token": ({**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "tok"}, {}, None),
    "container with a token file": ({**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "tok", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{home}/pod"},
                                    {"pod": "from-file"}, None),
    "container that may not be asked": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/container"}, {}, None),
    "profile beats container": (CONTAINER, STATIC, None),
    "container beats instance metadata": ({**CONTAINER, **IMDS}, {}, None),
    "instance metadata": (IMDS, {}, None),
    "instance metadata switched off": ({"AWS_EC2_METADATA_DISABLED": "TRUE"}, {}, None),
    "profile without credentials": (IMDS, {".aws/config": "[default]\nregion = eu-west-1\n"}, None),
    # On purpose unlike botocore:
    "missing profile called default": ({**IMDS, "AWS_PROFILE": "default"}, {}, ("imds", "t-imds")),  # the seed sets it always
    "the other half of a pair": ({"AWS_SECRET_ACCESS_KEY": "half"}, STATIC, ERROR),  # never on to another identity
}


def by_botocore(environment):
    cache = os.path.join(environment["HOME"], ".aws", "sso", "cache")  # botocore reads HOME once, when it is imported
    with (mock.patch.dict(os.environ, environment, clear=True),
          mock.patch.object(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", cache),
          mock.patch.object(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", cache)):
        try:
            credentials = botocore.session.Session().get_credentials()
            if credentials is None:
                return ERROR
            frozen = credentials.get_frozen_credentials()
            return (frozen.access_key, frozen.token or "")
        except Exception as error:  # whatever botocore calls it, it is no credentials
            logging.debug("botocore: %r", error)
            return ERROR


def by_us(program, environment):
    done = subprocess.run([program], env=environment, capture_output=True, text=True, timeout=60)
    answer = json.loads(done.stdout)
    if done.returncode != 0:
        return ERROR, answer["message"]
    return (answer["access_key_id"], answer["session_token"]), answer["source"]


def main():
    program = os.path.abspath(sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakeAws)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    failures = resolved = 0
    logging.getLogger("botocore").setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = {}
        for name, (variables, files, ours) in CASES.items():
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="ingesta-oracle-"))
            for path, text in files.items():
                file = pathlib.Path(home, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text.replace("{home}", home))
            environment = {"HOME": home, "PATH": "/usr/bin:/bin", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
                           "AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_ENDPOINT_URL_STS": url, "AWS_ENDPOINT_URL_SSO": url}
            environment |= {k: v.replace("{home}", home).replace("{url}", url) for k, v in variables.items()}
            runs[name] = (environment, ours, pool.submit(by_us, program, environment))
        for name, (environment, ours, run) in runs.items():
            expected = ours if ours is not None else by_botocore(environment)
            got, said = run.result()
            resolved += expected != ERROR
            if got != expected:
                failures += 1
                print(f"FAILED {name}: botocore {expected}, ingesta {got} ({said})")
    print(f"{len(CASES)} set-ups, {resolved} with credentials, {failures} unlike botocore")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
