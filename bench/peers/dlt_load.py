"""dlt's rest_api source into its filesystem destination. usage: dlt_load.py URL ROWS FOLDER parquet|csv.gz"""
import os
import pathlib
import sys

url, folder, kind = sys.argv[1], pathlib.Path(sys.argv[3]), sys.argv[4]
os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DESTINATION__FILESYSTEM__BUCKET_URL": folder.as_uri(),
               "DLT_DATA_DIR": str(folder / "dlt"), "RUNTIME__LOG_LEVEL": "ERROR",
               "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "false"}
import dlt
from dlt.sources.rest_api import rest_api_source

source = rest_api_source({
    "client": {"base_url": url, "paginator": {"type": "page_number", "base_page": 1, "total_path": "pages"}},
    "resources": [{"name": "productos", "primary_key": "id",
                   "endpoint": {"path": "api/productos", "params": {"per_page": 1000}, "data_selector": "productos"}}]})
pipeline = dlt.pipeline("bench", destination="filesystem", dataset_name="lake", pipelines_dir=str(folder / "pipelines"))
pipeline.run(source, loader_file_format={"parquet": "parquet", "csv.gz": "csv"}[kind])
