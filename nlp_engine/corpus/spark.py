"""Spark as the engine of SQL texts: a session with Parquet files as its tables."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nlp_engine.errors import EngineError, SettingError, require

_LEAST_MEMORY = 512 << 20  # Spark refuses a heap that is much smaller


@contextlib.contextmanager
def session(
    tables: Mapping[str, Path], *, memory: int, spill: Path
) -> Iterator[Callable[[str, Path], None]]:
    """Give a function that runs a SQL text on Spark and writes the result to a Parquet folder.

    A running session is used as it is, e.g. a cluster's, and left running; its own temporary
    views are not touched. Otherwise a local one is started and stopped.

    Args:
        tables: Parquet files by the names that they have in the SQL texts.
        memory: Bytes that a session started here may take.
        spill: Folder for what does not fit.

    Raises:
        EngineError: Spark cannot be started, or failed.
        MissingExtraError: Spark is not installed.
        SettingError: The memory is too little for Spark.
    """
    check_installed()
    session_class = require("pyspark.sql", "spark").SparkSession
    errors = require("pyspark.errors", "spark")
    try:
        running = session_class.active()
    except errors.PySparkRuntimeError:  # there is none
        running = None
    try:
        used = running or _start(session_class.builder, memory, spill)
        try:
            own_views = used.newSession()
            for name, path in tables.items():
                own_views.read.parquet(path.absolute().as_uri()).createOrReplaceTempView(name)
            yield lambda text, path: own_views.sql(text).write.parquet(
                path.absolute().as_uri(), mode="overwrite"
            )
        finally:
            if running is None:
                used.stop()
    except errors.PySparkException as error:
        reason = str(error).partition("\n")[0]
        raise EngineError(f"Spark failed: {reason}") from error


def check_installed() -> None:
    """See whether Spark can be started.

    Raises:
        EngineError: There is no Java.
        MissingExtraError: pyspark is not installed.
    """
    require("pyspark", "spark")
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").exists() if home else shutil.which("java")):
        where = f"in JAVA_HOME ({home})" if home else "on the PATH"
        raise EngineError(
            f"Spark needs Java 17 or newer, there is none {where}; on Debian or Ubuntu: "
            "apt install openjdk-17-jre-headless"
        )


def _start(builder: Any, memory: int, spill: Path) -> Any:
    if memory < _LEAST_MEMORY:
        raise SettingError(f"memory is {memory >> 20} MiB; Spark takes at least 512 MiB")
    settings = {
        "spark.driver.memory": f"{memory >> 20}m",
        "spark.driver.maxResultSize": "0",
        "spark.local.dir": str(spill.absolute()),
        "spark.sql.warehouse.dir": str(spill.absolute()),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    started = builder.appName("nlp_engine").getOrCreate()
    started.sparkContext.setLogLevel("ERROR")
    return started
