"""Runs a Python project for the fault injector: captures calls, makes traffic of them, replays it, records it.

Started by thymus-inject with `JOB.json` as the only argument; every job names the program's top folder and its source
files. Nothing of the project is edited: functions are wrapped after their module was loaded, in place, so that calls
inside a module are seen too.

    capture   runs the project's tests; each call of a source function with its arguments, pickled
    traffic   chooses among captured calls, varies them, and keeps what the healthy program answers the same each time
    probe     plays traffic once and says what each call gave, what it changed and how long it took
    check     plays calls and fails where one does not give what the healthy program gave: a hidden test
    pace      the same for time, against the healthy program beside it
    record    plays traffic under the OpenTelemetry SDK and writes what its OTLP encoder makes of it
"""

from __future__ import annotations

import base64
import collections
import contextvars
import copy
import functools
import gc
import gzip
import hashlib
import importlib
import importlib.abc
import importlib.util
import inspect
import io
import itertools
import json
import os
import pickle
import random
import signal
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any, Callable

CALL_SECONDS = 1.0
MOST_CAPTURED = 60
MOST_PICKLE = 16_384
MOST_CAPTURE = 4096
# Called by the language more than by anybody's intent, or on half-made objects.
UNSEEN = {
    "__init__", "__new__", "__del__", "__repr__", "__str__", "__hash__", "__eq__", "__ne__", "__getattr__",
    "__getattribute__", "__setattr__", "__delattr__", "__init_subclass__", "__class_getitem__", "__reduce__",
    "__reduce_ex__", "__getstate__", "__setstate__", "__copy__", "__deepcopy__", "__set_name__", "__get__", "__set__",
    "__subclasshook__", "__instancecheck__", "__subclasscheck__", "__dir__", "__sizeof__", "__prepare__", "__enter__",
    "__exit__", "__aenter__", "__aexit__", "__lt__", "__le__", "__gt__", "__ge__", "__bool__",
}  # fmt: skip


class TooLong(BaseException):
    """A call took too long; not an Exception, so that the project's own handlers let it through."""


def too_long(*_: Any) -> None:
    raise TooLong


class Program:
    """The project under one top folder, and what its functions are called."""

    def __init__(self, root: str, sources: list[str], paths: list[str]) -> None:
        self.root = Path(root).resolve()
        self.sources = {str(self.root / source): source for source in sources}
        self.paths = [str((self.root / path).resolve()) for path in paths]
        self.around: Callable[[Callable, Handler], Callable] | None = None
        self.handlers: dict[str, Handler] = {}
        sys.path[:0] = self.paths
        sys.meta_path.insert(0, Finder(self))

    def module_name(self, source: str) -> str | None:
        """The name under which a source file is imported."""
        file = self.root / source
        for path in sorted(self.paths, key=len, reverse=True):
            if file.is_relative_to(path):
                parts = list(file.relative_to(path).with_suffix("").parts)
                if parts[-1] == "__init__":
                    parts.pop()
                if parts and all(part.isidentifier() for part in parts) and parts[-1] != "__main__":
                    return ".".join(parts)
        return None

    def load(self) -> dict[str, str]:
        """Imports every source file; says which could not be, and why."""
        failed = {}
        for source in self.sources.values():
            name = self.module_name(source)
            if name is None:
                continue
            try:
                importlib.import_module(name)
            except BaseException as error:  # noqa: BLE001 - a stranger's module may do anything
                failed[source] = outcome_of(error)
        return failed

    def wrap(self, module: types.ModuleType, source: str) -> None:
        """Puts `around` about every function that the module defines."""
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value) and value.__module__ == module.__name__:
                self.replace(module, name, value, source, lambda function: function)
            elif inspect.isclass(value) and value.__module__ == module.__name__:
                self.wrap_class(value, source)

    def wrap_class(self, owner: type, source: str) -> None:
        for name, value in list(vars(owner).items()):
            if name in UNSEEN:
                continue
            if inspect.isfunction(value):
                self.replace(owner, name, value, source, lambda function: function)
            elif isinstance(value, (staticmethod, classmethod)) and inspect.isfunction(value.__func__):
                self.replace(owner, name, value.__func__, source, type(value))

    def replace(self, owner: Any, name: str, function: Callable, source: str, finish: Callable) -> None:
        plain = inspect.unwrap(function)
        code = getattr(plain, "__code__", None)
        if code is None or "<" in function.__qualname__ or code.co_flags & (inspect.CO_GENERATOR | 0x200):
            return
        if str(Path(code.co_filename).resolve()) not in self.sources:
            return
        handler = Handler(function, plain, self.sources[str(Path(code.co_filename).resolve())])
        if self.around is None:
            return
        wrapped = self.around(function, handler)
        try:
            setattr(owner, name, finish(wrapped))
        except (AttributeError, TypeError):
            return
        self.handlers[handler.id] = handler


    def modules(self) -> set[str]:
        """What the source files are imported as."""
        return {name for name in map(self.module_name, self.sources.values()) if name}


PROGRAM: Any = None


class Handler:
    """A function that telemetry names."""

    def __init__(self, function: Callable, plain: Callable, source: str) -> None:
        self.module, self.name, self.path = function.__module__, function.__qualname__, source
        self.line = plain.__code__.co_firstlineno
        self.id = f"{self.module}:{self.name}"
        self.is_async = inspect.iscoroutinefunction(plain)
        try:
            self.signature = inspect.signature(function)
        except (TypeError, ValueError):
            self.signature = None
        first = next(iter(self.signature.parameters), "") if self.signature else ""
        self.bound = "." in self.name and first in ("self", "cls")


class Finder(importlib.abc.MetaPathFinder):
    """Wraps source modules as soon as they are loaded."""

    def __init__(self, program: Program) -> None:
        self.program, self.busy = program, set()

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name in self.busy:
            return None
        self.busy.add(name)
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return None
        finally:
            self.busy.discard(name)
        if spec is None or spec.origin is None or spec.loader is None:
            return None
        source = self.program.sources.get(str(Path(spec.origin).resolve()))
        if source is None or not hasattr(spec.loader, "exec_module"):
            return None
        run = spec.loader.exec_module

        def exec_module(module: types.ModuleType) -> None:
            run(module)
            self.program.wrap(module, source)

        spec.loader.exec_module = exec_module
        return spec


# What values are, in comparable form.

def canonical(value: Any, depth: int = 0, budget: list[int] | None = None) -> Any:
    """The value as JSON that is the same for equal values, bounded; addresses and order of sets don't count."""
    budget = budget if budget is not None else [4000]
    budget[0] -= 1
    if budget[0] < 0 or depth > 8:
        return "…"
    inner = functools.partial(canonical, depth=depth + 1, budget=budget)
    if isinstance(value, str) and not value.isascii():
        # Half of a surrogate pair is no JSON that everybody reads.
        value = value.encode("utf-8", "backslashreplace").decode()
    if value is None or isinstance(value, (bool, int, str)):
        return value if type(value) in (type(None), bool, int, str) else [type(value).__qualname__, str(value)]
    if isinstance(value, float):
        return ["float", repr(value)]
    if isinstance(value, (bytes, bytearray, complex)):
        return [type(value).__name__, repr(value)]
    if isinstance(value, dict):
        return [type(value).__qualname__, [[inner(key), inner(item)] for key, item in list(dict.items(value))[:1000]]]
    if isinstance(value, (list, tuple)):
        return [type(value).__qualname__, [inner(item) for item in value[:2000]], len(value)]
    if isinstance(value, (set, frozenset)):
        return [type(value).__qualname__, sorted((json.dumps(inner(item)) for item in value))]
    if isinstance(value, (types.FunctionType, types.MethodType, types.BuiltinFunctionType, type, types.ModuleType)):
        return ["named", getattr(value, "__qualname__", getattr(value, "__name__", "?"))]
    if isinstance(value, BaseException):
        return ["exception", type(value).__qualname__, str(value)[:500]]
    state = getattr(value, "__dict__", None)
    if isinstance(state, dict) and type(value).__module__ != "builtins":
        return ["object", type(value).__qualname__, inner(state)]
    text = repr(value)
    return [type(value).__qualname__, text if " at 0x" not in text else "?"]


def outcome_of(error: BaseException) -> str:
    return f"{type(error).__qualname__}: {str(error)[:300]}".encode("utf-8", "backslashreplace").decode()


def plain_json(value: Any) -> str | None:
    """As a service's own capture would write it: bounded JSON, or nothing."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        return None
    return text if len(text) <= MOST_CAPTURE else None


class Sources(pickle.Unpickler):
    """Takes no class of a test: production has none."""

    tests: tuple[str, ...] = ()

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] in self.tests or module in ("__main__", "unittest.mock", "_pytest"):
            raise pickle.UnpicklingError(f"{module}.{name} is of a test")
        return super().find_class(module, name)


def unpack(text: str, tests: list[str] = ()) -> Any:
    unpickler = Sources(io.BytesIO(base64.b64decode(text)))
    unpickler.tests = tuple(tests)
    return unpickler.load()


def pack(value: Any) -> str:
    """Functions and classes of modules by name, lambdas by value."""
    import cloudpickle

    return base64.b64encode(cloudpickle.dumps(value, protocol=4)).decode()


def find(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = inspect.getattr_static(found, part) if inspect.isclass(found) else getattr(found, part)
    return found.__func__ if isinstance(found, (staticmethod, classmethod)) else found


def perform(module: str, name: str, args: Any, kwargs: Any) -> Any:
    """One call; an awaitable is awaited."""
    result = find(module, name)(*args, **kwargs)
    if inspect.iscoroutine(result):
        import asyncio

        return asyncio.run(result)
    return result


def where(error: BaseException) -> list[dict]:
    """The project's frames, the innermost last."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        path = PROGRAM.sources.get(str(Path(code.co_filename).resolve())) if code.co_filename else None
        if path is not None:
            name = getattr(code, "co_qualname", code.co_name)
            frames.append({"path": path, "line": trace.tb_lineno, "function": name})
        trace = trace.tb_next
    return frames[-8:]


def play(call: dict, seconds: float = CALL_SECONDS) -> dict:
    """Makes one call, bounded, and says what came of it."""
    try:
        return played(call, seconds)
    except TooLong:
        # The time was over just when the call was, or in what a stranger's value does when it is looked at.
        return {"id": call["id"], "ok": False, "error": "TooLong: stopped", "ms": seconds * 1000, "result": None,
                "after": None}  # fmt: skip


def played(call: dict, seconds: float) -> dict:
    args, kwargs = unpack(call["pickle"])
    out = {"id": call["id"]}
    signal.setitimer(signal.ITIMER_REAL, seconds)
    started = time.perf_counter()
    try:
        result = perform(call["module"], call["name"], args, kwargs)
        out["ms"] = (time.perf_counter() - started) * 1000
        if isinstance(result, (types.GeneratorType, map, filter, zip, itertools.chain)):
            result = list(itertools.islice(result, 1000))
        out["ok"], out["result"] = True, result
    except TooLong:
        out.update(ok=False, error="TooLong: stopped", ms=seconds * 1000, result=None)
    except (SystemExit, KeyboardInterrupt, GeneratorExit, Exception) as error:  # noqa: BLE001
        out["ms"] = (time.perf_counter() - started) * 1000
        out.update(ok=False, error=outcome_of(error), result=None, where=where(error))
        # A refusal: an exception that the project itself defines.
        out["refused"] = type(error).__module__ == call["module"] or type(error).__module__ in PROGRAM.modules()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        out["result"], out["after"] = canonical(out["result"]), canonical([args, kwargs])
        # What telemetry shows of the arguments: neither `self` nor what is no JSON.
        bound = args[:1] and "." in call["name"] and hasattr(args[0], call["name"].rsplit(".", 1)[-1])
        out["shown"] = plain_json([list(args[1:] if bound else args), kwargs])
    except Exception as error:  # noqa: BLE001 - a stranger's __repr__ or items
        out.update(result=["unreadable", outcome_of(error)], after=None)
    return out


# capture

class Recorder:
    """Keeps distinct calls of each function."""

    def __init__(self) -> None:
        self.calls: dict[str, dict[str, dict]] = {}
        self.times: dict[str, int] = {}
        self.inside = False

    def around(self, function: Callable, handler: Handler) -> Callable:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not self.inside:
                self.note(handler, args, kwargs)
            return function(*args, **kwargs)

        return call

    def note(self, handler: Handler, args: Any, kwargs: Any) -> None:
        kept = self.calls.setdefault(handler.id, {})
        self.times[handler.id] = self.times.get(handler.id, 0) + 1
        if len(kept) >= MOST_CAPTURED or self.times[handler.id] > 2000:
            return
        self.inside = True
        try:
            packed = pack((args, kwargs))
            if len(packed) <= MOST_PICKLE:
                key = hashlib.sha256(packed.encode()).hexdigest()[:16]
                kept.setdefault(key, {"module": handler.module, "name": handler.name, "pickle": packed})
        except BaseException:  # noqa: BLE001 - what can't be pickled isn't captured
            pass
        finally:
            self.inside = False


def capture(job: dict, program: Program) -> dict:
    recorder = Recorder()
    program.around = recorder.around
    os.chdir(program.root)
    sys.path.insert(0, str(program.root))
    if job["framework"] == "unittest":
        import unittest

        sys.argv = ["unittest", *job["arguments"]]
        ended = not unittest.main(module=None, argv=sys.argv, exit=False).result.wasSuccessful()
    else:
        import pytest

        ended = int(pytest.main([*job["arguments"], "-p", "no:cacheprovider", "-q"]))
    return {"ended": ended, "calls": [call for kept in recorder.calls.values() for call in kept.values()]}


# traffic

def places(value: Any, depth: int = 0) -> list[tuple]:
    """The ways to every part of plain data, the whole first."""
    found: list[tuple] = [()]
    if depth < 4:
        if type(value) is dict:
            items = list(value.items())[:20]
        elif type(value) in (list, tuple):
            items = list(enumerate(value))[:20]
        else:
            items = []
        for key, inner in items:
            found += [(key, *rest) for rest in places(inner, depth + 1)]
    return found


def at(value: Any, way: tuple) -> Any:
    for key in way:
        value = value[key]
    return value


def put(value: Any, way: tuple, new: Any) -> Any:
    """A copy with another part."""
    if not way:
        return new
    key, rest = way[0], way[1:]
    if type(value) is tuple:
        return tuple(put(inner, rest, new) if index == key else inner for index, inner in enumerate(value))
    made = value.copy()
    made[key] = put(value[key], rest, new)
    return made


def other(value: Any, dice: random.Random) -> Any:
    """Something that could come in this value's place."""
    if value is None:
        return dice.choice([0, "", [], {}])
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return dice.choice([None, 0, 1, -1, value + 1, value * 2, -value])
    if isinstance(value, float):
        return dice.choice([None, 0.0, value / 2, -value])
    if isinstance(value, str):
        return dice.choice([None, "", value[: len(value) // 2], value + value[-1:], value.upper(), " " + value])
    if type(value) is list:
        return dice.choice([[], None, value[:1], value + value, value[::-1]])
    if type(value) is tuple:
        return dice.choice([(), None, value[:1], value + value])
    if type(value) is dict:
        if value and dice.random() < 0.6:
            gone = dice.choice(sorted(value, key=repr))
            return {key: inner for key, inner in value.items() if key != gone}
        return dice.choice([{}, None])
    return None


def larger(value: Any, times: int) -> Any:
    """The same kind of data, more of it, and its parts unlike each other where they are plain."""
    def unlike(part: Any, number: int) -> Any:
        if isinstance(part, bool) or part is None:
            return part
        if isinstance(part, int):
            return part + number
        if isinstance(part, str) and part.isalnum():
            return f"{part}{number}"
        if type(part) is dict:
            return {key: unlike(inner, number) for key, inner in part.items()}
        if type(part) in (list, tuple):
            return type(part)(unlike(inner, number) for inner in part)
        return copy.deepcopy(part)

    if type(value) in (list, tuple) and value:
        return type(value)(unlike(part, turn) for turn in range(times) for part in value)
    if isinstance(value, str) and len(value) > 1:
        return value * times
    if type(value) in (set, frozenset) and value:
        return type(value)(unlike(part, turn) for turn in range(times) for part in value)
    if type(value) is dict and value and all(isinstance(key, str) for key in value):
        return {f"{key}{turn or ''}": unlike(inner, turn) for turn in range(times) for key, inner in value.items()}
    return None


def variants(call: dict, dice: random.Random, program: Program) -> list[tuple[str, Any, Any]]:
    """A few calls like this one."""
    args, kwargs = unpack(call["pickle"])
    handler = program.handlers.get(f"{call['module']}:{call['name']}")
    skip = 1 if handler and handler.bound else 0
    made: list[tuple[str, Any, Any]] = []
    ways = [way for way in places(tuple(args)) if way and way[0] >= skip]
    ways += [("=", *way) for way in places(kwargs) if way]

    def with_part(way: tuple, change: Callable[[Any], Any], kind: str) -> None:
        base_args, base_kwargs = unpack(call["pickle"])
        try:
            if way[0] == "=":
                new = change(at(base_kwargs, way[1:]))
                made.append((kind, base_args, put(base_kwargs, way[1:], new)))
            else:
                new = change(at(tuple(base_args), way))
                made.append((kind, put(tuple(base_args), way, new), base_kwargs))
        except Exception:  # noqa: BLE001 - a stranger's value
            return

    for way in dice.sample(ways, min(len(ways), 6)):
        with_part(way, lambda part: other(part, dice), "varied")
    if len(args) > skip + 1 and not kwargs:
        made.append(("varied", tuple(args)[:-1], {}))
    for way in dice.sample(ways, min(len(ways), 4)):
        for times in (40, 400):
            if larger(at(kwargs, way[1:]) if way[0] == "=" else at(tuple(args), way), 2) is not None:
                with_part(way, lambda part: larger(part, times), "large")
    return made


def traffic(job: dict, program: Program) -> dict:
    """Calls that the healthy program answers without an exception, alike each time."""
    identity(program)
    dice = random.Random(job["seed"])
    captured = json.loads(Path(job["calls"]).read_text())["calls"]
    of: dict[str, list[dict]] = {}
    for call in captured:
        of.setdefault(f"{call['module']}:{call['name']}", []).append(call)
    kept, until = [], time.monotonic() + job["seconds"]
    seen: set[str] = set()
    refusals: collections.Counter[str] = collections.Counter()

    def offer(call: dict, kind: str) -> bool:
        digest = hashlib.sha256((call["module"] + call["name"] + call["pickle"]).encode()).hexdigest()
        if digest in seen or len(call["pickle"]) > 400_000 or time.monotonic() > until:
            return False
        seen.add(digest)
        # Numbers before anything runs, so that the ids of what hangs are known.
        call = {"id": len(kept), "kind": kind, **call}
        first = play(call, 0.25)
        if not first["ok"]:
            if kind == "large" or not first.get("refused") or refusals[call["module"] + call["name"]] >= 4:
                return False
            refusals[call["module"] + call["name"]] += 1
            call["kind"], call["error"] = "refused", first["error"].split(":")[0]
        if first["ms"] > (60 if kind == "large" else 40):
            return False
        second = play(call, 0.25)
        alike = [(it["ok"], it.get("error"), it["result"], it["after"]) for it in (first, second)]
        call["settled"] = alike[0] == alike[1]
        call["ms"] = min(first["ms"], second["ms"])
        if kind == "large" and call["ms"] < 0.05:
            return False
        call["result"], call["after"], call["shown"] = first["result"], first["after"], first.get("shown")
        call["digest"] = digest[:12]
        kept.append(call)
        return True

    for name in sorted(of):
        calls = of[name]
        dice.shuffle(calls)
        fine, varied, large = [], 0, 0
        for call in calls:
            try:
                unpack(call["pickle"], job["tests"])
            except BaseException:  # noqa: BLE001 - of a test, or not to be had again
                continue
            if len(fine) < 14 and offer(call, "captured"):
                fine.append(call)
        for call in fine:
            try:
                made = variants(call, dice, program)
            except Exception:  # noqa: BLE001 - a stranger's value
                continue
            for kind, args, kwargs in made:
                if (varied >= 24 if kind == "varied" else large >= 6):
                    continue
                try:
                    new = {"module": call["module"], "name": call["name"], "pickle": pack((args, kwargs))}
                except Exception:  # noqa: BLE001
                    continue
                if offer(new, kind):
                    varied, large = varied + (kind == "varied"), large + (kind == "large")
    return {"calls": kept, "handlers": [vars_of(handler) for handler in program.handlers.values()]}


def vars_of(handler: Handler) -> dict:
    return {"module": handler.module, "name": handler.name, "path": handler.path, "line": handler.line}


def identity(program: Program) -> None:
    """Wraps without doing anything, to learn which handlers there are."""
    program.around = lambda function, handler: function


# probe

class Watcher:
    """Notes which handlers a call runs, in their order."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.reached: set[str] = set()

    def around(self, function: Callable, handler: Handler) -> Callable:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if len(self.seen) < 60:
                self.seen.append(handler.name)
            self.reached.add(handler.name)
            return function(*args, **kwargs)

        return call


def calls_of(job: dict) -> list[dict]:
    calls = json.loads(Path(job["traffic"]).read_text())["calls"]
    wanted = set(job["only"]) if job.get("only") is not None else None
    return [call for call in calls if wanted is None or call["id"] in wanted]


def probe(job: dict, program: Program) -> dict:
    watcher = Watcher()
    program.around = watcher.around if job.get("watch") else lambda function, handler: function
    failed = program.load()
    out, until = [], time.monotonic() + job["seconds"]
    for call in calls_of(job):
        if time.monotonic() > until:
            break
        runs, watcher.reached = [], set()
        for _ in range(job.get("times", 1)):
            watcher.seen = []
            runs.append(attempt(call))
            if not runs[-1]["ok"]:
                break
        last = runs[-1]
        out.append({
            "id": call["id"], "ok": last["ok"], "error": last.get("error"), "ms": min(run["ms"] for run in runs),
            "refused": last.get("refused", False),
            "same": all(as_before(call, run) for run in runs),
            "same_after": all(run.get("after") == call["after"] for run in runs),
            "same_shown": last.get("shown") == call["shown"],
            "where": last.get("where", []), "sequence": watcher.seen,
            "reached": sorted(watcher.reached),
        })  # fmt: skip
    return {"failed": failed, "outcomes": out}


def attempt(call: dict) -> dict:
    try:
        return play(call)
    except BaseException as error:  # noqa: BLE001 - its classes can't be had any more
        return {"id": call["id"], "ok": False, "error": outcome_of(error), "ms": 0.0, "where": where(error)}


def as_before(call: dict, said: dict) -> bool:
    """Whether a call gives what the healthy program gave: the same value, or a refusal of the same type."""
    if call.get("error"):
        return not said["ok"] and said["error"].split(":")[0] == call["error"]
    return said["ok"] and said.get("result") == call["result"]


def check(job: dict, program: Program) -> dict:
    """A hidden test: every call as in the healthy program."""
    watcher = Watcher()
    program.around = watcher.around
    failed = program.load()
    wrong = [f"{path}: {why}" for path, why in failed.items() if path not in job["absent"]]
    calls = calls_of(job)
    if not calls and not job.get("loads"):
        wrong.append("there is nothing to check")
    for call in calls:
        # Twice, because what a first call left behind may spoil the second.
        attempt(call)
        watcher.seen = []
        said = attempt(call)
        shown = f"{call['name']} {said.get('error') or said.get('result')!r:.200}"
        if not as_before(call, said):
            wrong.append(shown)
        elif "after" in job["looks"] and said.get("after") != call["after"]:
            wrong.append(f"{shown}: arguments changed")
        elif "sequence" in job["looks"] and watcher.seen != call["sequence"]:
            wrong.append(f"{shown}: ran {watcher.seen}, not {call['sequence']}")
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    return {"wrong": len(wrong)}


def reads(job: dict, program: Program) -> dict:
    """A hidden test of documentation: the name that is gone from the code is gone from the file, and the right one is there."""
    text = (program.root / job["path"]).read_text()
    wrong = int(job["gone"] in text) + int(job["named"] not in text)
    if wrong:
        print(f"{job['path']} says {job['gone']}, not {job['named']}", file=sys.stderr)
    return {"wrong": wrong}


def pace(job: dict, program: Program) -> dict:
    """A hidden test of time: this program against the healthy one, by turns, each in a process of its own."""
    import subprocess

    best: dict[str, float] = {}
    for turn in range(job["turns"]):
        for root in ("here", "healthy") if turn % 2 else ("healthy", "here"):
            inner = {**job, "mode": "probe", "times": 3, "root": job["root" if root == "here" else "healthy"]}
            with tempfile.TemporaryDirectory() as scratch:
                inner.update(out=str(Path(scratch) / "out.json"), scratch=scratch)
                (Path(scratch) / "job.json").write_text(json.dumps(inner))
                subprocess.run([sys.executable, __file__, str(Path(scratch) / "job.json")], check=True, timeout=120)
                outcomes = json.loads((Path(scratch) / "out.json").read_text())["outcomes"]
            if root == "here" and not all(it["same"] for it in outcomes):
                print("a call gives something else", file=sys.stderr)
                return {"wrong": 1}
            spent = sum(it["ms"] for it in outcomes)
            best[root] = min(best.get(root, spent), spent)
    ratio = best["here"] / max(best["healthy"], 1e-6)
    print(f"{ratio:.2f} times the healthy program's time, at most {job['most']:.2f}", file=sys.stderr)
    return {"wrong": int(ratio > job["most"]), "ratio": ratio}


# record

class Tracing:
    """The OpenTelemetry SDK around every handler, and its own encoder behind it."""

    def __init__(self, job: dict) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self.exporter = Lines()
        resource = Resource.create({"service.name": job["service"], "service.version": job["version"]})
        self.provider = TracerProvider(resource=resource)
        self.provider.add_span_processor(
            BatchSpanProcessor(self.exporter, max_queue_size=1 << 17, schedule_delay_millis=10_000)
        )
        self.tracer = self.provider.get_tracer(job["service"], job["version"])
        self.depth = contextvars.ContextVar("depth", default=0)
        self.left = 0
        self.on = False

    def around(self, function: Callable, handler: Handler) -> Callable:
        attributes = {
            "code.function.name": handler.name,
            "code.file.path": handler.path,
            "code.line.number": handler.line,
        }

        def called(args: Any, kwargs: Any) -> Any:
            args = args[1:] if handler.bound else args
            if not kwargs:
                return list(args)
            try:
                bound = handler.signature.bind_partial(*(((None,) if handler.bound else ()) + tuple(args)), **kwargs)
                given = dict(bound.arguments)
                return {key: given[key] for key in list(given)[1 if handler.bound else 0 :]}
            except (TypeError, AttributeError):
                return list(args)

        def begin(args: Any, kwargs: Any) -> Any:
            given = plain_json(called(args, kwargs))
            with_args = attributes if given is None else {**attributes, "thymus.args": given}
            return self.tracer.start_as_current_span(handler.name, attributes=with_args)

        def end(span: Any, args: Any, kwargs: Any) -> None:
            after = plain_json(called(args, kwargs))
            if after is not None:
                span.set_attribute("thymus.args.after", after)

        def note(span: Any, result: Any) -> Any:
            text = plain_json(result)
            if text is not None:
                span.set_attribute("thymus.result", text)
            return result

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not self.on or self.left <= 0 or self.depth.get() >= 6:
                return function(*args, **kwargs)
            self.left -= 1
            token = self.depth.set(self.depth.get() + 1)
            try:
                with begin(args, kwargs) as span:
                    try:
                        return note(span, function(*args, **kwargs))
                    finally:
                        end(span, args, kwargs)
            finally:
                self.depth.reset(token)

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            if not self.on or self.left <= 0:
                return await function(*args, **kwargs)
            self.left -= 1
            with begin(args, kwargs) as span:
                try:
                    return note(span, await function(*args, **kwargs))
                finally:
                    end(span, args, kwargs)

        return call_async if handler.is_async else call


class Lines:
    """Keeps what the SDK's OTLP encoder makes of spans, each message after its length, as the Collector's file exporter
    does with `format: proto`."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def export(self, spans: Any) -> Any:
        from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
        from opentelemetry.sdk.trace.export import SpanExportResult

        body = encode_spans(spans).SerializeToString()
        self.messages.append(len(body).to_bytes(4, "big") + body)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is open."""

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


def record(job: dict, program: Program) -> dict:
    tracing = Tracing(job)
    program.around = tracing.around
    failed = program.load()
    calls = json.loads(Path(job["traffic"]).read_text())["calls"]
    dice, until = random.Random(job["seed"]), time.monotonic() + job["seconds"]
    played = broken = 0
    gc.collect()
    rounds = schedule(calls, job, dice)
    spans = job["spans"]
    used = 0
    for call in rounds:
        if time.monotonic() > until or used >= spans:
            break
        try:
            args, kwargs = unpack(call["pickle"])
        except Exception:  # noqa: BLE001 - what the fault took away
            broken += 1
            if call["module"] not in sys.modules:
                attempt_import(tracing, call)
                played += 1
            continue
        tracing.left = before = min(24, spans - used)
        tracing.on = True
        signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS)
        try:
            perform(call["module"], call["name"], args, kwargs)
        except (TooLong, SystemExit, Exception):  # noqa: BLE001 - it stands in the span
            broken += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            tracing.on = False
        used += before - tracing.left
        played += 1
    tracing.provider.shutdown()
    Path(job["telemetry"]).write_bytes(gzip.compress(b"".join(tracing.exporter.messages), compresslevel=6, mtime=0))
    return {"failed": failed, "played": played, "broken": broken, "spans": used}


def schedule(calls: list[dict], job: dict, dice: random.Random) -> list[dict]:
    """Each round plays every call once, in another order, and those in focus twice: they are busier hours' calls."""
    focus = set(job.get("focus") or [])
    rounds: list[dict] = []
    for _ in range(job["rounds"]):
        turn = calls + [call for call in calls if call["id"] in focus]
        dice.shuffle(turn)
        rounds += turn
    return rounds


def attempt_import(tracing: Tracing, call: dict) -> None:
    """A module that can't be loaded: the span of the job that needed it shows why."""
    try:
        with tracing.tracer.start_as_current_span(f"{call['module']}.{call['name']}"):
            importlib.import_module(call["module"])
    except Exception:  # noqa: BLE001 - it stands in the span
        return


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != Path(__file__).resolve().parent]
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGALRM, too_long)
    global PROGRAM
    PROGRAM = program = Program(job["root"], job["sources"], job["paths"])
    sys.path.append(str(Path(job["harness"]).resolve()))
    modes = {"capture": capture, "traffic": traffic, "probe": probe, "check": check, "reads": reads, "pace": pace, "record": record}
    out = Path(job["out"]).resolve() if "out" in job else None
    for key in ("calls", "traffic", "telemetry", "healthy", "root", "harness"):
        if key in job:
            job[key] = str(Path(job[key]).resolve())
    if job["mode"] != "capture":
        os.chdir(tempfile.mkdtemp(prefix="thymus-inject-", dir=job.get("scratch")))
        if job["mode"] == "traffic":
            identity(program)
            program.load()
    said = modes[job["mode"]](job, program)
    if out is not None:
        out.write_text(json.dumps(said, default=lambda value: ["unwritten", type(value).__name__]))
    if said.get("wrong"):
        sys.exit(1)


if __name__ == "__main__":
    main()
