"""One DuckDB statement from the REST pages to a file. usage: duckdb_load.py URL ROWS FOLDER parquet|csv.gz"""
import math
import pathlib
import site
import sys

import duckdb

url, rows, folder, kind = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
(httpfs,) = [path for place in site.getsitepackages()
             for path in pathlib.Path(place, "duckdb_extension_httpfs").rglob("httpfs.duckdb_extension")]
connection.execute(f"LOAD '{httpfs}'")
connection.execute("SET force_download = true")  # the pages know no ranges
pages = [f"{url}/api/productos?page={page}&per_page=1000" for page in range(1, math.ceil(rows / 1000) + 1)]
target = {"parquet": "(FORMAT parquet, COMPRESSION zstd)", "csv.gz": "(FORMAT csv, HEADER, COMPRESSION gzip)"}[kind]
connection.execute(f"""
  COPY (SELECT p.id, p.nombre, p.descripcion, CAST(p.precio AS DECIMAL(18, 2)) AS precio, p.stock, p.categoria, p.proveedor,
               p.sku, CAST(p.fecha_creacion AS TIMESTAMP) AS fecha_creacion,
               CAST(p.fecha_actualizacion AS TIMESTAMP) AS fecha_actualizacion
        FROM (SELECT unnest(productos) AS p FROM read_json($pages, format = 'unstructured', columns = {{productos:
              'STRUCT(id BIGINT, nombre VARCHAR, descripcion VARCHAR, precio DOUBLE, stock BIGINT, categoria VARCHAR,
                      proveedor VARCHAR, sku VARCHAR, fecha_creacion VARCHAR, fecha_actualizacion VARCHAR)[]'}})))
  TO '{folder}/productos.{kind}' {target}""", {"pages": pages})
