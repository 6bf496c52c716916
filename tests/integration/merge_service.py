"""What the tests of merging runs share: a small service that changes between runs, its pipeline, and the rows that a plain
dict says the tables must hold."""
from servers import JsonService

PIPELINE = """
name: pedidos
client: {{base_url: "{url}"}}
resource_defaults: {{primary_key: [id], write_disposition: merge}}
resources:
  - name: pedidos
    endpoint: {{path: /pedidos, data_selector: pedidos, paginator: single_page}}
    formats: [csv, iceberg]
    partition_by: {{column: fecha, transform: month}}
    columns:
      - {{name: id, type: int64}}
      - {{name: estado, type: string}}
      - {{name: fecha, type: date}}
      - {{name: total, type: "decimal(18,2)"}}
      - {{name: peso, type: double}}
  - name: lineas
    explode: {{resource: pedidos, path: lineas}}
    include_from_parent: [id]
    primary_key: [pedido_id, linea]
    formats: [iceberg]
    columns:
      - {{name: pedido_id, path: _pedidos_id, type: int64}}
      - {{name: linea, type: int32}}
      - {{name: articulo, type: string}}
  - name: estados
    endpoint: {{path: /estados, paginator: single_page}}
    formats: [csv]
    columns: [{{name: id, type: int64}}, {{name: nombre, type: string}}]
"""
KEYS = {"pedidos": ("id",), "lineas": ("pedido_id", "linea")}


class Service(JsonService):
    """What the source has now."""

    def __init__(self):
        super().__init__()
        self.pedidos = {}

    def answer(self, path):
        return {"pedidos": list(self.pedidos.values())} if path == "/pedidos" else [{"id": 1, "nombre": "NUEVO"}]


def pedido(number, estado, month=1, lineas=2, peso=1.5):
    return {"id": number, "estado": estado, "fecha": f"2026-{month:02}-15", "total": f"{number}.10", "peso": peso,
            "lineas": [{"linea": line, "articulo": f"{estado} {line}"} for line in range(1, lineas + 1)]}


def upsert(model, pedidos):
    """The expected tables after a run that met `pedidos`."""
    for p in pedidos:
        row = {name: p[name] for name in ("id", "estado", "fecha", "total", "peso")}
        model["pedidos"][(p["id"],)] = row
        for line in p["lineas"]:
            model["lineas"][(p["id"], line["linea"])] = {"pedido_id": p["id"], **line}


def plain(row):
    """A row as JSON has it: dates and decimals as text, NaN is not among the values."""
    return {name: value if isinstance(value, (int, float, type(None))) else str(value) for name, value in row.items()}


def diff(found, expected):
    return {key: (found.get(key), expected.get(key)) for key in found.keys() | expected.keys()
            if found.get(key) != expected.get(key)}
