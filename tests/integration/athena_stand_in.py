"""S3 (SeaweedFS), Glue (moto behind a strict check of signatures), Trino and the demo services, all on loopback: what runs
load and what an analyst queries. A context; the process ends with 77 where Trino cannot be had."""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import trino.dbapi

from servers import PIPELINES, ROOT, DemoServices, assignments, plain_environment, run_script


def documented_queries(language):
    """(title, SQL) each."""
    text = (ROOT / f"docs/{language}/consultas.md").read_text()
    return [(title, sql.strip().rstrip(";")) for title, sql in re.findall(r"^## (.*?)\n.*?```sql\n(.*?)```", text, re.DOTALL | re.M)]


class AthenaStandIn(contextlib.ExitStack):
    def __init__(self, ingesta, rows):
        super().__init__()
        self.binary = ingesta
        self.rows = rows

    def __enter__(self):
        with contextlib.ExitStack() as begun:
            self.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-athena-"))
            begun.callback(shutil.rmtree, self.work, ignore_errors=True)
            self.env = plain_environment() | {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(self.work),
                                              "INGESTA_DATA_DIR": str(self.work / "data")}
            for name in ("s3", "aws"):
                begun.callback(run_script, f"{name}-server.sh", "stop", self.work / name)
                self.env |= assignments(run_script(f"{name}-server.sh", "start", self.work / name))
            begun.callback(run_script, "trino.sh", "stop", self.work / "trino")
            url = run_script("trino.sh", "start", self.work / "trino", env=os.environ | self.env).strip()
            self.trino = trino.dbapi.connect(host="127.0.0.1", port=int(url.rpartition(":")[2]), user="analyst",
                                             catalog="awsdatacatalog")
            self.env |= begun.enter_context(DemoServices(self.binary, self.rows)).env
            self.enter_context(begun.pop_all())
        return self

    def s3(self, method, path):
        subprocess.run(["curl", "-sSf", "-X", method, f"{self.env['AWS_ENDPOINT_URL_S3']}/{path}", "--aws-sigv4",
                        "aws:amz:us-east-1:s3", "--user", f"{self.env['AWS_ACCESS_KEY_ID']}:{self.env['AWS_SECRET_ACCESS_KEY']}"],
                       check=True)

    def make_bucket(self, name):
        self.s3("PUT", name)
        return name

    def forget_states(self):
        """The next run can't know that the tables hold its rows already: it replaces them."""
        for pipeline in PIPELINES:
            self.s3("DELETE", f"{self.env['S3_BUCKET']}/_ingesta/state/{pathlib.Path(pipeline).name.removeprefix('ingesta-')}.json")

    def ingesta(self, *pipelines, **environment):
        done = subprocess.run([self.binary, "run", *(pipelines or PIPELINES)], env=self.env | environment,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def execute(self, sql, database):
        """The cursor of `sql`, whose table names are those of `database`; all rows are fetched."""
        cursor = self.trino.cursor()
        cursor.execute(f"USE awsdatacatalog.{database}")
        cursor.fetchall()
        cursor = self.trino.cursor()
        cursor.execute(sql)
        return cursor, cursor.fetchall()
