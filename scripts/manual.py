#!/usr/bin/env python3
"""Makes the manual pages: scripts/manual.py POOLMAP [FOLDER]    FOLDER is docs/man by default

The command's own help, as scripts/dump-help.sh prints it, provides the synopsis, the options and the first sentences of
each page; docs/man/NAME.in adds the rest. There a line in brackets begins a part, which is written in man(7):

    [description]        follows the parser's description of the command
    [option --jobs]      follows the parser's text for the option; in poolmap.in the options that most commands have
    [section EXAMPLES]   a separate section; [section EXIT STATUS] replaces the generated one
    [see also]           pages for SEE ALSO, such as zstd(1)
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "docs" / "man"


def fail(message):
    sys.exit(f"manual.py: {message}")


# ---- Words for troff


def literal(text):
    """Text that is shown unchanged, with hyphens that can be copied and pasted."""
    escapes = {"\\": "\\e", "-": "\\-", "^": "\\(ha", "~": "\\(ti", "'": "\\(aq", "`": "\\(ga"}
    return "".join(escapes.get(character, character) for character in text)


def bold(text):
    return f"\\fB{literal(text)}\\fR"


def italic(text):
    return f"\\fI{literal(text)}\\fR"


OPTION = r"(?<![\w-])--?[A-Za-z0-9][\w-]*(?:=[\w]+)?"


def prose(text):
    """The parser's sentences: one per line, with options in bold and placeholders for names in italics."""
    lines = []
    for sentence in re.split(r"(?<=[.?!])\s+(?=[A-Z-])|\n+", text.strip()):
        pieces = re.split(rf"({OPTION}|\b[A-Z]{{4,}}\b(?!/))", sentence)
        marked = []
        for index, piece in enumerate(pieces):
            if index % 2 == 0:
                # Words may break at a hyphen between letters.
                marked.append(re.sub(r"\\-(?=\w)", "-", literal(piece)))
            elif piece.startswith("-"):
                marked.append(bold(piece))
            else:
                marked.append(italic(piece) if piece in ("FILE", "FOLDER") else piece)
        lines.append(re.sub(r"^([.'])", r"\\&\1", "".join(marked)))
    return "\n".join(lines)


def lower_first(text):
    return text[:1].lower() + text[1:]


# ---- The sources


class Source:
    """A parsed .in file: its parts by name, such as "option --jobs"."""

    def __init__(self, name):
        self.path = SOURCES / f"{name}.in"
        self.parts = {}
        part = None
        for number, line in enumerate(self.path.read_text().splitlines() if self.path.exists() else [], 1):
            heading = re.fullmatch(r"\[(description|see also|option -\S+|section \S.*)\]", line)
            if heading:
                part = heading[1]
                if part in self.parts:
                    fail(f"{self.path}:{number}: duplicate [{part}]")
                self.parts[part] = []
            elif part is not None:
                self.parts[part].append(line)
            elif line and not line.startswith("#"):
                fail(f"{self.path}:{number}: a line before the first part")

    def text(self, part):
        return "\n".join(self.parts.get(part, [])).strip("\n")

    def sections(self):
        return [part.removeprefix("section ") for part in self.parts if part.startswith("section ")]

    def options(self):
        return [part.removeprefix("option ") for part in self.parts if part.startswith("option ")]


# ---- The parser's description


class Option:
    """An option, or a pair such as --check and --no-check."""

    def __init__(self, argument):
        self.names = []
        self.value = argument["valueName"] if argument["kind"] == "option" else None
        self.abstract = argument.get("abstract", "")
        self.discussion = argument.get("discussion", "")
        self.default = argument.get("defaultValue")
        self.values = argument.get("allValues", [])
        self.repeats = argument["isRepeating"]
        self.add(argument)

    def add(self, argument):
        for name in argument["names"]:
            # The third kind is a long name with a single dash.
            self.names.append(("--" if name["kind"] == "long" else "-") + name["name"])

    def is_opposite(self, argument):
        """Whether it is the --no-check to this --check."""
        names = [name["name"] for name in argument.get("names", [])]
        return (
            argument["kind"] == "flag"
            and argument.get("abstract", "") == self.abstract
            and any(f"--{name.removeprefix('no-')}" in self.names for name in names if name.startswith("no-"))
        )

    @property
    def identity(self):
        return (tuple(self.names), self.value, self.abstract)

    @property
    def is_of_the_parser(self):
        return "--help" in self.names or "--version" in self.names

    def entry(self, sources):
        tag = ", ".join(bold(name) for name in sorted(self.names, key=lambda name: name.startswith("--")))
        if self.value:
            tag += " " + italic(self.value)
        text = [prose(self.abstract)] if self.abstract else []
        if self.discussion:
            text.append(prose(self.discussion))
        texts = (source.text(f"option {name}") for source in sources for name in self.names)
        more = next(filter(None, texts), "")
        said = f"{self.abstract} {self.discussion} {more}"
        if any(value not in said for value in self.values):
            text.append("One of " + ", ".join(bold(value) for value in self.values) + ".")
        if self.default and not re.search(r"\b(default|[Ww]ithout)\b", said):
            text.append(f"The default is {bold(self.default)}.")
        if more:
            text.append(more)
        return "\n".join([".TP", tag, *text])


def operand_entry(argument):
    return [".TP", italic(argument["valueName"]), prose(argument.get("abstract", ""))]


class Command:
    def __init__(self, description):
        self.name = description["commandName"]
        self.abstract = description.get("abstract", "")
        self.discussion = description.get("discussion", "")
        self.options = []
        self.operands = []
        for argument in description["arguments"]:
            if not argument["shouldDisplay"]:
                continue
            if argument["kind"] == "positional":
                self.operands.append(argument)
            elif self.options and self.options[-1].is_opposite(argument):
                self.options[-1].add(argument)
            else:
                self.options.append(Option(argument))

    def synopsis(self, words):
        parts = [bold(words), "[\\fIoptions\\fR]"]
        for operand in self.operands:
            text = italic(operand["valueName"]) + ("..." if operand["isRepeating"] else "")
            parts.append(f"[{text}]" if operand["isOptional"] else text)
        return " ".join(parts)


class Manual:
    def __init__(self, poolmap):
        def answer(argument):
            return subprocess.run([poolmap, argument], check=True, capture_output=True, text=True).stdout

        dump = subprocess.run([ROOT / "scripts/dump-help.sh"], check=True, capture_output=True, text=True).stdout
        root = json.loads(dump)["command"]
        self.version = answer("--version").strip()
        self.root = Command(root)
        self.default = root.get("defaultSubcommand")
        self.commands = [Command(each) for each in root["subcommands"] if each["commandName"] != "help"]
        self.root_source = Source(self.root.name)
        self.common = self.common_options()

    def common_options(self):
        """The options that more than half of the commands share exactly; help and version are last."""
        counts = self.counts()
        options = {option.identity: option for command in self.commands for option in command.options}
        common = {key: option for key, option in options.items() if counts[key] * 2 > len(self.commands)}
        return dict(sorted(common.items(), key=lambda item: item[1].is_of_the_parser))

    def counts(self):
        counts = {}
        for command in self.commands:
            for option in command.options:
                counts[option.identity] = counts.get(option.identity, 0) + 1
        return counts

    # ---- Sections

    def page_name(self, command):
        return self.root.name if command is self.root else f"{self.root.name}-{command.name}"

    def head(self, command):
        name = self.page_name(command)
        # In a list of commands it must fit on one line.
        summary = command.abstract if len(command.abstract) < 70 else command.abstract.split(", ")[0]
        return [
            '.\\" Made by `make manual` of what the command says of itself and of docs/man/*.in: change those.',
            f'.TH {literal(name.upper())} 1 "" "{self.root.name} {self.version}" "User Commands"',
            ".SH NAME",
            f"{literal(name)} \\- {lower_first(prose(summary)).rstrip('.')}",
        ]

    def exit_status(self):
        """From the root command's help, "Exit codes: 0 all done; 1 … . And a sentence"."""
        codes, rest = self.exit_codes()
        entries = []
        for code, meaning in codes:
            entries += [".TP", bold(code), prose(meaning[:1].upper() + meaning[1:] + ".")]
        return [".SH EXIT STATUS", *entries, ".PP", prose(rest), f"{bold(self.root.name)}(1) says more."]

    def exit_codes(self):
        sentence = re.search(r"Exit codes: (.*?)\.(?:\s+(.*))?$", self.root.discussion, re.DOTALL)
        if not sentence:
            fail('`poolmap --help` has no line "Exit codes: 0 …; 1 …."')
        codes = [part.strip().split(" ", 1) for part in sentence[1].split(";")]
        return codes, sentence[2] or ""

    def own_sections(self, source):
        lines = []
        for section in source.sections():
            lines += [f".SH {section}", source.text(f"section {section}")]
        return lines

    def see_also(self, source, pages):
        others = []
        for word in source.text("see also").split():
            match = re.fullmatch(r"(\S+)\((\d)\)", word)
            if not match:
                fail(f"{source.path}: [see also] has {word}, which must be like zstd(1)")
            others.append(match.groups())
        pages = [(page, "1") for page in pages] + others
        return [".SH SEE ALSO", ",\n".join(f".BR {literal(page)} ({section})" for page, section in pages)]

    def page_of_command(self, command):
        source = Source(command.name)
        self.check_options(source, [command])
        counts = self.counts()
        own = sorted(
            (option for option in command.options if option.identity not in self.common),
            key=lambda option: counts[option.identity])
        shared = [option for key, option in self.common.items() if key in {each.identity for each in command.options}]
        lines = self.head(command)
        lines += [".SH SYNOPSIS", command.synopsis(f"{self.root.name} {command.name}")]
        lines += [".SH DESCRIPTION", prose(command.abstract)]
        lines += [prose(command.discussion)] if command.discussion else []
        lines += [source.text("description")] if source.text("description") else []
        lines += [".SH OPTIONS"]
        lines += [part for operand in command.operands for part in operand_entry(operand)]
        lines += [option.entry([source]) for option in own]
        lines += [".SS Common options"] if own else []
        lines += [option.entry([source, self.root_source]) for option in shared]
        lines += [] if "EXIT STATUS" in source.sections() else self.exit_status()
        lines += self.own_sections(source)
        lines += self.see_also(source, [self.root.name])
        return lines

    def page_of_root(self):
        source = self.root_source
        self.check_options(source, self.commands)
        lines = self.head(self.root) + [".SH SYNOPSIS"]
        for index, command in enumerate(self.commands):
            words = f"{self.root.name} {command.name}"
            synopsis = command.synopsis(words)
            if command.name == self.default:
                synopsis = synopsis.replace(bold(words), f"{bold(self.root.name)} [{bold(command.name)}]")
            lines += ([".br"] if index else []) + [synopsis]
        lines += [".SH DESCRIPTION", source.text("description"), ".SH COMMANDS"]
        for command in self.commands:
            lines += [".TP", f".BR {literal(self.page_name(command))} (1)", prose(command.abstract)]
        lines += [".TP", f"{bold(f'{self.root.name} help')} {italic('command')}"]
        lines += ["Lists the options of a command, as does its " + bold("--help") + "."]
        lines += [".SH COMMON OPTIONS", "Most commands have these; each command's page lists all that it has."]
        lines += [option.entry([source]) for option in self.common.values()]
        lines += self.own_sections(source)
        lines += self.see_also(source, [self.page_name(command) for command in self.commands])
        return lines

    def check_options(self, source, commands):
        known = {name for command in commands for option in command.options for name in option.names}
        for name in source.options():
            if name not in known:
                fail(f"{source.path} describes {name}, which is not an option of the command")

    def pages(self):
        """The names of the files, and their contents."""
        known = {self.root.name, *(command.name for command in self.commands)}
        for path in SOURCES.glob("*.in"):
            if path.stem not in known:
                fail(f"{path} is for a command that does not exist")
        yield f"{self.root.name}.1", self.page_of_root()
        for command in self.commands:
            yield f"{self.page_name(command)}.1", self.page_of_command(command)


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else SOURCES
    pages = dict(Manual(sys.argv[1]).pages())
    for old in folder.glob("*.1"):
        if old.name not in pages:
            old.unlink()
    for name, lines in pages.items():
        (folder / name).write_text("\n".join(lines) + "\n")


main()
