#!/usr/bin/env python3
"""Walk an Iceberg table as the format describes it and assert what a writer owes: metadata.json, manifest lists,
manifests (all read here, with nothing of ours), Parquet footers and the data behind the statistics.

usage: iceberg_checker.py METADATA.json...     prints a line a table, exit 1 at the first violation

`check_table(metadata)` is for other tests; it returns the number of live rows a snapshot. Local files only.
"""
import collections
import datetime
import decimal
import io
import json
import pathlib
import struct
import sys
import urllib.parse
import zlib

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

REQUIRED = ("format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms", "last-column-id", "schemas",
            "current-schema-id", "partition-specs", "default-spec-id", "last-partition-id", "sort-orders",
            "default-sort-order-id")
EPOCH = datetime.date(1970, 1, 1)


class Violation(AssertionError):
    pass


def require(condition, message):
    if not condition:
        raise Violation(message)


def local_path(location):
    """The path of `file:///x`, `file:/x` or `/x`."""
    return pathlib.Path(urllib.parse.unquote(urllib.parse.urlparse(location).path) if location.startswith("file:") else location)


# ---- Avro, read by its schema; values of records by field id.

class Avro:
    def __init__(self, path):
        self.stream = io.BytesIO(path.read_bytes())
        require(self.stream.read(4) == b"Obj\x01", f"{path}: no Avro file")
        self.metadata = {}
        while (count := self.long()) != 0:
            if count < 0:
                count, _ = -count, self.long()
            for _ in range(count):
                key = self.bytes().decode()
                self.metadata[key] = self.bytes()
        sync = self.stream.read(16)
        self.schema = json.loads(self.metadata["avro.schema"])
        self.records = []
        end = self.stream.getbuffer().nbytes
        while self.stream.tell() < end:
            count, size = self.long(), self.long()
            block = self.stream.read(size)
            require(self.stream.read(16) == sync, f"{path}: a block without its sync marker")
            if self.metadata.get("avro.codec") == b"deflate":
                block = zlib.decompress(block, -15)
            outer, self.stream = self.stream, io.BytesIO(block)
            self.records += [self.value(self.schema) for _ in range(count)]
            require(self.stream.tell() == len(block), f"{path}: a block holds more than its values")
            self.stream = outer

    def long(self):
        bits = shift = 0
        while True:
            byte = self.stream.read(1)[0]
            bits |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (bits >> 1) ^ -(bits & 1)

    def bytes(self):
        return self.stream.read(self.long())

    def value(self, schema):
        if isinstance(schema, list):
            return self.value(schema[self.long()])
        kind = schema["type"] if isinstance(schema, dict) else schema
        if kind == "record":
            return {field.get("field-id", field["name"]): self.value(field["type"]) for field in schema["fields"]}
        if kind == "array":
            items = []
            while (count := self.long()) != 0:
                if count < 0:
                    count, _ = -count, self.long()
                items += [self.value(schema["items"]) for _ in range(count)]
            if schema.get("logicalType") == "map":
                return dict(tuple(item.values()) for item in items)
            return items
        if kind == "fixed":
            return self.stream.read(schema["size"])
        return {"null": lambda: None, "boolean": lambda: self.stream.read(1) == b"\1", "int": self.long, "long": self.long,
                "float": lambda: struct.unpack("<f", self.stream.read(4))[0],
                "double": lambda: struct.unpack("<d", self.stream.read(8))[0],
                "bytes": self.bytes, "string": lambda: self.bytes().decode()}[kind]()


def field_ids(schema):
    """All field ids and element ids of an Avro schema, with whether null is allowed."""
    found = {}

    def walk(node):
        if isinstance(node, list):
            for branch in node:
                walk(branch)
        elif isinstance(node, dict):
            for field in node.get("fields", ()):
                require("field-id" in field, f"Avro field {field['name']} has no field-id")
                found[field["field-id"]] = isinstance(field["type"], list)
                walk(field["type"])
            if "element-id" in node:
                found[node["element-id"]] = False
            for key in ("items", "type"):
                if isinstance(node.get(key), (dict, list)):
                    walk(node[key])
    walk(schema)
    return found


# ---- Schemas

def leaves(fields, path="", repeated=False):
    """(id, path, type, repeated) of the primitive fields of a schema."""
    for field in fields:
        kind, name = field["type"], path + field["name"]
        if isinstance(kind, str):
            yield field["id"], name, kind, repeated
        elif kind["type"] == "struct":
            yield from leaves(kind["fields"], name + ".", repeated)
        elif kind["type"] == "list":
            yield from leaves([{"id": kind["element-id"], "name": "element", "type": kind["element"]}], name + ".list.", True)
        else:
            yield from leaves([{"id": kind["key-id"], "name": "key", "type": kind["key"]},
                               {"id": kind["value-id"], "name": "value", "type": kind["value"]}], name + ".key_value.", True)


def all_ids(fields):
    for field in fields:
        yield field["id"]
        kind = field["type"]
        if isinstance(kind, dict):
            if kind["type"] == "struct":
                yield from all_ids(kind["fields"])
            elif kind["type"] == "list":
                yield from all_ids([{"id": kind["element-id"], "type": kind["element"]}])
            else:
                yield from all_ids([{"id": kind["key-id"], "type": kind["key"]}, {"id": kind["value-id"], "type": kind["value"]}])


def check_metadata(metadata):
    for key in REQUIRED:
        require(key in metadata, f"metadata.json has no {key}")
    require(metadata["format-version"] == 2, "format-version is not 2")
    schemas = {schema["schema-id"]: schema for schema in metadata["schemas"]}
    require(len(schemas) == len(metadata["schemas"]), "a schema id twice")
    require(metadata["current-schema-id"] in schemas, "the current schema is absent")
    for schema in schemas.values():
        ids = list(all_ids(schema["fields"]))
        require(len(ids) == len(set(ids)), f"schema {schema['schema-id']}: a field id twice")
        require(max(ids) <= metadata["last-column-id"], f"schema {schema['schema-id']}: an id above last-column-id")
        names = [field["name"] for field in schema["fields"]]
        require(len(names) == len(set(names)), f"schema {schema['schema-id']}: a name twice")
        required = {field["id"] for field in schema["fields"] if field["required"]}
        require(set(schema.get("identifier-field-ids", ())) <= required, "an identifier field that is not required")
    specs = {spec["spec-id"]: spec for spec in metadata["partition-specs"]}
    require(metadata["default-spec-id"] in specs, "the default partition spec is absent")
    partition_ids = {field["field-id"] for spec in specs.values() for field in spec["fields"]}
    require(all(1000 <= number <= metadata["last-partition-id"] for number in partition_ids), "a partition id out of range")
    require(metadata["last-partition-id"] >= 999, "last-partition-id below 999")
    orders = {order["order-id"] for order in metadata["sort-orders"]}
    require(metadata["default-sort-order-id"] in orders, "the default sort order is absent")
    check_history(metadata)
    return schemas, specs


def check_history(metadata):
    snapshots = {snapshot["snapshot-id"]: snapshot for snapshot in metadata.get("snapshots", ())}
    require(len(snapshots) == len(metadata.get("snapshots", ())), "a snapshot id twice")
    sequences = [snapshot["sequence-number"] for snapshot in snapshots.values()]
    require(len(set(sequences)) == len(sequences), "a sequence number twice")
    for snapshot in snapshots.values():
        require(0 < snapshot["snapshot-id"] < 2 ** 63, "a snapshot id out of range")
        require(snapshot["sequence-number"] <= metadata["last-sequence-number"], "a snapshot above last-sequence-number")
        require(snapshot["timestamp-ms"] <= metadata["last-updated-ms"], "a snapshot younger than last-updated-ms")
        require(snapshot["summary"]["operation"] in ("append", "overwrite", "replace", "delete"), "an unknown operation")
        parent = snapshots.get(snapshot.get("parent-snapshot-id"))
        require(parent is None or parent["sequence-number"] < snapshot["sequence-number"], "a parent younger than its child")
    current = metadata.get("current-snapshot-id")
    main = metadata.get("refs", {}).get("main")
    if current in (None, -1):
        require(main is None, "refs.main without a current snapshot")
    else:
        require(current in snapshots, "the current snapshot is absent")
        require(main is not None and main["snapshot-id"] == current and main["type"] == "branch", "refs.main is not the current snapshot")
        require(metadata["snapshot-log"][-1]["snapshot-id"] == current, "the snapshot-log does not end at the current snapshot")
    for log, key in (("snapshot-log", "snapshot-id"), ("metadata-log", "metadata-file")):
        times = [entry["timestamp-ms"] for entry in metadata.get(log, ())]
        require(times == sorted(times), f"{log} is not in order")
        require(all(key in entry for entry in metadata.get(log, ())), f"{log} lacks {key}")
    require(len(metadata.get("metadata-log", ())) <= 100, "metadata-log beyond its limit")


# ---- Manifests

LIST_IDS = {500, 501, 502, 517, 515, 516, 503, 504, 505, 506, 512, 513, 514}
ENTRY_IDS = {0, 2, 134, 100, 101, 102, 103, 104}


class TableWalk:
    def __init__(self, metadata_path):
        self.metadata = json.loads(metadata_path.read_text())
        self.schemas, self.specs = check_metadata(self.metadata)
        self.manifests = {}  # path -> (Avro, the line that named it)
        self.files = {}      # path -> data file, as a manifest has it

    def walk(self):
        rows = {}
        for snapshot in self.metadata.get("snapshots", ()):
            rows[snapshot["snapshot-id"]] = self.snapshot(snapshot)
        for file, spec_id in self.files.values():
            FileCheck(self, file, spec_id).run()
        return rows

    def snapshot(self, snapshot):
        where = f"snapshot {snapshot['snapshot-id']}"
        listing = Avro(local_path(snapshot["manifest-list"]))
        ids = field_ids(listing.schema)
        require(LIST_IDS <= ids.keys(), f"{where}: its manifest list lacks the fields {LIST_IDS - ids.keys()}")
        require(not any(ids[number] for number in LIST_IDS), f"{where}: a required field of the list is optional")
        live = collections.Counter()
        totals = collections.Counter()
        for line in listing.records:
            for entry in self.manifest(line, snapshot):
                if entry[0] == 2:
                    continue
                file = entry[2]
                live[file[100]] += 1
                if file[134] == 0:
                    totals.update({"total-records": file[103], "total-data-files": 1})
                    self.files.setdefault(file[100], (file, line[502]))
        require(all(count == 1 for count in live.values()), f"{where}: a path is live twice")
        for name in ("total-records", "total-data-files"):
            if name in snapshot["summary"]:
                require(int(snapshot["summary"][name]) == totals[name],
                        f"{where}: {name} is {snapshot['summary'][name]}, not {totals[name]}")
        return totals["total-records"]

    def manifest(self, line, snapshot):
        path = local_path(line[500])
        require(path.stat().st_size == line[501], f"{path}: its length is not {line[501]}")
        require(line[515] <= snapshot["sequence-number"] and line[516] <= line[515], f"{path}: sequence numbers")
        if str(path) not in self.manifests:
            self.manifests[str(path)] = Avro(path)
        avro = self.manifests[str(path)]
        header = avro.metadata
        for key in ("schema", "partition-spec", "partition-spec-id", "format-version"):
            require(key in header, f"{path}: no {key} in its header")
        require(header["format-version"] == b"2", f"{path}: format-version")
        require(int(header["partition-spec-id"]) == line[502] and line[502] in self.specs, f"{path}: partition-spec-id")
        require(header.get("content", b"data") == (b"deletes" if line[517] else b"data"), f"{path}: content")
        require({field["field-id"] for field in json.loads(header["partition-spec"])} ==
                {field["field-id"] for field in self.specs[line[502]]["fields"]}, f"{path}: partition-spec")
        ids = field_ids(avro.schema)
        require(ENTRY_IDS <= ids.keys(), f"{path}: lacks the fields {ENTRY_IDS - ids.keys()}")
        require(105 not in ids, f"{path}: has field 105")
        self.entries(path, line, avro.records)
        return avro.records

    def entries(self, path, line, entries):
        files, rows, lowest = collections.Counter(), collections.Counter(), []
        for entry in entries:
            status, file = entry[0], entry[2]
            files[status] += 1
            rows[status] += file[103]
            sequence = entry.get(3)
            if status == 1:
                require(entry.get(1) in (None, line[503]), f"{path}: an entry added by another snapshot")
                sequence = line[515] if sequence is None else sequence
            else:
                require(sequence is not None and entry.get(4) is not None, f"{path}: an old entry without sequence numbers")
            if status != 2:
                lowest.append(sequence)
        counts = {1: (504, 512), 0: (505, 513), 2: (506, 514)}
        for status, (file_id, row_id) in counts.items():
            require((files[status], rows[status]) == (line[file_id], line[row_id]), f"{path}: counts of status {status}")
        require(not lowest or min(lowest) >= line[516], f"{path}: a live entry below min_sequence_number")
        self.summaries(path, line, entries)

    def summaries(self, path, line, entries):
        fields = self.specs[line[502]]["fields"]
        summaries = line.get(507) or []
        require(len(summaries) == len(fields), f"{path}: partition summaries")
        for field, summary in zip(fields, summaries):
            values = [entry[2][102][field["field-id"]] for entry in entries]
            require(summary[509] == any(value is None for value in values), f"{path}: contains_null")
            numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
            if numbers and len(summary[510]) in (4, 8):
                low, high = (int.from_bytes(summary[number], "little", signed=True) for number in (510, 511))
                require((low, high) == (min(numbers), max(numbers)), f"{path}: partition bounds")


# ---- Data files

def bound(kind, data):
    """The value of a bound, in the form that `comparable` gives."""
    if kind == "boolean":
        return data != b"\0"
    if kind in ("int", "long", "date", "time", "timestamp", "timestamptz"):
        return int.from_bytes(data, "little", signed=True)
    if kind in ("float", "double"):
        return struct.unpack("<f" if len(data) == 4 else "<d", data)[0]
    if kind.startswith("decimal"):
        scale = int(kind.rstrip(")").split(",")[1])
        return decimal.Context(prec=40).scaleb(decimal.Decimal(int.from_bytes(data, "big", signed=True)), -scale)
    return data


def comparable(kind, scalar):
    if kind in ("int", "long", "date", "time", "timestamp", "timestamptz"):
        return (scalar.cast(pa.int32()) if kind == "date" else scalar).cast(pa.int64()).as_py()
    value = scalar.as_py()
    return value.encode() if kind == "string" else value


WIDTHS = {"boolean": 1, "int": 4, "date": 4, "float": 4, "long": 8, "double": 8, "time": 8, "timestamp": 8, "timestamptz": 8}


class FileCheck:
    """One data file against what a manifest says of it."""

    def __init__(self, table, file, spec_id):
        self.file = file
        self.spec = table.specs[spec_id]
        self.path = local_path(file[100])
        self.leaves = {}
        for schema in table.schemas.values():
            for number, name, kind, repeated in leaves(schema["fields"]):
                self.leaves.setdefault(number, (name, set(), repeated))[1].add(kind)

    def require(self, condition, message):
        require(condition, f"{self.path}: {message}")

    def run(self):
        self.require(self.file[101] == "PARQUET", "no Parquet file")
        self.require(self.path.stat().st_size == self.file[104], "its size is not file_size_in_bytes")
        parquet = pq.ParquetFile(self.path)
        footer = parquet.metadata
        self.require(footer.num_rows == self.file[103], "record_count")
        offsets = []
        for group in range(footer.num_row_groups):
            column = footer.row_group(group).column(0)
            offsets.append(column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset)
        if self.file.get(132) is not None:
            self.require(self.file[132] == offsets, f"split_offsets are {self.file[132]}, not {offsets}")
        columns = {}
        table = parquet.read()
        for field, values in zip(table.schema, table.columns):
            number = int((field.metadata or {}).get(b"PARQUET:field_id", b"0"))
            self.require(number > 0, f"column {field.name} has no field id")
            columns[number] = values
        flat = {number: values for number, values in columns.items() if not pa.types.is_nested(values.type)}
        for number, values in flat.items():
            self.require(number in self.leaves, f"field id {number} is in no schema")
            self.column(number, values)
        nested_ids = {number for number, (_, _, repeated) in self.leaves.items() if repeated}
        for key in (109, 110, 125, 128):
            self.require(not nested_ids & (self.file.get(key) or {}).keys(), f"field {key} has ids below a list or map")
        self.partition(columns)

    def column(self, number, values):
        name, kinds, _ = self.leaves[number]
        self.require((self.file.get(109) or {}).get(number) == len(values), f"value_counts of {name}")
        self.require((self.file.get(110) or {}).get(number) == values.null_count, f"null_value_counts of {name}")
        self.require((self.file.get(108) or {}).get(number, 0) > 0, f"column_sizes of {name}")
        present = values.drop_null()
        floating = pa.types.is_floating(values.type)
        if floating:
            nans = pc.sum(pc.is_nan(present)).as_py() or 0
            self.require((self.file.get(137) or {}).get(number, nans) == nans, f"nan_value_counts of {name}")
            present = present.filter(pc.invert(pc.is_nan(present)))
        lower, upper = ((self.file.get(key) or {}).get(number) for key in (125, 128))
        if len(present) == 0:
            self.require(lower is None and upper is None, f"bounds of {name}, which has no values")
            return
        self.require(lower is not None, f"no lower bound of {name}")
        # A file that is older than a column's widening may have bounds of the narrower type.
        widths = {WIDTHS[kind] for kind in kinds if kind in WIDTHS}
        self.require(not widths or {len(data) for data in (lower, upper) if data is not None} <= widths, f"bounds of {name}")
        kind = min(kinds)
        ends = pc.min_max(present) if not pa.types.is_boolean(present.type) else pc.min_max(present.cast(pa.int8()))
        least, most = (comparable(kind, ends[end]) for end in ("min", "max"))
        self.require(bound(kind, lower) <= least, f"lower bound of {name}: {bound(kind, lower)} above {least}")
        if kind in ("string", "binary"):
            self.require(len(lower.decode() if kind == "string" else lower) <= 16, f"lower bound of {name} is long")
        else:
            self.require(bound(kind, lower) == least and upper is not None and bound(kind, upper) == most, f"bounds of {name}")
        if upper is not None:
            self.require(bound(kind, upper) >= most, f"upper bound of {name}: {bound(kind, upper)} below {most}")

    def partition(self, columns):
        for field in self.spec["fields"]:
            value = self.file[102][field["field-id"]]
            source = columns.get(field["source-id"])
            rows = [None] * self.file[103] if source is None else source.to_pylist()
            for row in set(rows):
                self.require(transform(field["transform"], row) == value,
                             f"a row of partition {transform(field['transform'], row)} in {field['name']}={value}")


def transform(name, value):
    if value is None or name == "void":
        return None
    day = value.date() if isinstance(value, datetime.datetime) else value
    if name == "day":
        return (day - EPOCH).days
    if name == "month":
        return (day.year - 1970) * 12 + day.month - 1
    if name == "year":
        return day.year - 1970
    if isinstance(value, datetime.date):
        return (value - EPOCH).days
    return value


def check_table(metadata):
    """Check the table at a metadata.json (a path, or a file: location) and all its snapshots: their rows by id."""
    path = local_path(str(metadata))
    try:
        return TableWalk(path).walk()
    except Violation as violation:
        raise Violation(f"{path.name}: {violation}") from None


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        try:
            print(f"{argument}: {check_table(argument)}")
        except Violation as violation:
            sys.exit(str(violation))
