"""A PostgreSQL with the user, the password and the database that its image makes from its variables."""

import os
import shutil
import subprocess
from pathlib import Path

from processes import Processes, eventually


def start_postgres(processes: Processes, directory: Path, variables: dict[str, str], port: int) -> None:
    """Returns when the database is there."""
    user, data, password = variables["POSTGRES_USER"], directory / "postgres", directory / "password"
    data.mkdir()
    password.write_text(variables["POSTGRES_PASSWORD"])
    as_user = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        for path in (data, password):
            shutil.chown(path, "postgres")
    initdb = [*as_user, programs() / "initdb", "--no-sync", "--auth=scram-sha-256", f"--pwfile={password}"]
    subprocess.run([*initdb, "-D", data, "-U", user], check=True, capture_output=True, cwd="/")
    address = ["-h", "127.0.0.1", "-p", str(port)]
    server = [*as_user, programs() / "postgres", "-D", data, *address, "-k", "", "-c", "fsync=off"]
    processes.start("postgres", server, {}, cwd=Path("/"))
    createdb = ["createdb", *address, "-U", user, variables["POSTGRES_DB"]]
    environment = os.environ | {"PGPASSWORD": variables["POSTGRES_PASSWORD"]}
    run = lambda: subprocess.run(createdb, env=environment, capture_output=True).returncode == 0  # noqa: E731
    eventually("PostgreSQL makes the database", run)


def programs() -> Path:
    """Debian keeps the programs of each version apart, and out of the PATH."""
    found = [shutil.which("postgres"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))]
    return next(Path(path).resolve().parent for path in found if path)
