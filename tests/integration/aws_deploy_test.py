#!/usr/bin/env python3
"""deploy/aws/ingesta.yaml deployed into moto, and the schedule's way from there: Scheduler's event -> `ingesta lambda` as the
function is set up -> ECS (behind the strict proxy) -> the container's command. usage: aws_deploy_test.py INGESTA"""
import collections
import http.server
import json
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import boto3
import moto.cloudformation.models
import moto.ecs.models
import moto.ecs.responses
from moto.core.responses import ActionResult
from moto.ecs.exceptions import EcsClientException

import aws_server
from servers import ROOT, DemoServices, plain_environment

INGESTA = sys.argv[1]
TEMPLATE = ROOT / "deploy/aws/ingesta.yaml"
PIPELINES = ("productos", "ordenes", "proveedores")
TIME = "2026-11-24T02:00:00Z"
# What moto's CloudFormation does not make; cfn-lint holds them against AWS's schemas.
NOT_IN_MOTO = {"AWS::S3::BucketPolicy", "AWS::Glue::Database", "AWS::Lambda::EventInvokeConfig", "AWS::Scheduler::Schedule",
               "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::Logs::MetricFilter", "AWS::CloudWatch::Alarm"}


def teach_ecs():
    """What AWS does and moto does not: one task a clientToken, and whole task definitions out of a template."""
    run = moto.ecs.responses.EC2ContainerServiceResponse.run_task
    seen, lock = {}, threading.Lock()

    def run_task(self):
        token, request = self._get_param("clientToken"), self.body
        with lock:
            if token not in seen:
                seen[token] = (request, run(self).result)
        if seen[token][0] != request:
            raise EcsClientException("the clientToken is in use with a different RunTask request")
        return ActionResult(seen[token][1])

    def lower(value):
        if isinstance(value, dict):
            return {name[:1].lower() + name[1:]: lower(item) for name, item in value.items()}
        return [lower(item) for item in value] if isinstance(value, list) else value

    def create(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        has = lower(cloudformation_json["Properties"])
        return moto.ecs.models.ecs_backends[account_id][region_name].register_task_definition(
            has["family"], has["containerDefinitions"], network_mode=has["networkMode"], cpu=has["cpu"], memory=has["memory"],
            requires_compatibilities=has["requiresCompatibilities"], task_role_arn=has["taskRoleArn"],
            execution_role_arn=has["executionRoleArn"], runtime_platform=has["runtimePlatform"],
            ephemeral_storage=has["ephemeralStorage"])

    moto.ecs.responses.EC2ContainerServiceResponse.run_task = run_task
    moto.ecs.models.TaskDefinition.create_from_cloudformation_json = classmethod(create)
    # Fargate has no instances to share out; a container needs no memory of its own there.
    moto.ecs.models.EC2ContainerServiceBackend._calculate_task_resource_requirements = staticmethod(
        lambda definition: {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []})


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """The function was ended while it waited."""


class RuntimeApi:
    """Lambda's side of the Runtime API."""

    def __init__(self):
        self.events, self.answers, api = queue.Queue(), queue.Queue(), self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def send(self, status, body, headers=()):
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                number, event = api.events.get()
                self.send(200, event.encode(), [("Lambda-Runtime-Aws-Request-Id", f"request-{number}"),
                                                ("Lambda-Runtime-Deadline-Ms", "30000")])

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                api.answers.put((self.path.rpartition("/")[2], json.loads(body)))
                self.send(202, b"{}")

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        self.count = 0

    def invoke(self, event):
        """(`response` or `error`, its JSON)."""
        self.count += 1
        self.events.put((self.count, event))
        return self.answers.get(timeout=60)


class Deployment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        teach_ecs()
        cls.aws = cls.enterClassContext(aws_server.AwsServer())
        cls.env = cls.aws.environment()
        s3, ec2 = cls.client("s3"), cls.client("ec2")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="ingesta-lambda.zip", Body=b"PK\x05\x06" + bytes(18))
        cls.subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
        cls.group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        cls.parameters = {"Image": "ingesta:1", "LambdaCodeBucket": "code", "Subnets": ",".join(cls.subnets),
                          "SecurityGroups": cls.group, "CreateBucket": "yes", "AlarmEmail": "guardia@example.com"}
        cloudformation = cls.client("cloudformation")
        cloudformation.create_stack(
            StackName="ingesta", TemplateBody=TEMPLATE.read_text(), Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in cls.parameters.items()])
        cls.stack = cloudformation.describe_stacks(StackName="ingesta")["Stacks"][0]
        cls.template = moto.cloudformation.models.Stack.parse_template(TEMPLATE.read_text())
        cls.function = cls.client("lambda").get_function_configuration(FunctionName="ingesta-start")
        cls.schedule = cls.make_schedule()

    @classmethod
    def make_schedule(cls):
        """The template's schedule, by Scheduler's own API: what CloudFormation does of it on AWS."""
        has, values = cls.template["Resources"]["DailySchedule"]["Properties"], cls.template["Parameters"]
        roles = {role["RoleName"]: role["Arn"] for role in cls.client("iam").list_roles()["Roles"]}
        queue_url = next(o["OutputValue"] for o in cls.stack["Outputs"] if o["OutputKey"] == "DeadLetterQueueUrl")
        queue_arn = cls.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        target = has["Target"] | {"Arn": cls.function["FunctionArn"], "DeadLetterConfig": {"Arn": queue_arn},
                                  "RoleArn": next(arn for name, arn in roles.items() if "SchedulerRole" in name)}
        cls.client("scheduler").create_schedule(
            Name="ingesta-daily", ScheduleExpression=values["Schedule"]["Default"], Target=target, State="ENABLED",
            ScheduleExpressionTimezone=values["ScheduleTimezone"]["Default"], FlexibleTimeWindow=has["FlexibleTimeWindow"])
        return cls.client("scheduler").get_schedule(Name="ingesta-daily")

    @classmethod
    def client(cls, service):
        """For what the test itself does: past the proxy, which holds the JSON services only to their models."""
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{cls.aws.moto.server_port}", region_name="us-east-1",
                            aws_access_key_id=cls.env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=cls.env["AWS_SECRET_ACCESS_KEY"])

    def start_function(self, **changes):
        """The function as a process, with the environment that the stack gives it."""
        api = RuntimeApi()
        self.addCleanup(api.server.server_close)
        self.addCleanup(api.server.shutdown)
        env = plain_environment() | self.env | self.function["Environment"]["Variables"]
        env |= {"AWS_LAMBDA_RUNTIME_API": api.address, "HOME": "/nonexistent"} | changes
        process = subprocess.Popen([INGESTA, "lambda"], env=env, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return api

    def event(self, time=TIME):
        """What Scheduler makes of the schedule's input."""
        text = self.schedule["Target"]["Input"]
        return text.replace("<aws.scheduler.schedule-arn>", self.schedule["Arn"]).replace("<aws.scheduler.scheduled-time>", time)

    def tasks(self, started_by):
        ecs = self.client("ecs")
        arns = ecs.list_tasks(cluster="ingesta", startedBy=started_by)["taskArns"]
        return ecs.describe_tasks(cluster="ingesta", tasks=arns)["tasks"] if arns else []

    def test_the_template_is_clean(self):
        lint = pathlib.Path(sys.executable).with_name("cfn-lint")
        done = subprocess.run([lint, "-r", "us-east-1", "eu-west-1", "-t", TEMPLATE], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertLess(len(TEMPLATE.read_text().splitlines()), 500)
        # CloudFormation takes neither anchors nor aliases.
        self.assertNotRegex(TEMPLATE.read_text(), r"(?m)[:-] [&*]\w")

    def test_the_stack_has_what_it_says(self):
        self.assertEqual(self.stack["StackStatus"], "CREATE_COMPLETE")
        resources = self.client("cloudformation").list_stack_resources(StackName="ingesta")["StackResourceSummaries"]
        made = collections.Counter(resource["ResourceType"] for resource in resources)
        expected = collections.Counter(resource["Type"] for resource in self.template["Resources"].values()
                                       if resource["Type"] not in NOT_IN_MOTO)
        self.assertEqual({kind: made[kind] for kind in expected}, dict(expected))
        for pipeline in PIPELINES:
            task = self.client("ecs").describe_task_definition(taskDefinition=f"ingesta-{pipeline}")["taskDefinition"]
            self.assertEqual((task["cpu"], task["memory"], task["ephemeralStorage"]), ("1024", "2048", {"sizeInGiB": 50}))
            self.assertEqual(task["containerDefinitions"][0]["command"], ["run", pipeline])
        bucket = self.template["Resources"]["Bucket"]["Properties"]
        self.assertEqual(set(bucket["PublicAccessBlockConfiguration"].values()), {True})
        (rule,) = self.client("s3").get_bucket_encryption(Bucket="inventario-datalake")["ServerSideEncryptionConfiguration"]["Rules"]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        groups = self.client("logs").describe_log_groups()["logGroups"]
        self.assertEqual({group.get("retentionInDays") for group in groups}, {30})
        self.assertEqual(self.schedule["ScheduleExpression"], "cron(0 2 * * ? *)")
        self.assertEqual((self.function["Runtime"], self.function["Handler"]), ("provided.al2023", "bootstrap"))

    def test_roles_allow_what_is_needed_and_no_more(self):
        iam = self.client("iam")
        allowed = {}
        for logical in ("StarterRole", "TaskRole", "SchedulerRole"):
            policy = self.template["Resources"][logical]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
            actions = [s["Action"] if isinstance(s["Action"], list) else [s["Action"]] for s in policy]
            allowed[logical] = {action for each in actions for action in each}
            for action in allowed[logical]:
                self.assertNotIn("*", action)
        self.assertEqual(allowed["SchedulerRole"], {"lambda:InvokeFunction", "sqs:SendMessage"})
        self.assertEqual(allowed["StarterRole"], {"ecs:RunTask", "iam:PassRole", "sqs:SendMessage", "logs:CreateLogStream",
                                                  "logs:PutLogEvents"})
        readme = (ROOT / "README.md").read_text()
        for action in allowed["TaskRole"]:
            self.assertIn(action, readme, "the README's policies")
        self.assertEqual(len(iam.list_roles()["Roles"]), 4)

    def test_a_schedule_starts_each_pipeline_once_however_often_it_is_tried(self):
        api = self.start_function()
        kind, answer = api.invoke(self.event())
        self.assertEqual(kind, "response", answer)
        self.assertEqual([task["pipeline"] for task in answer["tasks"]], list(PIPELINES))
        for fault in (None, "lose_answer", "throttle", "fail"):
            self.aws.proxy.queue("RunTask", fault)
            self.assertEqual(api.invoke(self.event()), ("response", answer), fault)
        tasks = self.tasks(answer["run_id"])
        self.assertEqual({task["taskArn"] for task in tasks}, {task["task"] for task in answer["tasks"]})
        self.assertEqual(len(tasks), 3)
        for task in tasks:
            self.assertEqual(task["overrides"]["containerOverrides"], [
                {"name": "ingesta", "environment": [{"name": "INGESTA_RUN_ID", "value": answer["run_id"]}]}])
        kind, other = api.invoke(self.event("2026-11-25T02:00:00Z"))
        self.assertNotEqual(other["run_id"], answer["run_id"])
        self.assertEqual(len(self.tasks(other["run_id"])), 3)

    def test_a_refusal_fails_the_invocation_and_the_next_try_heals_it(self):
        api = self.start_function()
        event = self.event("2026-11-26T02:00:00Z")
        self.aws.proxy.queue("RunTask", "refuse")
        kind, error = api.invoke(event)
        self.assertEqual((kind, error["errorType"]), ("error", "Ingesta.access_denied"))
        self.assertIn("1 of 3 tasks were not started", error["errorMessage"])
        self.assertIn("allow ecs:RunTask on", error["errorMessage"])
        kind, answer = api.invoke(event)
        self.assertEqual(kind, "response", answer)
        self.assertEqual(len(self.tasks(answer["run_id"])), 3)

    def test_a_cluster_that_is_gone_is_named(self):
        kind, error = self.start_function(INGESTA_ECS_CLUSTER="gone").invoke(self.event("2026-11-27T02:00:00Z"))
        self.assertEqual((kind, error["errorType"]), ("error", "Ingesta.not_found"))
        self.assertIn("no active cluster gone", error["errorMessage"])

    def test_a_wrong_secret_is_refused(self):
        kind, error = self.start_function(AWS_SECRET_ACCESS_KEY="wrong").invoke(self.event("2026-11-28T02:00:00Z"))
        self.assertEqual((kind, error["errorType"]), ("error", "Ingesta.access_denied"))

    def test_what_a_task_runs_is_a_run_of_that_id(self):
        """The definition's command and variables with the task's overrides, as ECS would put them together."""
        kind, answer = self.start_function().invoke(self.event("2026-11-29T02:00:00Z"))
        self.assertEqual(kind, "response", answer)
        work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-task-"))
        self.addCleanup(shutil.rmtree, work, ignore_errors=True)
        with DemoServices(INGESTA, 300) as demo:
            for task in self.tasks(answer["run_id"]):
                definition = self.client("ecs").describe_task_definition(taskDefinition=task["taskDefinitionArn"])
                container = definition["taskDefinition"]["containerDefinitions"][0]
                (override,) = task["overrides"]["containerOverrides"]
                self.assertEqual(override["name"], container["name"])
                given = {v["name"]: v["value"] for v in container["environment"] + override["environment"]}
                self.assertLess({"AWS_REGION", "S3_BUCKET", "GLUE_DATABASE", "INGESTA_RUN_ID"}, set(given))
                # The services and the lake of this test in the place of the stack's.
                given |= {"S3_BUCKET": "", "GLUE_DATABASE": "", "INGESTA_DATA_DIR": str(work)}
                given |= {name: url for name, url in demo.env.items() if name in given}
                subprocess.run([INGESTA, *container["command"]], env=plain_environment() | given, cwd=ROOT, check=True,
                               capture_output=True, timeout=120)
        for pipeline in PIPELINES:
            self.assertTrue((work / "_ingesta/runs" / pipeline / f"{answer['run_id']}.json").is_file(), pipeline)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
