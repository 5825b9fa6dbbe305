"""`clusterer serve`: a page and a JSON API over a living index. Parse, bind, serve until it is told to end."""

from __future__ import annotations

import ipaddress
import re
import socket
from contextlib import closing

import click

from clusterer.cli.help import SectionedCommand
from clusterer.cli.index_files import file_argument, files_of
from clusterer.cli.run import keep_apart
from clusterer.cli.terminal import tell
from clusterer.errors import InputError

_WAITING = 256  # connections that may wait to be taken


def _root_path(_: click.Context, __: click.Parameter, value: str) -> str:
    """A path without a slash at its end."""
    path = value.rstrip("/")
    if path and not re.fullmatch(r"(?:/[\w.~-]+)+", path, re.ASCII):
        raise click.BadParameter(f"{value!r} is no path such as /news: letters, digits and . _ ~ - between slashes")
    return path


@click.command("serve", cls=SectionedCommand)
@file_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="address or name of this machine to listen at")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="port; 0 is any free one")
@click.option(
    "--gold", type=click.Path(dir_okay=False), help="file to add answers to, as `label` does; without it none are taken"
)
@click.option(
    "--root-path",
    default="",
    metavar="PATH",
    callback=_root_path,
    help="where a proxy offers this: /news; in all links",
)
def serve_command(path: str, host: str, port: int, gold: str | None, root_path: str) -> None:
    """Serve a page and a JSON API over the living index FILE, which is only read, until Ctrl-C.

    Stories by size, growth or latest article, a search, a story's course, why two articles are together; the API is under
    /api and describes itself at /api/openapi.json. Others may write FILE meanwhile.

    Example: clusterer serve news.db --port 8080 --gold judged.jsonl
    """
    keep_apart([gold], files_of(path))
    try:
        import uvicorn

        from clusterer.serve.app import application
    except ModuleNotFoundError as error:
        raise InputError(
            f"serving needs {error.name}, which is not installed; cure: pip install 'clusterer[serve]'"
        ) from None
    from clusterer.serve.desk import Desk

    with _bound(host, port) as listener, closing(Desk(path, gold)) as desk:
        shown = f"[{host}]" if ":" in host else host
        under = f", behind a proxy under {root_path}" if root_path else ""
        tell(f"serving {path} at http://{shown}:{listener.getsockname()[1]}/{under} (end it with Ctrl-C)", err=True)
        if not _is_loopback(host):
            tell(
                f"whoever reaches {host} can read every article, and answer where --gold is given: there is no password",
                err=True,
            )
        names = {"localhost", socket.gethostname(), host}
        config = uvicorn.Config(
            application(desk, names, root_path), log_level="warning", access_log=False, server_header=False
        )
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt as error:
            error.add_note(f"{path} is no longer served")
            raise


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        InputError: the port is taken, or the address is none of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=_WAITING)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{host}, port {port}: cannot listen ({reason}); cure: another --port, or --host") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
