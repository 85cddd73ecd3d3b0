"""The same table in every format that models files have, written by other software than this.

    pip install pyarrow pandas polars
    python3 tests/input/formats/write.py

writes models.csv, models.csv.gz, models.jsonl, models.jsonl.gz and models_*.parquet into its own folder. The committed
files come from pyarrow 26.0.1, pandas 3.1.1 and polars 2.1.0. Other versions write
other bytes and the same table.
"""

import csv
import datetime
import decimal
import gzip
import json
import pathlib

import pandas
import polars
import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
ID = ["lab/base", "lab/chat", "=other/b", "März \"x\", 😀", "e", "f"]
COLUMNS = {
    "id": ID,
    "organization": ["Lab", "Lab", "Other", None, "Other", "Lab"],
    "date": [datetime.date(2024, 5, 17), datetime.date(2024, 6, 1), None, datetime.date(1999, 12, 31),
             datetime.date(2023, 2, 28), datetime.date(2024, 2, 29)],
    "released_at": [datetime.datetime(2024, 5, 17, 9, 12, 33), None, datetime.datetime(2023, 1, 1),
                    datetime.datetime(2024, 1, 1, 0, 0, 1), None, datetime.datetime(1970, 1, 1)],
    "hardware_count": [2048, None, 8, 16, None, 1],
    "gpu_hours": [None, 640.0, 1e6, 0.1, 1234567.875, float("nan")],
    "tokens": [2_000_000_000_000, None, 9_007_199_254_740_993, 15_000_000_000, 1_000_000_007, 10_000_000_000],
    "compute_flop": [1.2345678901234567e22, None, 6e23, 9.999999999999999e22, 3.0000000000000004e21, 1e18 / 3],
    "parameters": ["6.7e9", None, "1.2e10 to 2e10", "70B", "fixed(3e9)", "1e9"],
    "emissions_kg": [decimal.Decimal("820.5000"), None, decimal.Decimal("0.0100"), decimal.Decimal("99999999.9999"), None,
                     decimal.Decimal("12.3400")],
    "energy_includes_pue": [True, None, False, True, None, False],
    "base_model": [None, ["lab/base"], None, ["lab/base", "=other/b"], [], ["out\"side\\", "é"]],
    "score": [0.1, 1e-7, 1e21, 123456.0, -1.5, None],
    "kind": ["dense", "dense", "moe", None, "moe", "dense"],
}


def cell(value):
    """As a CSV file has it."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, float):
        return repr(value).replace("e+", "e").replace("e-0", "e-")
    return str(value)


def line(row):
    """As a file in JSON Lines has it; every other row lacks its empty keys."""
    values = {}
    for name, value in row.items():
        if value is None or value != value:
            if len(row["id"]) % 2:
                continue
            value = None
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if isinstance(value, (datetime.date, datetime.datetime)):
            value = cell(value)
        values[name] = Written(cell(value)) if number or isinstance(value, decimal.Decimal) else value
    return json.dumps(values).replace('"<', "").replace('>"', "")


class Written(str):
    """A number as it is written, between marks that are taken out again."""

    def __new__(cls, text):
        return super().__new__(cls, "<" + text + ">")


def main():
    names = list(COLUMNS)
    rows = [dict(zip(names, values)) for values in zip(*COLUMNS.values())]
    with open(HERE / "models.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(names)
        table.writerows([cell(value) for value in row.values()] for row in rows)
    (HERE / "models.jsonl").write_text("".join(line(row) + "\n" for row in rows), encoding="utf-8")
    for name in ["models.csv", "models.jsonl"]:
        text = (HERE / name).read_bytes()
        half = text.index(b"\n") + 1
        # Two members, as log rotation and `cat` make them.
        packed = gzip.compress(text[:half], mtime=0) + gzip.compress(text[half:], mtime=0)
        (HERE / (name + ".gz")).write_bytes(packed)

    types = {
        "date": pyarrow.date32(), "released_at": pyarrow.timestamp("us"), "hardware_count": pyarrow.int16(),
        "gpu_hours": pyarrow.float64(), "tokens": pyarrow.uint64(), "emissions_kg": pyarrow.decimal128(12, 4),
        "base_model": pyarrow.list_(pyarrow.string()),
    }
    table = pyarrow.table({name: pyarrow.array(values, types.get(name)) for name, values in COLUMNS.items()})
    write = pyarrow.parquet.write_table
    write(table, HERE / "models_snappy.parquet")
    words = table.set_column(names.index("kind"), "kind", table["kind"].dictionary_encode())
    words = words.set_column(names.index("organization"), "organization",
                             table["organization"].dictionary_encode().cast(
                                 pyarrow.dictionary(pyarrow.int8(), pyarrow.large_string())))
    write(words, HERE / "models_zstd.parquet", compression="zstd", row_group_size=2, data_page_version="2.0")
    write(table, HERE / "models_int96.parquet", compression="gzip", use_deprecated_int96_timestamps=True,
          use_dictionary=False, version="1.0")
    write(table, HERE / "models_lz4.parquet", compression="lz4", row_group_size=3, use_byte_stream_split=["score"],
          use_dictionary=False)
    frame = table.to_pandas()
    frame.index = [7, 5, 3, 2, 9, 1]
    frame["hardware_count"] = frame["hardware_count"].astype("Int64")
    frame.to_parquet(HERE / "models_pandas.parquet")
    polars.from_arrow(table).with_columns(polars.col("kind").cast(polars.Categorical)).write_parquet(
        HERE / "models_polars.parquet")
    print(pandas.__version__, polars.__version__, pyarrow.__version__)


if __name__ == "__main__":
    main()
