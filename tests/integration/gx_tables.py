"""Generated tables and expectations for the differential test against Great Expectations: deterministic by seed."""
import datetime
import decimal
import random

import pyarrow as pa

TEXTS = ["", "a", "A", "abc", "ABC-123", "ñandú", "日本", "🍣 x", "line\nbreak", "tab\t", "x\n", "٣", " 7", "0", "1.5", "null",
         "true", "2025-01-31", "2025-02-29", "2024-02-29", "31/01/2025", '{"a": [1, 2, {"b": null}]}', "[1,", "NaN", '"q"',
         "a,b", "it's", "e\u0301", "\u2028", "K", "ſ", "user@example.com", "x" * 300]
WORDS = ["ok", "no", "pendiente", "enviada", "ñ", ""]
REGEXES = [r"^[A-Z]+-\d+$", r"\d", r"^\w+$", r"(?i)^abc", r"(?=.*a)(?=.*b)", r"^(?!a)", r"x$", r"x\Z", r"^.{1,3}$", r"\s", r"[^\x00-\x7f]",
           r"^$", r"(?<=a)b", r"\bA", r"^[\w.]+@[\w.]+$", r"(a)\1|b{2,}", r"\u00f1", r"[]a]", r"(?P<n>b)(?P=n)?", r"^-?\d+\.\d$", "0", "("]
FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S", "%y %b", "%j", "%Y-%m-%d %H"]
TYPES = ["int", "int64", "float", "float64", "str", "bool", "object", "datetime64", "Timestamp", "int32", "zzz"]
EPOCH = datetime.datetime(1970, 1, 1)


def with_nulls(values, rng, share):
    return [None if rng.random() < share else value for value in values]


def draw_time(rng):
    if rng.random() < 0.1:
        return rng.choice([datetime.datetime(1899, 12, 31), datetime.datetime(9999, 12, 31, 23, 59, 59), EPOCH])
    micros = rng.choice([0, 1_000_000, 1]) * rng.randrange(10**7)
    return datetime.datetime(2025, 1, 1) + datetime.timedelta(days=rng.randrange(400), microseconds=micros)


def draw_float(rng):
    if rng.random() < 0.15:
        return rng.choice([0.0, -0.0, 1e22, -1e-7, 1e16, 123456789.125, float("nan"), float("inf"), -float("inf")])
    return round(rng.uniform(-50, 50), rng.choice([0, 1, 2, 6]))


def make_table(seed):
    """A table of every type, with and without missing values; some have no rows, or columns without values."""
    rng = random.Random(seed)
    rows = rng.choice([0, 1, 2, 3, 7, 20, 40, 75])
    share = rng.choice([0.05, 0.3, 0.9, 1.0])
    span = rng.choice([3, 10, 1000, 10**15])
    columns = {}

    def add(name, draw, kind):
        values = [draw() for _ in range(rows)]
        columns[name] = pa.array(values, kind)
        columns[name + "_n"] = pa.array(with_nulls(values, rng, share), kind)

    add("int", lambda: rng.randrange(-span, span), pa.int64())
    add("small", lambda: rng.randrange(-5, 5), pa.int32())
    add("float", lambda: draw_float(rng), pa.float64())
    add("dec", lambda: decimal.Decimal(rng.randrange(-3000, 3000)).scaleb(-2), pa.decimal128(18, 2))
    add("text", lambda: rng.choice(TEXTS), pa.string())
    add("word", lambda: rng.choice(WORDS), pa.string())
    add("bool", lambda: rng.random() < 0.6, pa.bool_())
    add("date", lambda: draw_time(rng).date(), pa.date32())
    add("time", lambda: draw_time(rng), pa.timestamp("us"))
    add("zoned", lambda: draw_time(rng), pa.timestamp("us", "UTC"))
    up = sorted(columns["int"].to_pylist())
    columns["up"] = pa.array(up, pa.int64())
    columns["twin"] = pa.array([value if rng.random() < 0.7 else value + 1 for value in columns["small"].to_pylist()], pa.int32())
    columns["word2"] = pa.array([value if rng.random() < 0.6 else rng.choice(WORDS) for value in columns["word_n"].to_pylist()], pa.string())
    return pa.table(columns)


class Drawer:
    """Draws kwargs that have something to do with the table's values."""

    def __init__(self, table, seed):
        self.table = table
        self.rng = random.Random(seed)
        self.names = table.column_names

    def value(self, name):
        values = [value for value in self.table[name].to_pylist() if value is not None]
        return self.rng.choice(values) if values else 1

    def column(self, *prefixes):
        return self.rng.choice([n for n in self.names if not prefixes or n.removesuffix("_n") in prefixes])

    def shown(self, value):
        """A value as a suite writes it."""
        if isinstance(value, datetime.datetime):
            return value.replace(tzinfo=None).isoformat() + ("Z" if value.tzinfo else "")
        if isinstance(value, datetime.date):
            return value.isoformat()
        if isinstance(value, decimal.Decimal):
            return float(value)
        if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
            return 7.5
        return value

    def bound(self, name):
        if self.rng.random() < 0.08:
            return self.rng.choice([0, 2.5, "3", "2025-06-01", "2025-06-01T00:00:00"])
        value = self.shown(self.value(name))
        return 1.0 if isinstance(value, str) and name.removesuffix("_n") in ("text", "word", "word2") else value

    def bounds(self, name):
        low, high = self.bound(name), self.bound(name)
        try:
            low, high = min(low, high), max(low, high)
        except TypeError:
            pass
        kwargs = {"min_value": low, "max_value": high}
        drop = self.rng.random()
        if drop < 0.3:
            kwargs.pop(self.rng.choice(list(kwargs)))
        for key in ("strict_min", "strict_max"):
            if self.rng.random() < 0.3:
                kwargs[key] = True
        return kwargs

    def number_bounds(self, low, high, whole=False):
        draw = (lambda: self.rng.randint(low, high)) if whole else (lambda: round(self.rng.uniform(low, high), 2))
        a, b = sorted((draw(), draw()))
        kwargs = {"min_value": a, "max_value": b}
        if self.rng.random() < 0.3:
            kwargs.pop(self.rng.choice(list(kwargs)))
        if self.rng.random() < 0.3:
            kwargs[self.rng.choice(["strict_min", "strict_max"])] = True
        return kwargs

    def values(self, name):
        chosen = [self.shown(self.value(name)) for _ in range(self.rng.randrange(1, 6))]
        return chosen + self.rng.choice([[], [], ["zz"], [1], [None], [True], ["2025-01-01"]])

    def condition(self):
        """A row_condition in one of GX's forms, or nothing."""
        rng = self.rng
        number, text = rng.choice(["small", "small_n", "float_n", "dec_n"]), rng.choice(["word", "word_n"])
        op = rng.choice(["==", "!=", "<", "<=", ">", ">="])
        same = rng.choice(["==", "!="])
        word = rng.choice(WORDS[:4])
        nullity = {"type": "nullity", "column": {"name": rng.choice(self.names)}, "is_null": rng.random() < 0.4}
        compare = {"type": "comparison", "column": {"name": number}, "operator": op, "parameter": rng.randrange(-3, 4)}
        forms = [
            {"row_condition": f'{text} {same} "{word}"', "condition_parser": "pandas"},
            {"row_condition": f"{number} {op} {rng.randrange(-3, 4)} and {text} {same} '{word}'", "condition_parser": "pandas"},
            {"row_condition": f"({number} {op} 1 | {text}.isnull()) & small < 4", "condition_parser": "pandas"},
            {"row_condition": f'{text} in ["ok", "{word}"] or not {number} > 0', "condition_parser": "pandas"},
            {"row_condition": f"small {op} twin", "condition_parser": "pandas"},
            {"row_condition": f'time_n {rng.choice(["<", ">="])} "2025-06-01"', "condition_parser": "pandas"},
            {"row_condition": f'col("{number}") {op} {rng.randrange(-3, 4)}', "condition_parser": "great_expectations"},
            {"row_condition": f'col("{text}") {same} "{word}"', "condition_parser": "great_expectations"},
            {"row_condition": f'col("{number}").notnull()', "condition_parser": "great_expectations"},
            {"row_condition": {"type": "and", "conditions": [compare, nullity]}},
            {"row_condition": {"type": "or", "conditions": [compare, nullity]}},
            {"row_condition": {"type": "comparison", "column": {"name": text}, "operator": rng.choice(["IN", "NOT_IN"]), "parameter": ["ok", word]}},
            {"row_condition": nullity},
        ]
        return rng.choice(forms) if rng.random() < 0.25 else {}

    def mostly(self):
        return {"mostly": self.rng.choice([0, 0.1, 0.5, 0.9, 0.95, 1, 2 / 3])} if self.rng.random() < 0.5 else {}


def column_rows(drawer, column, **kwargs):
    return {"column": column, **kwargs, **drawer.mostly(), **drawer.condition()}


def whole_column(drawer, column, **kwargs):
    return {"column": column, **kwargs, **drawer.condition()}


def several(drawer, *groups, **kwargs):
    group = drawer.rng.choice(groups)
    chosen = drawer.rng.sample(group, drawer.rng.randrange(2, len(group) + 1))
    more = {}
    if drawer.rng.random() < 0.5:
        more["ignore_row_if"] = drawer.rng.choice(["all_values_are_missing", "any_value_is_missing", "never"])
    return {"column_list": chosen, **kwargs, **more, **drawer.mostly(), **drawer.condition()}


def pair(drawer, **kwargs):
    a, b = drawer.rng.choice([("small", "twin"), ("small_n", "twin"), ("int_n", "small_n"), ("float", "float_n"), ("dec", "dec_n"), ("dec_n", "small"),
                              ("word", "word2"), ("word_n", "word2"), ("time", "time_n"), ("date", "date_n"), ("zoned_n", "zoned"), ("bool", "bool_n")])
    more = {}
    if drawer.rng.random() < 0.5:
        more["ignore_row_if"] = drawer.rng.choice(["both_values_are_missing", "either_value_is_missing", "neither"])
    return {"column_A": a, "column_B": b, **kwargs, **more, **drawer.mostly(), **drawer.condition()}


def pairs_of(drawer):
    a, b = drawer.rng.choice([("small", "twin"), ("word", "word2"), ("word_n", "word2"), ("small_n", "word_n"), ("bool", "word")])
    pairs = [[drawer.rng.choice([drawer.value(a), None]), drawer.rng.choice([drawer.value(b), drawer.value(b), None])] for _ in range(4)]
    more = {"ignore_row_if": "neither"} if drawer.rng.random() < 0.3 else {}
    return {"column_A": a, "column_B": b, "value_pairs_set": pairs, **more, **drawer.mostly()}


NUMBERS = ("int", "small", "float", "dec", "bool", "up")
CHOICES = ("small", "word", "bool", "date", "time", "dec", "float", "zoned", "int", "text")


def quantiles(d):
    probabilities = d.rng.sample([0, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 1], 3)
    ranges = [[d.rng.choice([None, -10, -1]), d.rng.choice([None, 1, 20])] for _ in probabilities]
    more = {"allow_relative_error": d.rng.choice(["linear", "lower", "higher", "midpoint", "nearest"])} if d.rng.random() < 0.5 else {}
    return whole_column(d, d.column(*NUMBERS), quantile_ranges={"quantiles": probabilities, "value_ranges": ranges}, **more)


def named_columns(d, key):
    names = list(d.names)
    d.rng.shuffle(names)
    return {key: d.rng.choice([d.names, names, names[:5], names + ["otra"], None])}


# Every supported expectation, with how its kwargs are drawn.
DRAWS = {
    "expect_column_values_to_not_be_null": lambda d: column_rows(d, d.column()),
    "expect_column_values_to_be_null": lambda d: column_rows(d, d.column()),
    "expect_column_values_to_be_between": lambda d: (lambda c: column_rows(d, c, **d.bounds(c)))(d.column()),
    "expect_column_values_to_be_in_set": lambda d: (lambda c: column_rows(d, c, value_set=d.values(c)))(d.column(*CHOICES)),
    "expect_column_values_to_not_be_in_set": lambda d: (lambda c: column_rows(d, c, value_set=d.values(c)))(d.column(*CHOICES)),
    "expect_column_values_to_match_regex": lambda d: column_rows(d, d.column("text", "text", "word", "dec", "float", "int", "bool", "date"), regex=d.rng.choice(REGEXES)),
    "expect_column_values_to_not_match_regex": lambda d: column_rows(d, d.column("text", "word", "dec"), regex=d.rng.choice(REGEXES)),
    "expect_column_values_to_match_regex_list": lambda d: column_rows(d, d.column("text", "word"), regex_list=d.rng.sample(REGEXES, 2), match_on=d.rng.choice(["any", "all"])),
    "expect_column_values_to_not_match_regex_list": lambda d: column_rows(d, d.column("text", "word"), regex_list=d.rng.sample(REGEXES, 2)),
    "expect_column_value_lengths_to_be_between": lambda d: column_rows(d, d.column("text", "word", "dec", "int", "float", "bool", "date"), **d.number_bounds(0, 8, True)),
    "expect_column_value_lengths_to_equal": lambda d: column_rows(d, d.column("text", "word", "dec", "int", "float", "bool", "date"), value=d.rng.randrange(0, 7)),
    "expect_column_values_to_be_increasing": lambda d: column_rows(d, d.column(), **({"strictly": True} if d.rng.random() < 0.4 else {})),
    "expect_column_values_to_be_decreasing": lambda d: column_rows(d, d.column(), **({"strictly": True} if d.rng.random() < 0.4 else {})),
    "expect_column_values_to_be_of_type": lambda d: column_rows(d, d.column(), type_=d.rng.choice(TYPES)),
    "expect_column_values_to_be_in_type_list": lambda d: column_rows(d, d.column(), type_list=d.rng.sample(TYPES, 2)),
    "expect_column_type_to_be": lambda d: {"column": d.column(), "type_": d.rng.choice(TYPES[:8] + ["datetime64[us]"])},
    "expect_column_values_to_be_json_parseable": lambda d: column_rows(d, d.column("text", "text", "word", "int")),
    "expect_column_values_to_match_strftime_format": lambda d: column_rows(d, d.column("text", "text", "word", "int"), strftime_format=d.rng.choice(FORMATS)),
    "expect_column_values_to_be_unique": lambda d: column_rows(d, d.column()),
    "expect_compound_columns_to_be_unique": lambda d: several(d, ["small", "word", "bool"], ["small_n", "word_n", "dec_n"], ["text", "date"], ["time_n", "int_n"]),
    "expect_column_value_z_scores_to_be_less_than": lambda d: column_rows(d, d.column(*NUMBERS, "time"), threshold=d.rng.choice([0.5, 1, 1.96, 3]), double_sided=d.rng.random() < 0.5),
    "expect_column_values_to_not_be_outliers": lambda d: column_rows(d, d.column(*NUMBERS), method=d.rng.choice(["iqr", "std"]), multiplier=d.rng.choice([0.5, 1, 1.5])),
    "expect_column_min_to_be_between": lambda d: (lambda c: whole_column(d, c, **d.bounds(c)))(d.column()),
    "expect_column_max_to_be_between": lambda d: (lambda c: whole_column(d, c, **d.bounds(c)))(d.column()),
    "expect_column_sum_to_be_between": lambda d: whole_column(d, d.column(*NUMBERS), **d.number_bounds(-100, 100)),
    "expect_column_mean_to_be_between": lambda d: whole_column(d, d.column(*NUMBERS), **d.number_bounds(-5, 5)),
    "expect_column_stdev_to_be_between": lambda d: whole_column(d, d.column(*NUMBERS), **d.number_bounds(0, 20)),
    "expect_column_median_to_be_between": lambda d: (lambda c: whole_column(d, c, **d.bounds(c)))(d.column(*NUMBERS, "time", "zoned")),
    "expect_column_quantile_values_to_be_between": quantiles,
    "expect_column_unique_value_count_to_be_between": lambda d: whole_column(d, d.column(), **d.number_bounds(0, 12, True)),
    "expect_column_proportion_of_unique_values_to_be_between": lambda d: whole_column(d, d.column(), **d.number_bounds(0, 1)),
    "expect_column_proportion_of_non_null_values_to_be_between": lambda d: whole_column(d, d.column(), **d.number_bounds(0, 1)),
    "expect_column_distinct_values_to_be_in_set": lambda d: (lambda c: whole_column(d, c, value_set=d.values(c)))(d.column(*CHOICES)),
    "expect_column_distinct_values_to_contain_set": lambda d: (lambda c: whole_column(d, c, value_set=d.values(c)))(d.column(*CHOICES)),
    "expect_column_distinct_values_to_equal_set": lambda d: (lambda c: whole_column(d, c, value_set=d.values(c)))(d.column(*CHOICES)),
    "expect_column_most_common_value_to_be_in_set": lambda d: (lambda c: whole_column(d, c, value_set=d.values(c), ties_okay=d.rng.random() < 0.5))(d.column(*CHOICES)),
    "expect_table_row_count_to_be_between": lambda d: {**d.number_bounds(0, 60, True), **d.condition()},
    "expect_table_row_count_to_equal": lambda d: {"value": d.rng.choice([0, 7, 20, d.table.num_rows]), **d.condition()},
    "expect_table_column_count_to_be_between": lambda d: {key: value for key, value in d.number_bounds(10, 30, True).items() if "strict" not in key},
    "expect_table_column_count_to_equal": lambda d: {"value": d.rng.choice([3, len(d.names)])},
    "expect_table_columns_to_match_ordered_list": lambda d: named_columns(d, "column_list"),
    "expect_table_columns_to_match_set": lambda d: {**named_columns(d, "column_set"), **({"exact_match": False} if d.rng.random() < 0.5 else {})},
    "expect_column_to_exist": lambda d: {"column": d.rng.choice([d.column(), "otra"]), **({"column_index": d.rng.randrange(-3, 25)} if d.rng.random() < 0.6 else {})},
    "expect_column_pair_values_to_be_equal": pair,
    "expect_column_pair_values_a_to_be_greater_than_b": lambda d: pair(d, **({"or_equal": True} if d.rng.random() < 0.5 else {})),
    "expect_column_pair_values_to_be_in_set": pairs_of,
    "expect_multicolumn_sum_to_equal": lambda d: several(d, ["small", "twin", "int"], ["small_n", "twin"], ["float", "float_n", "small"], ["dec", "dec_n"], sum_total=d.rng.choice([0, 1, 2, -3.5])),
    "expect_multicolumn_values_to_be_equal": lambda d: several(d, ["small", "twin"], ["word", "word2", "word_n"], ["time", "time_n"], ["dec", "dec_n"], ["small_n", "small"]),
    "expect_select_column_values_to_be_unique_within_record": lambda d: several(d, ["small", "twin", "small_n"], ["word", "word2", "word_n"], ["time", "time_n"], ["dec", "dec_n"]),
}
