"""podwatch completion: the script with which a shell completes podwatch's commands and options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from podwatch.commands import cli


class Shell(StrEnum):
    """The shells that click has a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, cli.Argument(help="The shell it is for.")]) -> None:
    """Prints what makes a shell complete the commands.

    Example, in ~/.bashrc: eval "$(podwatch completion bash)"
    """
    print(cli.completion_script(shell.value))
