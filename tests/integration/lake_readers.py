"""How the tests read a lake with programs that are not ours: DuckDB with its Iceberg extension, pyarrow, pyiceberg."""
import pathlib
import site

import duckdb

DATASETS = ("productos", "categorias", "ordenes", "detalles_orden", "clientes", "proveedores")


def connect():
    """DuckDB with the extensions that pip installed: nothing is downloaded."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name in ("avro", "iceberg"):
        found = [path for folder in site.getsitepackages()
                 for path in pathlib.Path(folder, f"duckdb_extension_{name}").rglob(f"{name}.duckdb_extension")]
        assert len(found) == 1, f"{name}: {found}"
        connection.execute(f"LOAD '{found[0]}'")
    return connection


def metadata_of(table):
    """The newest metadata.json of a table's folder."""
    versions = list(pathlib.Path(table, "metadata").glob("v*.metadata.json"))
    assert versions, f"no metadata below {table}"
    return max(versions, key=lambda path: int(path.name.removeprefix("v").split(".")[0]))


def snapshots_of(table):
    import json
    return json.loads(metadata_of(table).read_text())["snapshots"]
