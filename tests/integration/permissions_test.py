#!/usr/bin/env python3
"""Whole runs under the IAM policy that the READMEs give, on a server that enforces policies (MinIO): it suffices, tables and
all, and what is missing from it is named.

usage: permissions_test.py INGESTA
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import boto3

from servers import PIPELINES, ROOT, DemoServices, assignments, plain_environment, run_script

INGESTA = sys.argv[1]


def documented_policy(readme):
    """The first JSON block of a README: the policy."""
    return json.loads(re.search(r"```json\n(.*?)```", (ROOT / readme).read_text(), re.DOTALL)[1])


class Permissions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-permissions-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        minio = os.environ | {"S3_KIND": "minio"}
        cls.owner = assignments(run_script("s3-server.sh", "start", cls.work / "s3", env=minio))
        cls.addClassCleanup(run_script, "s3-server.sh", "stop", cls.work / "s3")
        cls.services = cls.enterClassContext(DemoServices(INGESTA, 200)).env

    def client(self, service):
        return boto3.client(service, endpoint_url=self.owner["AWS_ENDPOINT_URL_S3"], region_name="us-east-1",
                            aws_access_key_id=self.owner["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=self.owner["AWS_SECRET_ACCESS_KEY"])

    def run_under(self, policy, *pipelines, code=0):
        """A run with the keys of a session that may do what `policy` allows and nothing else."""
        session = self.client("sts").assume_role(RoleArn="arn:minio:iam:::role/lake", RoleSessionName="run",
                                                 Policy=json.dumps(policy))["Credentials"]
        env = plain_environment() | self.services | {"AWS_ENDPOINT_URL_S3": self.owner["AWS_ENDPOINT_URL_S3"], "AWS_REGION": "us-east-1",
                                "S3_BUCKET": self.owner["S3_BUCKET"], "HOME": str(self.work),
                                "AWS_EC2_METADATA_DISABLED": "true", "INGESTA_DATA_DIR": str(self.work / "data"),
                                "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
                                "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
                                "AWS_SESSION_TOKEN": session["SessionToken"]}
        done = subprocess.run([INGESTA, "run", *(pipelines or PIPELINES), "--json"], env=env, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout), done.stderr

    def test_the_three_permissions_suffice_for_files_and_tables(self):
        for readme in ("README.md", "README.es.md"):
            policy = documented_policy(readme)
            actions = [action for statement in policy["Statement"] for action in
                       ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])]
            self.assertEqual(sorted(actions), ["s3:GetObject", "s3:ListBucket", "s3:PutObject"])
            for _ in range(2):
                runs, log = self.run_under(policy)
                self.assertEqual([run["status"] for run in runs], ["succeeded"] * 3)
                self.assertEqual(sum(table["kind"] == "iceberg" for run in runs for table in run["tables"]), 6)
                self.assertIn("set GLUE_DATABASE", log)  # what was left out

    def test_a_permission_that_is_missing_is_named(self):
        for missing in ("s3:PutObject", "s3:GetObject", "s3:ListBucket"):
            with self.subTest(missing=missing):
                policy = documented_policy("README.md")
                for statement in policy["Statement"]:
                    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                    statement["Action"] = [action for action in actions if action != missing] or ["s3:GetBucketLocation"]
                runs, _ = self.run_under(policy, PIPELINES[0], code=1)
                (error,) = runs[0]["errors"]
                self.assertEqual(error["code"], "access_denied")
                self.assertIn(missing, error["message"] + error["hint"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
