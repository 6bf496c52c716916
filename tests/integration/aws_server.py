#!/usr/bin/env python3
"""Stand-ins for AWS services (Glue and others: moto) behind a strict proxy, in one process on loopback.

usage: aws_server.py DIR     writes the proxy's port to DIR/port and serves until it is ended

As a module: `with AwsServer() as aws:`. moto is taught what Glue has and moto 5.2.5 lacks: UpdateTable holds VersionId against
the current one (ConcurrentModificationException) and honours SkipArchive; GetPartitions gives pages and segments.
"""
import logging
import os
import pathlib
import sys
import threading

import moto.glue.responses
import werkzeug.serving
from moto.core.responses import ActionResult, EmptyResult
from moto.glue.exceptions import GlueClientError
from moto.server import DomainDispatcherApplication, create_backend_app

import strict_proxy

KEY = "ingesta-test"
SECRET = "ingesta-test-secret"
REGION = "us-east-1"
PAGE = 50  # below AWS's own, so that pages are met

catalog_lock = threading.RLock()


def update_table(self):
    wanted = self.parameters["TableInput"]
    with catalog_lock:
        table = self.glue_backend.get_table(self.parameters["DatabaseName"], wanted["Name"])
        current = str(table.as_dict()["VersionId"])
        expected = self.parameters.get("VersionId")
        if expected is not None and str(expected) != current:
            raise GlueClientError("ConcurrentModificationException", "Update table failed due to concurrent modifications.")
        table.update(wanted)
        if self.parameters.get("SkipArchive"):
            table.delete_version(current)
    return EmptyResult()


def get_partitions(self):
    found = self.glue_backend.get_partitions(self.parameters["DatabaseName"], self.parameters["TableName"],
                                             self.parameters.get("Expression"))
    segment = self.parameters.get("Segment")
    if segment:
        found = found[int(segment["SegmentNumber"])::int(segment["TotalSegments"])]
    begin = int(self.parameters.get("NextToken") or 0)
    answer = {"Partitions": [partition.as_dict() for partition in found[begin:begin + PAGE]]}
    if begin + PAGE < len(found):
        answer["NextToken"] = str(begin + PAGE)
    return ActionResult(answer)


def one_at_a_time(method):
    """moto changes its tables without a lock, and its server has threads."""
    def locked(self):
        with catalog_lock:
            return method(self)
    return locked


def teach_glue():
    glue = moto.glue.responses.GlueResponse
    glue.update_table = update_table
    glue.get_partitions = get_partitions
    for name in ("create_database", "create_table", "delete_table", "batch_create_partition", "batch_delete_partition",
                 "update_partition"):
        setattr(glue, name, one_at_a_time(getattr(glue, name)))


class AwsServer:
    def __init__(self, port=0):
        teach_glue()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the proxy has its own log
        os.environ.setdefault("MOTO_ALLOW_NONEXISTENT_REGION", "true")
        self.moto = werkzeug.serving.make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app),
                                                 threaded=True)
        threading.Thread(target=self.moto.serve_forever, daemon=True).start()
        self.proxy = strict_proxy.StrictProxy(self.moto.server_port, KEY, SECRET, port)

    def environment(self):
        return {"AWS_ENDPOINT_URL": self.proxy.url, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}

    def stop(self):
        self.proxy.stop()
        self.moto.shutdown()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()


if __name__ == "__main__":
    server = AwsServer()
    port_file = pathlib.Path(sys.argv[1], "port")
    port_file.with_suffix(".new").write_text(server.proxy.url.rpartition(":")[2])
    port_file.with_suffix(".new").rename(port_file)
    server.proxy.thread.join()
