#!/usr/bin/env python3
"""Compiles the snippets of the documents and the doc comments: scripts/snippets.py

A snippet is a block of Swift in README.md, docs or an article, or an indented block in the doc comment of a public symbol.
It passes if it is part of a program in Examples, which is compiled and run elsewhere, or if it compiles as the body of a
function. Tests/Snippets has a file for each library, which declares what snippets use but do not show: first what all
snippets may use, then, after a line such as `// In Queues/JoinableQueue.swift`, what only those of one file may.

Omitted code is written `…`. A name that is declared again begins a new scope, for instance for the code of another
process. The modules are those of the last `swift build`.
"""
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARIES = ["Multiprocessing", "ChunkedMap", "JobServer", "SeekableZstd"]
# The first words of snippets that cannot be compiled, and why.
EXEMPT = {
    '.package(path: "../poolmap")': "lines of a manifest, as in Examples/Server/Package.swift",
}
PRELUDE = """
/// Code that is left out.
func leftOut<Value>() -> Value { fatalError() }
func leftOut() {}
/// Something that is there already.
func given<Value>() -> Value { fatalError() }
"""


class Snippet:
    def __init__(self, path, line, text):
        self.path, self.line, self.text = path, line, text
        lines = (line.strip() for line in text.split("\n"))
        self.lines = [line for line in lines if line]

    @property
    def library(self):
        """The library whose article or source it is from; else ChunkedMap, which imports most of the others."""
        parts = self.path.relative_to(ROOT).parts
        return parts[1] if parts[0] == "Sources" else "ChunkedMap"


def of_document(path):
    text = path.read_text()
    for match in re.finditer(r"```swift\n(.*?)```", text, re.S):
        yield Snippet(path, text[: match.start(1)].count("\n") + 1, match[1])


def of_comments(path):
    """The indented blocks in doc comments of public declarations."""
    lines = path.read_text().split("\n")
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and lines[end].lstrip().startswith("///"):
            end += 1
        declaration = end
        while declaration < len(lines) and lines[declaration].lstrip().startswith("@"):
            declaration += 1
        if end > at and declaration < len(lines) and re.match(r"\s*(public|open) ", lines[declaration]):
            comment = [re.sub(r"^\s*/// ?", "", line) for line in lines[at:end]]
            text = "\n".join(comment)
            for match in re.finditer(r"(?:^|(?<=\n\n))((?:    .*\n?|\n(?=    ))+)", text):
                yield Snippet(path, at + 1 + text[: match.start()].count("\n"), re.sub(r"(?m)^    ", "", match[1]))
        at = max(end, at + 1)


def all_snippets():
    documents = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("Sources/*/*.docc/*.md"))]
    for document in documents:
        yield from of_document(document)
    for library in LIBRARIES:
        for source in sorted((ROOT / "Sources" / library).rglob("*.swift")):
            yield from of_comments(source)


def example_programs():
    for path in (ROOT / "Examples").rglob("*.swift"):
        yield [line.strip() for line in path.read_text().split("\n") if line.strip()]


def is_part_of(program, snippet):
    length = len(snippet.lines)
    return any(program[at : at + length] == snippet.lines for at in range(len(program) - length + 1))


def contexts(library):
    """What all snippets of a library may use, and what only those of a file may, by file."""
    shared, *parts = re.split(r"(?m)^// In (\S+)\n", (ROOT / "Tests/Snippets" / f"{library}.swift").read_text())
    return shared, dict(zip(parts[::2], parts[1::2]))


def as_function(number, snippet, context):
    """The snippet as the body of a function, and what it imports."""
    imports, body, names, scopes = [], [], set(), 0
    for line in snippet.text.rstrip("\n").split("\n"):
        if re.match(r"import \w+$", line):
            imports.append(line)
            line = ""
        name = re.match(r"(?:let|var) (\w+) ?[:=]", line)
        if name and name[1] in names:
            names.clear()
            scopes += 1
            line = "do { " + line
        if name:
            names.add(name[1])
        body.append(line.replace("…", "leftOut()"))
    place = f'#sourceLocation(file: "{snippet.path.relative_to(ROOT)}", line: {snippet.line})'
    text = "\n".join(body)
    return imports, f"func snippet{number}() async throws {{\n{context}\n{place}\n{text}\n{'}' * scopes}\n}}\n#sourceLocation()\n"


def module_options():
    build = subprocess.run(["swift", "build", "--show-bin-path"], cwd=ROOT, capture_output=True, text=True, check=True)
    folder = pathlib.Path(build.stdout.strip())
    maps = [*ROOT.glob("Sources/*/module.modulemap"), *ROOT.glob("Sources/*/include/module.modulemap")]
    maps += [*folder.glob("*.build/module.modulemap"), *ROOT.glob(".build/checkouts/*/Sources/*/include/module.modulemap")]
    options = ["-I", str(folder / "Modules")]
    for file in maps:
        options += ["-Xcc", f"-fmodule-map-file={file}"]
    return options


def compile_all(library, snippets, options, folder):
    """Whether the compiler takes them all."""
    shared, by_file = contexts(library)
    imports, functions = set(), []
    for number, snippet in enumerate(snippets):
        parts = snippet.path.relative_to(ROOT).parts
        own = "/".join(parts[2:] if parts[0] == "Sources" else parts)
        more, function = as_function(number, snippet, by_file.get(own, ""))
        imports.update(more)
        functions.append(function)
    file = folder / f"{library}Snippets.swift"
    file.write_text("\n".join([*sorted(imports), shared, PRELUDE, *functions]))
    command = ["swiftc", "-typecheck", "-parse-as-library", "-swift-version", "6", "-suppress-warnings", *options, str(file)]
    return subprocess.run(command, cwd=ROOT).returncode == 0


def main():
    programs = list(example_programs())
    rest = {library: [] for library in LIBRARIES}
    counts = {"in examples": 0, "compiled": 0, "exempt": 0}
    for snippet in all_snippets():
        if any(is_part_of(program, snippet) for program in programs):
            counts["in examples"] += 1
        elif any(snippet.text.startswith(words) for words in EXEMPT):
            counts["exempt"] += 1
        else:
            counts["compiled"] += 1
            rest[snippet.library].append(snippet)
    options = module_options()
    with tempfile.TemporaryDirectory() as folder:
        results = [compile_all(name, rest[name], options, pathlib.Path(folder)) for name in LIBRARIES]
    if counts["exempt"] != len(EXEMPT):
        sys.exit("snippets: one that is exempt is gone")
    if not all(results):
        sys.exit("snippets: what is shown does not compile; what it uses beside is in Tests/Snippets")
    print("snippets: " + ", ".join(f"{count} {word}" for word, count in counts.items()))


if __name__ == "__main__":
    main()
