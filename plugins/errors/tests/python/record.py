"""Records the exceptions of the cases in this folder: runs their calls and writes what production would have told.

A case is one text file of sections. `=== file PATH` is a file of the project, `=== calls` what is called: lines of set-up,
then `fail: CALL` and `fine: CALL`. This script writes `=== exception` (JSON). `=== repair` is the wanted change, as the lines
that go and come; `=== no repair` says that there must be none. Usage: record.py CASE...
"""

import ast
import asyncio
import dataclasses
import inspect
import json
import pathlib
import subprocess
import sys
import tempfile
import traceback


def sections(text):
    found, name = {}, None
    for line in text.splitlines(keepends=True):
        if line.startswith("=== "):
            name = line[4:].strip()
            found[name] = ""
        elif name:
            found[name] += line
    return found


def as_json(value):
    if dataclasses.is_dataclass(value):
        return dataclasses.asdict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def plain(value):
    return json.loads(json.dumps(value, default=as_json))


def call(line, space, root):
    """One call: its captured arguments, its result or its exception, and whose call it was."""
    tree = ast.parse(line, mode="eval").body
    function = eval(compile(ast.Expression(tree.func), "call", "eval"), space)
    args = [eval(compile(ast.Expression(arg), "call", "eval"), space) for arg in tree.args]
    kwargs = {word.arg: eval(compile(ast.Expression(word.value), "call", "eval"), space) for word in tree.keywords}
    bound = inspect.signature(function).bind(*args, **kwargs).arguments
    captured = plain(dict(bound)) if kwargs else plain(args)
    code = inspect.unwrap(getattr(function, "__func__", function)).__code__
    about = {
        "handler": inspect.unwrap(getattr(function, "__func__", function)).__qualname__,
        "handler_path": str(pathlib.Path(code.co_filename).relative_to(root)),
        "handler_line": code.co_firstlineno,
    }
    try:
        result = function(*args, **kwargs)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        try:
            return about, {"args": captured, "result": plain(result)}, None
        except TypeError:
            return about, {"args": captured, "result": None}, None
    except Exception as error:
        frames = [
            {
                "path": str(pathlib.Path(frame.filename).relative_to(root)),
                "line": frame.lineno,
                "column": None,
                "function": frame.name,
            }
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.startswith(str(root))
        ]
        return about, {"args": captured, "result": None}, (type(error).__name__, str(error), frames[::-1])


def run(case):
    """In a process of its own: calls, and prints the exception."""
    parts = sections(pathlib.Path(case).read_text())
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        for name, content in parts.items():
            if name.startswith("file "):
                path = root / name[5:]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        sys.path[:0] = [str(root), str(root / "src")]
        space, failed, returned, exception = {}, [], [], None
        for line in parts["calls"].splitlines():
            kind, _, rest = line.partition(": ")
            if kind == "fail":
                about, captured, raised = call(rest, space, root)
                assert raised, f"{case}: {rest} raises nothing"
                failed.append(captured)
                exception = exception or {**about, "kind": raised[0], "message": raised[1], "frames": raised[2]}
            elif kind == "fine":
                _, captured, raised = call(rest, space, root)
                assert not raised, f"{case}: {rest} raises {raised}"
                returned.append(captured)
            elif line.strip():
                exec(line, space)
        print(json.dumps({"language": "python", **exception, "failed": failed, "returned": returned}, ensure_ascii=False))


def main():
    if sys.argv[1] == "--run":
        return run(sys.argv[2])
    for case in sys.argv[1:]:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-B", __file__, "--run", case], capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"{case}:\n{done.stderr}")
        text = pathlib.Path(case).read_text()
        head, _, rest = text.partition("=== exception\n")
        rest = rest.partition("\n")[2] if rest else ""
        if not rest:
            for mark in ("=== repair", "=== no repair"):
                before, found, after = head.partition(mark)
                if found:
                    head, rest = before, found + after
                    break
        pathlib.Path(case).write_text(f"{head}=== exception\n{done.stdout.strip()}\n{rest}")


if __name__ == "__main__":
    main()
