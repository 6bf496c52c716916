"""How the tests read a lake with programs that are not ours: DuckDB with its Iceberg extension, pyarrow, pyiceberg."""
import contextlib
import json
import pathlib
import shutil
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
    return json.loads(metadata_of(table).read_text())["snapshots"]


@contextlib.contextmanager
def written_beside_us(table):
    """pyiceberg's table over the folder of one of ours; what it commits is the table's next version, as a filesystem catalog
    looks for it: the next number, and the hint."""
    from pyiceberg.catalog.sql import SqlCatalog  # not in every environment that reads tables
    metadata = metadata_of(table)
    catalog = SqlCatalog("other", uri="sqlite:///:memory:", warehouse=f"file://{pathlib.Path(table).parent}")
    catalog.create_namespace("n")
    other = catalog.register_table(f"n.{pathlib.Path(table).name}", str(metadata))
    yield other
    number = int(metadata.name.removeprefix("v").split(".")[0]) + 1
    shutil.copy(other.metadata_location.removeprefix("file://"), metadata.parent / f"v{number}.metadata.json")
    (metadata.parent / "version-hint.text").write_text(str(number))
