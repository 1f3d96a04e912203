//! What the platform has by itself: Node's modules, and names that are there in some runtime without any import.

/// Node's modules, without their subpaths; those that exist only with `node:` in front are known by it.
const MODULES: [&str; 42] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Modules that are also globals, or whose names are words that some runtime has as a global.
const GLOBAL_MODULES: [&str; 9] =
    ["buffer", "console", "constants", "crypto", "domain", "events", "module", "process", "sys"];

/// Whether a specifier names a module of the runtime.
pub fn is_builtin(specifier: &str) -> bool {
    let first = specifier.split('/').next().unwrap_or(specifier);
    specifier.starts_with("node:") || specifier.starts_with("bun:") || MODULES.contains(&first)
}

/// Whether a free name can only be meant as one of Node's modules: `path` in `path.join(…)`.
pub fn is_unimported_module(name: &str) -> bool {
    MODULES.contains(&name) && !GLOBAL_MODULES.contains(&name)
}

/// Names that some runtime, browser or test runner brings. Whoever uses one may mean that one.
#[rustfmt::skip]
const GLOBALS: [&str; 274] = [
    "$", "AbortController", "AbortSignal", "ActiveXObject", "AggregateError", "Array", "ArrayBuffer",
    "AsyncDisposableStack", "Atomics", "Audio", "BigInt", "BigInt64Array", "BigUint64Array", "Blob", "Boolean",
    "BroadcastChannel", "Buffer", "Bun", "ByteLengthQueuingStrategy", "CSS", "CSSStyleSheet", "ClipboardEvent",
    "Comment", "CompressionStream", "CountQueuingStrategy", "Crypto", "CryptoKey", "CustomEvent", "Cypress",
    "DOMException", "DOMMatrix", "DOMParser", "DOMPoint", "DOMRect", "DataView", "Date", "DecompressionStream",
    "Deno", "DisposableStack", "Document", "DocumentFragment", "DragEvent", "Element", "Error", "ErrorEvent",
    "EvalError", "Event", "EventSource", "EventTarget", "File", "FileList", "FileReader", "FinalizationRegistry",
    "Float16Array", "Float32Array", "Float64Array", "FocusEvent", "FormData", "Function", "GLOBAL", "HTMLElement",
    "HTMLInputElement", "HashChangeEvent", "Headers", "Image", "Infinity", "InputEvent", "Int16Array",
    "Int32Array", "Int8Array", "IntersectionObserver", "Intl", "Iterator", "JSON", "JSX", "KeyboardEvent", "Map",
    "Math", "MessageChannel", "MessageEvent", "MessagePort", "MouseEvent", "MutationObserver", "NaN", "Node",
    "Notification", "Number", "Object", "Option", "Packages", "Performance", "PerformanceEntry", "PerformanceMark",
    "PerformanceMeasure", "PerformanceObserver", "PerformanceObserverEntryList", "PerformanceResourceTiming",
    "PointerEvent", "PopStateEvent", "ProgressEvent", "Promise", "Proxy", "Range", "RangeError", "React",
    "ReadableByteStreamController", "ReadableStream", "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest",
    "ReadableStreamDefaultController", "ReadableStreamDefaultReader", "ReferenceError", "Reflect", "RegExp",
    "Request", "ResizeObserver", "Response", "Selection", "ServiceWorker", "Set", "ShadowRoot",
    "SharedArrayBuffer", "SharedWorker", "StorageEvent", "String", "SubtleCrypto", "SuppressedError", "Symbol",
    "SyntaxError", "Temporal", "Text", "TextDecoder", "TextDecoderStream", "TextEncoder", "TextEncoderStream",
    "TouchEvent", "TransformStream", "TransformStreamDefaultController", "TypeError", "URIError", "URL",
    "URLSearchParams", "Uint16Array", "Uint32Array", "Uint8Array", "Uint8ClampedArray", "WScript", "WeakMap",
    "WeakRef", "WeakSet", "WebAssembly", "WebSocket", "Worker", "WritableStream",
    "WritableStreamDefaultController", "WritableStreamDefaultWriter", "XMLHttpRequest", "XMLSerializer",
    "XPathResult", "YUI", "_", "__dirname", "__filename", "after", "afterAll", "afterEach", "alert", "arguments",
    "assert", "atob", "before", "beforeAll", "beforeEach", "blur", "browser", "btoa", "caches",
    "cancelAnimationFrame", "cancelIdleCallback", "chai", "chrome", "clearImmediate", "clearInterval",
    "clearTimeout", "clients", "close", "confirm", "console", "context", "cookieStore", "crypto", "customElements",
    "cy", "decodeURI", "decodeURIComponent", "define", "describe", "document", "encodeURI", "encodeURIComponent",
    "escape", "eval", "event", "expect", "exports", "external", "fetch", "focus", "frames", "getComputedStyle",
    "getSelection", "global", "globalThis", "goog", "history", "importClass", "importScripts", "indexedDB",
    "isFinite", "isNaN", "isSecureContext", "it", "jQuery", "java", "jest", "length", "load", "localStorage",
    "location", "matchMedia", "module", "name", "navigator", "open", "origin", "page", "parent", "parseFloat",
    "parseInt", "performance", "postMessage", "print", "process", "prompt", "queueMicrotask", "readFile",
    "registration", "requestAnimationFrame", "requestIdleCallback", "require", "requirejs", "root", "screen",
    "scroll", "scrollTo", "self", "sessionStorage", "setImmediate", "setInterval", "setTimeout", "sinon",
    "skipWaiting", "specify", "status", "stop", "structuredClone", "suite", "test", "top", "undefined", "unescape",
    "vi", "vitest", "window",
];

/// Whether a free name may be there without an import.
pub fn is_global(name: &str) -> bool {
    GLOBALS.contains(&name)
}
