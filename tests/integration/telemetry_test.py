#!/usr/bin/env python3
"""Metrics, logs and alerts of whole runs: read back from CloudWatch, CloudWatch Logs and SQS (moto behind the strict proxy), from
a Prometheus file and EMF lines; sinks that are away, hang or refuse; the documented fields of log lines.
usage: telemetry_test.py INGESTA"""
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import boto3

import aws_server
from servers import ROOT, DemoServices, plain_environment

INGESTA = sys.argv[1]
GROUP = "/ingesta/productos"


def documented_fields(path):
    """The names in the table of log fields."""
    section = path.read_text().split("| `time` |")[1].split("\n\n")[0]
    return {"time", *re.findall(r"^\| `(\w+)` \|", section, re.M)}


class Hanging:
    """A server that takes connections and never answers."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.taken = []
        threading.Thread(target=self.accept, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        return self

    def accept(self):
        while True:
            try:
                self.taken.append(self.listener.accept()[0])
            except OSError:
                return

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.taken:
            connection.close()


class Telemetry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.aws = aws_server.AwsServer()
        cls.addClassCleanup(cls.aws.stop)
        cls.demo = DemoServices(INGESTA, 300)
        cls.demo.__enter__()
        cls.addClassCleanup(cls.demo.__exit__)
        env = cls.aws.environment()
        cls.client = staticmethod(lambda service: boto3.client(
            service, endpoint_url=env["AWS_ENDPOINT_URL"], region_name=env["AWS_REGION"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"]))

        # The stand-in loads a service at its first call, which can take longer than telemetry waits.
        cls.client("cloudwatch").list_metrics()
        cls.client("logs").describe_log_groups()
        cls.client("sns").list_topics()
        cls.client("sqs").list_queues()

    def setUp(self):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-telemetry-"))
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)

    def run_ingesta(self, *options, code=0, **changes):
        env = plain_environment() | self.aws.environment() | self.demo.env
        env |= {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data), "HOME": str(self.data)} | changes
        begun = time.monotonic()
        done = subprocess.run([INGESTA, "--log-format", "json", "run", "ingesta-productos", *options], env=env, cwd=ROOT,
                              capture_output=True, text=True, timeout=120)
        self.seconds = time.monotonic() - begun
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.lines = [json.loads(line) for line in done.stderr.splitlines() if "_aws" not in line]
        return done

    def warnings(self):
        return [line["message"] for line in self.lines if line["level"] in ("warning", "error") and "sink" in line]

    def rows(self):
        state = json.loads((self.data / "_ingesta/state/productos.json").read_text())
        return {name: dataset["rows"] for name, dataset in state["datasets"].items()}

    # metrics

    def test_cloudwatch_has_what_the_run_did(self):
        self.run_ingesta(INGESTA_METRICS="cloudwatch:tests")
        self.assertEqual(self.warnings(), [])
        cloudwatch = self.client("cloudwatch")
        listed = cloudwatch.list_metrics(Namespace="tests")["Metrics"]
        names = {m["MetricName"] for m in listed}
        self.assertLessEqual({"run_success", "run_seconds", "rows", "pages", "received_bytes", "complete", "stage_seconds"}, names)
        self.assertNotIn("success_time_seconds", names)
        now = time.time()
        for dataset, rows in self.rows().items():
            values = cloudwatch.get_metric_statistics(
                Namespace="tests", MetricName="rows", StartTime=now - 600, EndTime=now + 600, Period=3600, Statistics=["Sum"],
                Dimensions=[{"Name": "pipeline", "Value": "productos"}, {"Name": "dataset", "Value": dataset}])["Datapoints"]
            self.assertEqual(sum(v["Sum"] for v in values), rows)

    def test_emf_and_prometheus(self):
        path = self.data / "metrics" / "ingesta.prom"
        done = self.run_ingesta("--metrics-file", str(path), INGESTA_METRICS="emf")
        emf = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"_aws"')]
        self.assertEqual({line["dataset"]: line["rows"] for line in emf if "rows" in line}, self.rows())
        text = path.read_text()
        for dataset, rows in self.rows().items():
            self.assertIn(f'ingesta_rows{{pipeline="productos",dataset="{dataset}"}} {rows}\n', text)
        sample = re.compile(r'ingesta_\w+\{(\w+="[^"]*",?)+\} [-0-9.e+]+')
        for line in text.splitlines():
            self.assertTrue(line.startswith("# ") or sample.fullmatch(line), line)

    def test_emf_leaves_json_on_stdout_alone(self):
        done = self.run_ingesta("--json", INGESTA_METRICS="emf")
        self.assertEqual(len(json.loads(done.stdout)), 1)
        self.assertIn('{"_aws"', done.stderr)

    def test_a_word_that_is_no_sink_ends_before_the_run(self):
        for name in ("INGESTA_METRICS", "INGESTA_LOGS", "INGESTA_ALERTS"):
            env = plain_environment() | self.demo.env | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data), name: "nonsense"}
            done = subprocess.run([INGESTA, "run", "ingesta-productos"], env=env, cwd=ROOT, capture_output=True, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn(name, done.stderr)
        self.assertFalse((self.data / "productos").exists())

    def test_sinks_that_are_away_or_hang_cost_a_run_nothing_but_the_patience(self):
        with Hanging() as hanging:
            sinks = {"INGESTA_METRICS": f"otlp:{hanging.url},prometheus:/proc/no/such,otlp:http://127.0.0.1:9",
                     "INGESTA_LOGS": f"cloudwatch:{GROUP},syslog:/no/such/socket", "AWS_ENDPOINT_URL": hanging.url,
                     "INGESTA_ALERTS": f"webhook:{hanging.url}", "INGESTA_HEARTBEAT_URL": hanging.url}
            self.run_ingesta(**sinks)
            self.assertLess(self.seconds, 20)
        self.assertGreater(self.rows()["productos"], 0)
        told = self.warnings()
        self.assertEqual(len(told), len(set(told)), told)
        for sink in ("metrics to otlp", "metrics to prometheus", "heartbeat", "logs to syslog"):
            self.assertTrue(any(sink in line for line in told), (sink, told))
        self.assertTrue(list((self.data / "_ingesta/logs").iterdir()))

    # logs

    def events(self):
        logs = self.client("logs")
        found = []
        for stream in logs.describe_log_streams(logGroupName=GROUP)["logStreams"]:
            answer = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True)
            found += [json.loads(event["message"]) for event in answer["events"]]
        return found

    def test_cloudwatch_logs_has_the_lines_of_stderr_also_those_of_a_run_without_it(self):
        self.run_ingesta("--set", "client.error_handler.max_retries=0", code=1, PRODUCTOS_SERVICE_URL="http://127.0.0.1:9",
                         INGESTA_LOGS=f"cloudwatch:{GROUP}", AWS_ENDPOINT_URL="http://127.0.0.1:9")
        lost = [line for line in self.lines if "sink" not in line]
        self.assertTrue(any(line["level"] == "error" for line in lost))
        self.assertTrue(any("kept for the next run" in line for line in self.warnings()))
        self.run_ingesta(INGESTA_LOGS=f"cloudwatch:{GROUP}")
        self.assertEqual(self.warnings(), [])
        central = self.events()
        for line in lost + self.lines:
            self.assertIn(line, central)
        self.assertEqual(list((self.data / "_ingesta/logs").iterdir()), [])

    def test_log_lines_have_the_documented_fields(self):
        documented = documented_fields(ROOT / "docs/en/observability.md")
        self.assertEqual(documented, documented_fields(ROOT / "docs/es/observability.md"))
        seen = set()
        self.run_ingesta(INGESTA_METRICS="prometheus:/proc/no/such")
        seen |= {field for line in self.lines for field in line}
        self.run_ingesta("--set", "client.error_handler.max_retries=1", code=1, PRODUCTOS_SERVICE_URL="http://127.0.0.1:9")
        seen |= {field for line in self.lines for field in line}
        for line in self.lines:
            self.assertLessEqual({"time", "level", "message"}, set(line))
        self.assertLessEqual(seen, documented)
        self.assertLessEqual({"pipeline", "run_id", "stage", "code", "hint", "sink"}, seen)

    # alerts

    def test_sns_tells_a_failure_once_and_its_end(self):
        sns, sqs = self.client("sns"), self.client("sqs")
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        away = {"PRODUCTOS_SERVICE_URL": "http://127.0.0.1:9", "INGESTA_ALERTS": f"sns:{topic}"}
        for _ in range(2):
            self.run_ingesta("--set", "client.error_handler.max_retries=0", code=1, **away)
        for _ in range(2):
            self.run_ingesta(INGESTA_ALERTS=f"sns:{topic}")
        self.assertEqual(self.warnings(), [])
        inbox = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                inbox.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        self.assertEqual([m["Subject"] for m in inbox], ["productos: the run failed (connect_failed)",
                                                         "over: productos: the run failed (connect_failed)"])
        self.assertIn("Next: ingesta show ", inbox[0]["Message"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
