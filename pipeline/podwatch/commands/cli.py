"""The command line's own layer over click: a command is a function whose annotations say its options and arguments.

It exists for the start: every command and every help waits for what it imports, and click with this costs a third of
what a framework with types, colours and a validation library costs. ``Option`` and ``Argument`` stand in ``Annotated``
beside the type, which converts and checks the value; ``LazyGroup`` imports the module of a command when it is used.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import click
from click import BadParameter, Context, confirm, prompt
from click.exceptions import Exit

__all__ = ["Argument", "BadParameter", "Context", "Exit", "Group", "LazyGroup", "Option", "confirm", "prompt"]

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
WIDEST = 10  # letters of the longest command: the sections of the list stand in line
LONGEST = 400  # characters of a sentence about a command
# From click 8.5 on. Older Airflows bring an older one, which shows the names of arguments alone.
ARGUMENTS_HAVE_HELP = "help" in inspect.signature(click.Argument.__init__).parameters
Function = TypeVar("Function", bound=Callable[..., None])


@dataclass(frozen=True, init=False)
class Option:
    """An option by its names (its parameter's name when none is given). show_default: words in place of the default;
    parser: reads what was typed; raises BadParameter."""

    names: tuple[str, ...]
    help: str
    metavar: str | None
    formats: Sequence[str]
    min: int | None
    max: int | None
    show_default: str | None
    parser: Callable[[str], Any] | None

    def __init__(
        self,
        *names: str,
        help: str = "",
        metavar: str | None = None,
        formats: Sequence[str] = (),
        min: int | None = None,
        max: int | None = None,
        show_default: str | None = None,
        parser: Callable[[str], Any] | None = None,
    ) -> None:
        given = {**locals()}
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, given[name])


@dataclass(frozen=True, kw_only=True)
class Argument:
    """An argument by its place; a list takes all that are left."""

    help: str = ""
    metavar: str | None = None


class EnumChoice(click.Choice[Any]):
    """One of the values of an enum, converted to its member."""

    def __init__(self, enum: type[Enum]) -> None:
        super().__init__([str(member.value) for member in enum])
        self.enum = enum

    def convert(self, value: Any, param: click.Parameter | None, ctx: Context | None) -> Any:
        return value if isinstance(value, self.enum) else self.enum(super().convert(value, param, ctx))


class Group(click.Group):
    """Commands under one word. ``@group.command()`` adds a function, ``@group.default()`` what it does without any."""

    def __init__(self, *, help: str, name: str | None = None, **attributes: Any) -> None:
        super().__init__(name, help=help, context_settings=CONTEXT, **attributes)

    def command(self, name: str | None = None, *, raw: bool = False) -> Callable[[Function], Function]:  # type: ignore[override]
        """Registers a function, under its own name or another; the function stays as it is.

        raw: what follows the command's name is for another command, its options, too.
        """

        def register(function: Function) -> Function:
            command = build_command(function, name)
            if raw:
                command.context_settings = CONTEXT | {"ignore_unknown_options": True, "allow_interspersed_args": False}
            self.add_command(command)
            return function

        return register

    def default(self) -> Callable[[Function], Function]:
        """What the group does when no command of it is given."""

        def register(function: Function) -> Function:
            self.callback = _adapt(function)
            self.params = build_parameters(function)
            return function

        return register

    def format_commands(self, ctx: Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands with their first sentences, whole."""
        found = [(name, self.commands[name]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(LONGEST)) for name, command in found])

    def list_commands(self, ctx: Context) -> list[str]:
        return [*self.commands]  # in the order of the file, not of the alphabet


class Place(NamedTuple):
    """Where a command is, as ``module:name`` of a function or a group, and the sentence about it in the list."""

    target: str
    sentence: str


class LazyGroup(Group):
    """A group that imports the module of a command when the command is used; the list in its help needs none.

    sections: headings of the list, and under each the commands by their names.
    """

    def __init__(self, *, sections: Mapping[str, Mapping[str, Place]], help: str, **attributes: Any) -> None:
        super().__init__(help=help, **attributes)
        self.sections = sections
        self.places = {name: place for section in sections.values() for name, place in section.items()}

    def list_commands(self, ctx: Context) -> list[str]:
        return [*self.places]

    def get_command(self, ctx: Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands and cmd_name in self.places:
            module, _, name = self.places[cmd_name].target.partition(":")
            found = getattr(import_module(module), name)
            self.add_command(found if isinstance(found, Group) else build_command(found, cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: Context, formatter: click.HelpFormatter) -> None:
        for heading, section in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(WIDEST), place.sentence) for name, place in section.items()])


def build_command(function: Callable[..., None], name: str | None = None) -> click.Command:
    """The command that a function describes: its docstring is the help, its parameters are options and arguments."""
    return click.Command(
        name or function.__name__.rstrip("_"),
        params=build_parameters(function),
        help=inspect.getdoc(function),
        callback=_adapt(function),
        context_settings=CONTEXT,
    )


def build_parameters(function: Callable[..., None]) -> list[click.Parameter]:
    """An option or argument for each annotated parameter of a function."""
    hints = get_type_hints(function, include_extras=True)
    defaults = {name: p.default for name, p in inspect.signature(function).parameters.items()}
    annotated = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Annotated}
    return [_build_parameter(name, hint, declared, defaults[name]) for name, (hint, declared) in annotated.items()]


def _build_parameter(name: str, hint: Any, declared: Option | Argument, default: Any) -> click.Parameter:
    kind, many = _unwrap(hint)
    # click takes a default of None for a value that is given: a required one has none.
    fallback = {"required": True} if default is inspect.Parameter.empty else {"default": default}
    if isinstance(declared, Argument):
        return click.Argument(
            [name],
            type=_convert_with(kind, None),
            nargs=-1 if many else 1,
            **fallback,
            metavar=declared.metavar,
            **_describe_argument(declared),
        )
    shown = fallback.get("default") not in (None, "") and kind is not bool
    return click.Option(
        [*(declared.names or (f"--{name.rstrip('_').replace('_', '-')}",)), name],
        type=_convert_with(kind, declared),
        is_flag=kind is bool,
        multiple=many,
        **fallback,
        help=declared.help,
        metavar=declared.metavar,
        show_default=declared.show_default or shown,
    )


def _describe_argument(declared: Argument) -> dict[str, Any]:
    return {"help": declared.help or None} if ARGUMENTS_HAVE_HELP else {}


def _unwrap(hint: Any) -> tuple[Any, bool]:
    """(the type of a value, whether there may be several) of ``T``, ``T | None``, ``list[T]`` or ``list[T] | None``."""
    if get_origin(hint) in (types.UnionType, Union):
        (hint,) = (t for t in get_args(hint) if t is not type(None))
    return (get_args(hint)[0], True) if get_origin(hint) is list else (hint, False)


def _convert_with(kind: Any, declared: Option | None) -> Any:
    if declared is not None and declared.parser is not None:
        return click.types.FuncParamType(declared.parser)
    if kind is Path:
        return click.Path(path_type=Path)
    if kind is datetime:
        return click.DateTime(declared.formats if declared and declared.formats else None)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return EnumChoice(kind)
    if declared is not None and (declared.min is not None or declared.max is not None):
        return click.IntRange(declared.min, declared.max)
    return kind


def _adapt(function: Callable[..., None]) -> Callable[..., None]:
    """The function with lists where click gives tuples, None for those that were not given, and the context on wish."""
    parameters = inspect.signature(function).parameters
    takes_context = next((name for name in parameters if get_type_hints(function)[name] is Context), None)

    def call(**given: Any) -> None:
        values = {k: (list(v) or None) if isinstance(v, tuple) else v for k, v in given.items()}
        if takes_context:
            values[takes_context] = click.get_current_context()
        function(**values)

    return call


def build_version_option() -> click.Option:
    """--version, which prints the version and ends the command."""

    def show(ctx: Context, param: click.Parameter, given: bool) -> None:
        if given and not ctx.resilient_parsing:
            from importlib.metadata import version

            click.echo(f"podwatch {version('podwatch')}")
            ctx.exit()

    return click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Shows the version."
    )


def completion_script(shell: str) -> str:
    """The script of a shell that asks podwatch what may come next."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None, shell
    return found(click.get_current_context().find_root().command, {}, "podwatch", "_PODWATCH_COMPLETE").source()
