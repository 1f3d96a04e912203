//! What Python has by itself: the standard library's modules, of every version from 3.8 to 3.14, and the builtin names.

/// The modules, private ones left out.
#[rustfmt::skip]
const MODULES: [&str; 224] = [
    "__future__", "__main__", "_collections_abc", "_thread", "_typeshed", "abc", "aifc", "annotationlib",
    "antigravity", "argparse", "array", "ast", "asynchat", "asyncio", "asyncore", "atexit", "audioop", "base64",
    "bdb", "binascii", "bisect", "builtins", "bz2", "cProfile", "calendar", "cgi", "cgitb", "chunk", "cmath",
    "cmd", "code", "codecs", "codeop", "collections", "colorsys", "compileall", "compression", "concurrent",
    "configparser", "contextlib", "contextvars", "copy", "copyreg", "crypt", "csv", "ctypes", "curses",
    "dataclasses", "datetime", "dbm", "decimal", "difflib", "dis", "distutils", "doctest", "email", "encodings",
    "ensurepip", "enum", "errno", "faulthandler", "fcntl", "filecmp", "fileinput", "fnmatch", "fractions",
    "ftplib", "functools", "gc", "genericpath", "getopt", "getpass", "gettext", "glob", "graphlib", "grp", "gzip",
    "hashlib", "heapq", "hmac", "html", "http", "idlelib", "imaplib", "imghdr", "imp", "importlib", "inspect",
    "io", "ipaddress", "itertools", "json", "keyword", "lib2to3", "linecache", "locale", "logging", "lzma",
    "mailbox", "mailcap", "marshal", "math", "mimetypes", "mmap", "modulefinder", "msilib", "msvcrt",
    "multiprocessing", "netrc", "nis", "nntplib", "nt", "ntpath", "nturl2path", "numbers", "opcode", "operator",
    "optparse", "os", "ossaudiodev", "pathlib", "pdb", "pickle", "pickletools", "pipes", "pkgutil", "platform",
    "plistlib", "poplib", "posix", "posixpath", "pprint", "profile", "pstats", "pty", "pwd", "py_compile",
    "pyclbr", "pydoc", "pydoc_data", "pyexpat", "queue", "quopri", "random", "re", "readline", "reprlib",
    "resource", "rlcompleter", "runpy", "sched", "secrets", "select", "selectors", "shelve", "shlex", "shutil",
    "signal", "site", "smtpd", "smtplib", "sndhdr", "socket", "socketserver", "spwd", "sqlite3", "sre_compile",
    "sre_constants", "sre_parse", "ssl", "stat", "statistics", "string", "stringprep", "struct", "subprocess",
    "sunau", "symtable", "sys", "sysconfig", "syslog", "tabnanny", "tarfile", "telnetlib", "tempfile", "termios",
    "textwrap", "this", "threading", "time", "timeit", "tkinter", "token", "tokenize", "tomllib", "trace",
    "traceback", "tracemalloc", "tty", "turtle", "turtledemo", "types", "typing", "unicodedata", "unittest",
    "urllib", "uu", "uuid", "venv", "warnings", "wave", "weakref", "webbrowser", "winreg", "winsound", "wsgiref",
    "xdrlib", "xml", "xmlrpc", "zipapp", "zipfile", "zipimport", "zlib", "zoneinfo",
];

/// Names that every module has.
#[rustfmt::skip]
const BUILTINS: [&str; 170] = [
    "ArithmeticError", "AssertionError", "AttributeError", "BaseException", "BaseExceptionGroup",
    "BlockingIOError", "BrokenPipeError", "BufferError", "BytesWarning", "ChildProcessError",
    "ConnectionAbortedError", "ConnectionError", "ConnectionRefusedError", "ConnectionResetError",
    "DeprecationWarning", "EOFError", "Ellipsis", "EncodingWarning", "EnvironmentError", "Exception",
    "ExceptionGroup", "False", "FileExistsError", "FileNotFoundError", "FloatingPointError", "FutureWarning",
    "GeneratorExit", "IOError", "ImportError", "ImportWarning", "IndentationError", "IndexError",
    "InterruptedError", "IsADirectoryError", "KeyError", "KeyboardInterrupt", "LookupError", "MemoryError",
    "ModuleNotFoundError", "NameError", "None", "NotADirectoryError", "NotImplemented", "NotImplementedError",
    "OSError", "OverflowError", "PendingDeprecationWarning", "PermissionError", "ProcessLookupError",
    "PythonFinalizationError", "RecursionError", "ReferenceError", "ResourceWarning", "RuntimeError",
    "RuntimeWarning", "StopAsyncIteration", "StopIteration", "SyntaxError", "SyntaxWarning", "SystemError",
    "SystemExit", "TabError", "TimeoutError", "True", "TypeError", "UnboundLocalError", "UnicodeDecodeError",
    "UnicodeEncodeError", "UnicodeError", "UnicodeTranslateError", "UnicodeWarning", "UserWarning", "ValueError",
    "Warning", "WindowsError", "ZeroDivisionError", "__annotations__", "__build_class__", "__builtins__",
    "__class__", "__conditional_annotations__", "__debug__", "__dict__", "__doc__", "__file__", "__import__",
    "__loader__", "__module__", "__name__", "__package__", "__path__", "__qualname__", "__spec__", "abs", "aiter",
    "all", "anext", "any", "ascii", "bin", "bool", "breakpoint", "bytearray", "bytes", "callable", "chr",
    "classmethod", "compile", "complex", "copyright", "credits", "delattr", "dict", "dir", "divmod", "enumerate",
    "eval", "exec", "exit", "filter", "float", "format", "frozenset", "getattr", "globals", "hasattr", "hash",
    "help", "hex", "id", "input", "int", "isinstance", "issubclass", "iter", "len", "license", "list", "locals",
    "map", "max", "memoryview", "min", "next", "object", "oct", "open", "ord", "pow", "print", "property", "quit",
    "range", "repr", "reveal_locals", "reveal_type", "reversed", "round", "set", "setattr", "slice", "sorted",
    "staticmethod", "str", "sum", "super", "tuple", "type", "vars", "zip",
];

/// Whether a top-level module is the standard library's.
pub fn is_standard(module: &str) -> bool {
    MODULES.contains(&module) || module.starts_with('_')
}

/// Whether a name needs no import.
pub fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name) || (name.starts_with("__") && name.ends_with("__"))
}

/// Names that mean one thing of the standard library wherever they are written, and nothing else in it.
#[rustfmt::skip]
const SYMBOLS: [(&str, &[&str]); 17] = [
    ("abc", &["ABC", "ABCMeta", "abstractmethod"]),
    ("collections", &["ChainMap", "Counter", "OrderedDict", "defaultdict", "deque", "namedtuple"]),
    ("contextlib", &["ExitStack", "asynccontextmanager", "closing", "contextmanager", "nullcontext", "suppress"]),
    ("copy", &["deepcopy"]),
    ("dataclasses", &["asdict", "astuple", "dataclass"]),
    ("datetime", &["date", "timedelta", "timezone"]),
    ("decimal", &["Decimal", "InvalidOperation", "ROUND_DOWN", "ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_UP"]),
    ("enum", &["Enum", "IntEnum", "IntFlag", "StrEnum"]),
    ("fractions", &["Fraction"]),
    ("functools", &["cached_property", "lru_cache", "partial", "singledispatch", "total_ordering", "wraps"]),
    ("itertools", &["chain", "groupby", "islice", "zip_longest"]),
    ("pathlib", &["Path", "PurePath", "PurePosixPath", "PureWindowsPath"]),
    ("random", &["randint", "randrange"]),
    ("textwrap", &["dedent"]),
    ("types", &["MappingProxyType", "ModuleType", "SimpleNamespace", "TracebackType"]),
    ("typing", &["Any", "ClassVar", "Dict", "List", "Literal", "NamedTuple", "Optional", "Tuple", "TypeVar", "TypedDict", "Union"]),
    ("uuid", &["UUID", "uuid4", "uuid5"]),
];

/// What is called as itself is the function or class that bears its module's name.
const NAMESAKES: [&str; 6] = ["copy", "datetime", "glob", "pprint", "random", "time"];
/// Attributes of the class `datetime`, which its module lacks.
const OF_DATETIME: [&str; 8] =
    ["combine", "fromisoformat", "fromtimestamp", "now", "strptime", "today", "utcfromtimestamp", "utcnow"];
/// What modules are usually called where they are imported under another name.
const ALIASES: [(&str, &str); 5] = [
    ("ET", "xml.etree.ElementTree"),
    ("dt", "datetime"),
    ("mp", "multiprocessing"),
    ("op", "operator"),
    ("osp", "os.path"),
];

/// The module that a name is the usual alias of.
pub fn module_of_alias(name: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, module)| *module)
}

/// Whether a name that is used so, with these attributes or called, is what its module has under the same name.
pub fn is_namesake<'a>(name: &str, attributes: impl IntoIterator<Item = Option<&'a str>>) -> bool {
    let mut attributes = attributes.into_iter();
    NAMESAKES.contains(&name)
        && attributes.all(|it| it.is_none_or(|it| name == "datetime" && OF_DATETIME.contains(&it)))
}

/// The module of the standard library that a name alone tells.
pub fn module_of_symbol(name: &str) -> Option<&'static str> {
    SYMBOLS.iter().find(|(_, names)| names.contains(&name)).map(|(module, _)| *module)
}
