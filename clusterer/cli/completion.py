"""`clusterer completion`: the lines that teach a shell to complete its commands, options and choices. They are click's own."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from clusterer.cli.help import SectionedCommand
from clusterer.errors import InputError

PROGRAM, VARIABLE = "clusterer", "_CLUSTERER_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.command("completion", cls=SectionedCommand)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Write what completes commands, options and choices in SHELL: bash, zsh or fish.

    bash: eval "$(clusterer completion bash)" in ~/.bashrc; zsh: the same with zsh in ~/.zshrc; fish: clusterer completion
    fish > ~/.config/fish/completions/clusterer.fish

    Example: clusterer completion bash > clusterer.bash
    """
    made = get_completion_class(shell)
    if made is None:
        raise InputError(f"{shell!r} is not known to click; cure: one of {', '.join(_SHELLS)}")
    click.echo(made(context.find_root().command, {}, PROGRAM, VARIABLE).source())
