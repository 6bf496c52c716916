#include "ingesta/config/schema_parts.h"

namespace ingesta::config {
namespace {

Schema Columns() {
  Schema column{.type = SchemaType::kMap};
  column.children = {
      {.key = "name",
       .summary = "The column's name in the outputs",
       .summary_es = "Nombre de la columna en las salidas",
       .required = true},
      {.key = "path",
       .summary = "Dotted path of the value in the record, such as `direccion.calle`; the name where absent",
       .summary_es = "Ruta con puntos del valor en el registro, como `direccion.calle`; si falta, el nombre"},
      {.key = "type",
       .type = SchemaType::kColumnType,
       .summary = "The column's type",
       .summary_es = "Tipo de la columna",
       .default_value = std::string("string"),
       .choices = {"string", "int32", "int64", "double", "bool", "date", "timestamp", "decimal(p,s)",
                   "json"}},
      {.key = "nullable",
       .type = SchemaType::kBool,
       .summary = "Whether a record without the value is accepted; else it goes to quarantine",
       .summary_es = "Si se acepta un registro sin el valor; si no, va a cuarentena",
       .default_value = true},
      {.key = "format",
       .type = SchemaType::kEnum,
       .summary = "How the source writes a date or timestamp; iso8601 where absent",
       .summary_es = "Cómo escribe el origen una fecha o un instante; si falta, iso8601",
       .choices = {"iso8601", "epoch_s", "epoch_ms"}},
      {.key = "join",
       .summary = "Separator that makes one text of an array of texts or numbers",
       .summary_es = "Separador que une en un texto una lista de textos o números"},
      {.key = "on_rounding",
       .type = SchemaType::kEnum,
       .summary =
           "What to do with a number that has more decimals than the column: round it, or reject its row",
       .summary_es =
           "Qué hacer con un número con más decimales que la columna: redondearlo o rechazar su fila",
       .default_value = std::string("round"),
       .choices = {"round", "reject"}},
      {.key = "description",
       .summary = "What the column means",
       .summary_es = "Qué significa la columna",
       .default_value = std::string()},
      LaterKey("mask")};
  return {.key = "columns",
          .type = SchemaType::kList,
          .summary = "The columns of the outputs, in their order",
          .summary_es = "Las columnas de las salidas, en su orden",
          .required = true,
          .children = {std::move(column)}};
}

Schema Endpoint(const KindCatalog& kinds) {
  Schema endpoint{.key = "endpoint",
                  .type = SchemaType::kMap,
                  .summary = "Where the records come from and how they are asked for",
                  .summary_es = "De dónde vienen los registros y cómo se piden"};
  endpoint.children = {
      {.key = "path",
       .summary = "Path of the request below `base_url`",
       .summary_es = "Ruta de la petición bajo `base_url`",
       .required = true},
      {.key = "method",
       .type = SchemaType::kEnum,
       .summary = "Method of the request, which must be a read",
       .summary_es = "Método de la petición, que debe ser una lectura",
       .default_value = std::string("GET"),
       .choices = {"GET", "POST"}},
      {.key = "params",
       .type = SchemaType::kParams,
       .summary = "Query parameters; of a list each value is scanned on its own",
       .summary_es = "Parámetros de la consulta; de una lista se recorre cada valor por separado",
       .secret_names = true},
      {.key = "headers",
       .type = SchemaType::kTextMap,
       .summary = "Header fields beside the client's",
       .summary_es = "Cabeceras además de las del cliente",
       .secret_names = true},
      {.key = "json",
       .type = SchemaType::kJson,
       .summary = "Body of the request, sent as JSON",
       .summary_es = "Cuerpo de la petición, enviado como JSON",
       .secret_names = true},
      {.key = "data_selector",
       .summary = "Dotted path of the array of records in the answer; the answer itself where absent",
       .summary_es = "Ruta con puntos de la lista de registros en la respuesta; si falta, la respuesta misma",
       .default_value = std::string()},
      {.key = "record_path",
       .summary = "Path of one record by its key, such as `/api/productos/{id}`, for keys that a pass missed",
       .summary_es = "Ruta de un registro por su clave, como `/api/productos/{id}`, para claves que faltaron",
       .default_value = std::string()},
      {.key = "decoder",
       .type = SchemaType::kEnum,
       .summary = "What the answers are written in",
       .summary_es = "En qué están escritas las respuestas",
       .default_value = std::string("json"),
       .choices = {"json"},
       .later = {"jsonl", "csv"}},
      ComponentKey({.key = "paginator",
                    .summary = "How the service splits the records into pages",
                    .summary_es = "Cómo reparte el servicio los registros en páginas",
                    .default_kind = "single_page"},
                   kinds.paginators, {"header_cursor"}),
      {.key = "ignore_fields",
       .type = SchemaType::kStringList,
       .summary = "Fields that are known and not wanted: not reported as unknown",
       .summary_es = "Campos conocidos que no se quieren: no se avisa de ellos",
       .default_value = std::vector<std::string>()},
      LaterKey("incremental"),
      LaterKey("record_filter")};
  return endpoint;
}

Schema Explode() {
  return {
      .key = "explode",
      .type = SchemaType::kMap,
      .summary = "Takes the records from an array inside another resource's records, instead of an endpoint",
      .summary_es = "Toma los registros de una lista dentro de los de otro recurso, en vez de un endpoint",
      .children = {{.key = "resource",
                    .summary = "Name of the parent resource",
                    .summary_es = "Nombre del recurso padre",
                    .required = true},
                   {.key = "path",
                    .summary = "Dotted path of the array in the parent's record",
                    .summary_es = "Ruta con puntos de la lista en el registro del padre",
                    .required = true}}};
}

Schema Completeness() {
  return {
      .key = "completeness",
      .type = SchemaType::kMap,
      .summary = "How it is proved that no record is missing",
      .summary_es = "Cómo se prueba que no falta ningún registro",
      .children = {
          {.key = "total_path",
           .summary = "Dotted path of the service's total in a page; the paginator's where absent",
           .summary_es = "Ruta con puntos del total del servicio en una página; si falta, la del paginador"},
          {.key = "max_passes",
           .type = SchemaType::kInt,
           .summary = "Most scans of the dataset",
           .summary_es = "Máximo de recorridos del conjunto de datos",
           .default_value = int64_t{3},
           .min = 1,
           .max = 10},
          {.key = "allow_inexact",
           .type = SchemaType::kBool,
           .summary = "Publish although the proof failed",
           .summary_es = "Publicar aunque la prueba falle",
           .default_value = false}}};
}

Schema PartitionBy() {
  return {
      .key = "partition_by",
      .type = SchemaType::kMap,
      .summary = "How Parquet and Iceberg files are laid out; by the run's date where absent (Parquet alone)",
      .summary_es =
          "Cómo se reparten los archivos Parquet e Iceberg; si falta, por fecha de ejecución (solo "
          "Parquet)",
      .children = {{.key = "column",
                    .summary = "Column whose value is the partition; the run's date where absent",
                    .summary_es = "Columna cuyo valor es la partición; si falta, la fecha de la ejecución"},
                   {.key = "transform",
                    .type = SchemaType::kEnum,
                    .summary = "What becomes of a date or timestamp; `identity` takes a value as it is",
                    .summary_es = "En qué se convierte una fecha u hora; `identity` toma el valor tal cual",
                    .default_value = std::string("day"),
                    .choices = {"day", "month", "year", "identity"}},
                   {.key = "timezone",
                    .summary = "Whose days: an IANA name such as `Europe/Madrid`",
                    .summary_es = "De qué zona son los días: un nombre IANA como `Europe/Madrid`",
                    .default_value = std::string("UTC")}}};
}

}  // namespace

Schema ResourceSchema(const KindCatalog& kinds) {
  Schema format = ComponentKey({}, kinds.formats, {});
  Schema resource{.type = SchemaType::kMap};
  resource.children = {
      {.key = "name",
       .summary = "The dataset's name: the first part of its files' keys",
       .summary_es = "Nombre del conjunto de datos: primera parte de las claves de sus archivos",
       .required = true},
      Endpoint(kinds),
      Explode(),
      {.key = "include_from_parent",
       .type = SchemaType::kStringList,
       .summary = "Fields of the parent's record, here called `_<parent>_<field>`; with `explode`",
       .summary_es = "Campos del registro padre, llamados aquí `_<padre>_<campo>`; con `explode`",
       .default_value = std::vector<std::string>()},
      {.key = "primary_key",
       .type = SchemaType::kStringList,
       .summary = "The column, or columns, whose value is a record's own",
       .summary_es = "La columna, o columnas, cuyo valor es propio de cada registro",
       .default_value = std::vector<std::string>()},
      Columns(),
      {.key = "unstable_columns",
       .type = SchemaType::kStringList,
       .summary =
           "Columns that the service fills anew at each answer: another value there is no change of the row",
       .summary_es =
           "Columnas que el servicio rellena de nuevo en cada respuesta: otro valor en ellas no es un cambio",
       .default_value = std::vector<std::string>()},
      {.key = "formats",
       .type = SchemaType::kList,
       .summary = "The files to write",
       .summary_es = "Los archivos que se escriben",
       .required = true,
       .children = {std::move(format)}},
      Completeness(),
      {.key = "max_rejected",
       .type = SchemaType::kFraction,
       .summary = "Share of the rows that may go to quarantine before the run fails, such as `0.01` or `1%`",
       .summary_es =
           "Parte de las filas que puede ir a cuarentena antes de que falle la ejecución, como `0.01` o `1%`",
       .default_value = 0.01},
      {.key = "write_disposition",
       .type = SchemaType::kEnum,
       .summary =
           "How a run's rows meet the Iceberg table's: `replace` it as a whole, `append`, or `merge` by the "
           "primary key (a row takes the place of the one with its key, rows that do not come stay); the "
           "other formats hold each run by itself",
       .summary_es =
           "Cómo entran las filas de una ejecución en la tabla Iceberg: `replace` la sustituye entera, "
           "`append` añade, `merge` fusiona por la clave primaria (cada fila ocupa el lugar de la que tiene "
           "su clave, las que no llegan se quedan); los demás formatos guardan cada ejecución por sí sola",
       .default_value = std::string("replace"),
       .choices = {"replace", "append", "merge"}},
      PartitionBy(),
      {.key = "expectations",
       .type = SchemaType::kStringList,
       .summary = "Suites of expectations that the rows are checked against: Great Expectations' JSON files, "
                  "relative to the pipeline's folder",
       .summary_es = "Suites de expectativas que se comprueban en las filas: archivos JSON de Great "
                     "Expectations, relativos a la carpeta del pipeline",
       .default_value = std::vector<std::string>()},
      LaterKey("incremental"),
      LaterKey("schema_contract"),
      LaterKey("record_filter")};
  return resource;
}

}  // namespace ingesta::config
