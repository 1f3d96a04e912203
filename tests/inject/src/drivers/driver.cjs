// Runs a JavaScript project for the fault injector: captures calls, makes traffic of them, replays it, records it.
//
// Started by thymus-inject with `job.json` as the only argument (modes traffic, probe, check, pace, record), or preloaded
// into the project's own tests (`--require`, mode capture: $THYMUS_INJECT_JOB). Nothing of the project is edited on disk:
// source files are handed to Node with each function wrapped where it is defined, as the injector prepared them by syntax
// tree; no line moves.
//
// What the modes do stands in driver.py.
'use strict';
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
const { pathToFileURL } = require('node:url');

const CALL_MILLIS = 1000;
const MOST_CAPTURED = 60;
const MOST_VALUE = 16_384;
const MOST_CAPTURE = 4096;
const now = () => performance.now();

// The program and what its functions are called.

const handlers = [];
const entries = new Map();
const modules = new Map();
let around = null;
let job = null;
const ROOT = () => job.root;

/** What instrumented source calls: a function that tells `around` of each call. `new` and properties pass through. */
globalThis.__thymus = (fn, name, line, file) => {
  if (typeof fn !== 'function') return fn;
  const kind = Object.prototype.toString.call(fn);
  if (kind === '[object GeneratorFunction]' || kind === '[object AsyncGeneratorFunction]') return fn;
  const handler = { name, line, path: file, id: handlers.length };
  handlers.push(handler);
  return new Proxy(fn, {
    apply: (target, self, args) => (around ? around(handler, target, self, args) : Reflect.apply(target, self, args)),
  });
};
globalThis.__thymusClass = (owner, name, lines, file) => {
  for (const [key, isStatic, line] of lines) {
    const holder = isStatic ? owner : owner.prototype;
    const own = Object.getOwnPropertyDescriptor(holder, key);
    if (own && typeof own.value === 'function') {
      Object.defineProperty(holder, key, { ...own, value: globalThis.__thymus(own.value, `${name}.${key}`, line, file) });
    }
  }
};

function instrument() {
  const table = new Map(Object.entries(job.instrumented ?? {}).map(([file, text]) => [path.join(ROOT(), file), text]));
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (content, filename, ...rest) {
    // Only the file itself: some compile other text under a file's name.
    const own = table.has(filename) && fs.readFileSync(filename, 'utf8').endsWith(content);
    return compile.call(this, own ? table.get(filename) : content, filename, ...rest);
  };
  if (table.size && Module.register) {
    const urls = Object.fromEntries([...table].map(([file, text]) => [pathToFileURL(file).href, text]));
    const hook = `let table; export const initialize = (data) => { table = data; };
      export const load = async (url, context, next) => {
        const text = table[url.split('?')[0]];
        return text !== undefined && context.format === 'module'
          ? { format: 'module', source: text, shortCircuit: true } : next(url, context);
      };`;
    Module.register(`data:text/javascript,${encodeURIComponent(hook)}`, { data: urls });
  }
}

/** Loads every source file; says which could not be, and why. */
async function load() {
  const failed = {};
  for (const file of job.sources) {
    const full = path.join(ROOT(), file);
    try {
      let loaded;
      if (job.esm.includes(file)) loaded = await import(pathToFileURL(full).href);
      else loaded = require(full);
      modules.set(file, loaded);
    } catch (error) {
      failed[file] = outcomeOf(error);
    }
  }
  learn();
  return failed;
}

/** The ways from modules to functions and prototypes. */
function learn() {
  entries.clear();
  for (const [file, loaded] of modules) {
    const seen = new Set();
    const look = (value, keys, depth) => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
      seen.add(value);
      if (typeof value === 'function' && !entries.has(value)) entries.set(value, [file, ...keys]);
      if (typeof value === 'function' && value.prototype && Object.getOwnPropertyNames(value.prototype).length > 0) {
        if (!entries.has(value.prototype)) entries.set(value.prototype, [file, ...keys, 'prototype']);
        look(value.prototype, [...keys, 'prototype'], depth + 1);
      }
      if (depth >= 4) return;
      for (const key of Object.getOwnPropertyNames(value).slice(0, 200)) {
        if (['prototype', 'caller', 'callee', 'arguments', 'constructor', '__proto__'].includes(key)) continue;
        const own = Object.getOwnPropertyDescriptor(value, key);
        if (own && 'value' in own && typeof own.value !== 'string') look(own.value, [...keys, key], depth + 1);
        else if (own && own.get && depth === 0) {
          try { look(value[key], [...keys, key], depth + 1); } catch { /* a getter that needs more */ }
        }
      }
    };
    look(loaded, [], 0);
  }
}

function find([file, ...keys]) {
  let found = modules.get(file);
  for (const key of keys) found = found[key];
  return found;
}

function outcomeOf(error) {
  if (error instanceof Error || (error && typeof error.message === 'string')) {
    const name = error.constructor?.name || error.name;
    return wellFormed`${error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND' ? error.code : name}: ${String(error.message).split('\n')[0].slice(0, 300)}`;
  }
  return wellFormed`thrown: ${String(error).slice(0, 100)}`;
}

const wellFormed = (parts, ...values) => String.raw({ raw: parts }, ...values).toWellFormed();

/** The project's frames, the innermost last. */
function where(error) {
  const frames = [];
  for (const line of String(error?.stack ?? '').split('\n')) {
    const found = /^\s+at (?:(?:async |new )*(.*?) \()?(?:file:\/\/)?(\/[^)]*?):(\d+):\d+\)?$/.exec(line);
    if (!found) continue;
    const file = path.relative(ROOT(), found[2]);
    if (job.sources.includes(file)) {
      const called = (found[1] ?? '').replace(/^Object\.|^Function\.|^Module\.|^exports\./, '').replace(/ \[as .*\]$/, '');
      frames.unshift({ path: file, line: Number(found[3]), function: called || '<anonymous>' });
    }
  }
  return frames.slice(-8);
}

// Values as JSON that can be turned back, and compared: equal values give equal texts.

class Unfit extends Error {}

const BUILTIN = new Map(
  Object.entries({ Error, TypeError, RangeError, SyntaxError, URIError, ReferenceError, Array, Object })
    .map(([name, type]) => [type.prototype, name]),
);

function encode(value, { functions = 'entry' } = {}) {
  const seen = new Map();
  let nodes = 0;
  const visit = (it, depth) => {
    nodes += 1;
    if (nodes > 4000 || depth > 14) throw new Unfit('too large');
    if (it === null || typeof it === 'boolean') return it;
    // Half of a surrogate pair is no JSON that everybody reads.
    if (typeof it === 'string') return it.isWellFormed() ? it : { $: 'utf16', v: Array.from({ length: it.length }, (_, at) => it.charCodeAt(at)) };
    if (typeof it === 'number') {
      return Number.isFinite(it) && !Object.is(it, -0) ? it : { $: 'number', v: Object.is(it, -0) ? '-0' : String(it) };
    }
    if (it === undefined) return { $: 'undefined' };
    if (typeof it === 'bigint') return { $: 'bigint', v: String(it) };
    if (typeof it === 'symbol') {
      const known = Object.getOwnPropertyNames(Symbol).find((name) => Symbol[name] === it);
      if (known) return { $: 'symbol', v: known };
      if (functions === 'named') return { $: 'symbol', v: String(it) };
      throw new Unfit('a symbol');
    }
    if (seen.has(it)) return { $: 'again', v: seen.get(it) };
    seen.set(it, seen.size);
    if (entries.has(it)) return { $: 'entry', v: entries.get(it) };
    if (typeof it === 'function') {
      if (functions === 'named') return { $: 'function', v: it.name };
      const text = Function.prototype.toString.call(it);
      if (text.includes('[native code]')) {
        if (globalThis[it.name] === it) return { $: 'global', v: it.name };
        throw new Unfit('a native function');
      }
      if (text.length > 4000) throw new Unfit('a long function');
      return { $: 'source', v: text };
    }
    if (Buffer.isBuffer(it)) return { $: 'buffer', v: it.toString('base64') };
    if (ArrayBuffer.isView(it)) {
      return { $: 'view', k: it.constructor.name, v: Buffer.from(it.buffer, it.byteOffset, it.byteLength).toString('base64') };
    }
    if (it instanceof Date) return { $: 'date', v: it.getTime() };
    if (it instanceof RegExp) return { $: 'regexp', v: [it.source, it.flags] };
    if (it instanceof Map) return { $: 'map', v: [...it].map((pair) => pair.map((part) => visit(part, depth + 1))) };
    if (it instanceof Set) return { $: 'set', v: [...it].map((part) => visit(part, depth + 1)) };
    if (it instanceof Promise || it instanceof WeakMap || it instanceof WeakSet) throw new Unfit('a promise');
    const proto = Object.getPrototypeOf(it);
    if (Array.isArray(it) && proto === Array.prototype) return it.length > 3000 ? tooLong() : Array.from(it, (part) => visit(part, depth + 1));
    const props = [];
    for (const key of Object.keys(it)) {
      const own = Object.getOwnPropertyDescriptor(it, key);
      if (!('value' in own)) throw new Unfit('an accessor');
      props.push([visit(key, depth), visit(own.value, depth + 1)]);
    }
    if (proto === Object.prototype && !('$' in it)) return { $: 'object', v: props };
    if (proto === Object.prototype || proto === null) return { $: 'object', p: proto === null ? 'null' : 'object', v: props };
    if (entries.has(proto)) return { $: 'object', p: entries.get(proto), v: props };
    const name = BUILTIN.get(proto);
    if (name) return { $: 'object', p: name, m: it instanceof Error ? it.message : undefined, v: props };
    if (functions === 'named') return { $: 'object', p: `?${it.constructor?.name}`, v: props };
    throw new Unfit('an object of another class');
  };
  const tooLong = () => { throw new Unfit('too long'); };
  return visit(value, 0);
}

function decode(value) {
  const made = [];
  const visit = (it) => {
    if (it === null || typeof it !== 'object') return it;
    if (Array.isArray(it)) {
      const list = [];
      made.push(list);
      for (const part of it) list.push(visit(part));
      return list;
    }
    const keep = (what) => { made.push(what); return what; };
    switch (it.$) {
      case 'number': return Number(it.v);
      case 'utf16': return String.fromCharCode(...it.v);
      case 'undefined': return undefined;
      case 'bigint': return BigInt(it.v);
      case 'symbol': return Symbol[it.v];
      case 'again': return made[it.v];
      case 'entry': return keep(find(it.v));
      case 'source': return keep(evaluate(it.v));
      case 'global': return keep(globalThis[it.v]);
      case 'buffer': return keep(Buffer.from(it.v, 'base64'));
      case 'view': {
        const bytes = Buffer.from(it.v, 'base64');
        const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
        return keep(new globalThis[it.k](copy));
      }
      case 'date': return keep(new Date(it.v));
      case 'regexp': return keep(new RegExp(...it.v));
      case 'map': { const map = keep(new Map()); for (const [key, part] of it.v) map.set(visit(key), visit(part)); return map; }
      case 'set': { const set = keep(new Set()); for (const part of it.v) set.add(visit(part)); return set; }
      default: {
        const proto = Array.isArray(it.p) ? find(it.p) : it.p === 'null' ? null : (globalThis[it.p]?.prototype ?? Object.prototype);
        const object = keep(Object.create(proto));
        if (it.m !== undefined) Object.defineProperty(object, 'message', { value: it.m, configurable: true, writable: true });
        for (const [key, part] of it.v) {
          Object.defineProperty(object, visit(key), { value: visit(part), configurable: true, enumerable: true, writable: true });
        }
        return object;
      }
    }
  };
  return visit(value);
}

/** A test's callback by its source; what it needs of its surroundings is not there, and such a call is left out. */
function evaluate(text) {
  try { return vm.runInThisContext(`(${text})`); } catch { return vm.runInThisContext(`({${text}})[Object.keys({})[0]]`); }
}

const comparable = (value) => {
  try { return JSON.stringify(encode(value, { functions: 'named' })); } catch (error) { return `unreadable: ${error.message}`; }
};

/** As a service's own capture would write it: bounded JSON, or nothing. */
function plainJson(value) {
  try {
    const text = JSON.stringify(value);
    return text !== undefined && text.length <= MOST_CAPTURE && !/\\ud[89a-f]/.test(text) ? text : undefined;
  } catch { return undefined; }
}

// One call, bounded in time, and what came of it.

const bounded = new vm.Script('globalThis.__thymusCall()');

async function play(call, millis = CALL_MILLIS) {
  const self = decode(call.self);
  const args = decode(call.args);
  const target = find(call.entry);
  const out = { id: call.id };
  let result;
  const started = now();
  try {
    globalThis.__thymusCall = () => { result = Reflect.apply(target, self, args); };
    bounded.runInThisContext({ timeout: millis });
    if (result instanceof Promise || typeof result?.then === 'function') {
      let timer;
      const late = new Promise((_, reject) => { timer = setTimeout(() => reject(Object.assign(new Error('stopped'), { late: true })), millis); });
      try { result = await Promise.race([result, late]); } finally { clearTimeout(timer); }
    }
    out.ms = now() - started;
    if (result && typeof result.next === 'function' && typeof result[Symbol.iterator] === 'function') {
      const parts = [];
      for (const part of result) if (parts.push(part) >= 1000) break;
      result = parts;
    }
    out.ok = true;
  } catch (error) {
    out.ms = now() - started;
    out.ok = false;
    const late = error?.late || error?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    out.error = late ? 'TooLong: stopped' : outcomeOf(error);
    out.where = where(error);
    // A refusal: thrown by the project itself, on purpose.
    out.refused = !late && isRefusal(error, out.where);
    result = undefined;
  }
  out.result = comparable(result);
  out.after = comparable([self, args]);
  out.shown = plainJson(args);
  return out;
}

/** Whether the line that threw says `throw`. */
function isRefusal(error, frames) {
  const last = frames.at(-1);
  if (!last || !/Error$/.test(error?.constructor?.name ?? '')) return true;
  const lines = fs.readFileSync(path.join(ROOT(), last.path), 'utf8').split('\n');
  return lines.slice(Math.max(0, last.line - 2), last.line + 1).some((line) => /\bthrow\b|\bassert/.test(line));
}

const attempt = async (call) => {
  try { return await play(call); } catch (error) {
    return { id: call.id, ok: false, error: outcomeOf(error), ms: 0, where: where(error), refused: false };
  }
};

const asBefore = (call, said) =>
  call.error ? !said.ok && said.error.split(':')[0] === call.error : said.ok && said.result === call.result;

// capture

function capture() {
  const kept = new Map();
  const times = new Map();
  let inside = false;
  around = (handler, target, self, args) => {
    if (!inside) {
      inside = true;
      try { note(handler, target, self, args); } catch { /* what can't be encoded isn't captured */ } finally { inside = false; }
    }
    return Reflect.apply(target, self, args);
  };
  let known = 0;
  function note(handler, target, self, args) {
    const count = (times.get(handler.id) ?? 0) + 1;
    times.set(handler.id, count);
    const own = kept.get(handler.id) ?? kept.set(handler.id, new Map()).get(handler.id);
    if (own.size >= MOST_CAPTURED || count > 2000) return;
    if (known !== handlers.length) { refresh(); known = handlers.length; }
    own.entry ??= entryOf(handler);
    if (!own.entry && count <= 20) {
      // It was first called while its module was still being loaded.
      refresh();
      own.entry = entryOf(handler);
    }
    const called = own.entry;
    if (!called) return;
    const plain = called.includes('prototype') || (self !== undefined && entries.has(self));
    const text = JSON.stringify({ self: plain ? encode(self) : { $: 'undefined' }, args: encode(args) });
    if (text.length <= MOST_VALUE) own.set(text, { name: handler.name, path: handler.path, entry: called, ...JSON.parse(text) });
  }
  function refresh() {
    for (const file of job.sources) {
      const loaded = require.cache[path.join(ROOT(), file)];
      if (loaded) modules.set(file, loaded.exports);
    }
    learn();
  }
  function entryOf(handler) {
    for (const [value, way] of entries) {
      if (typeof value === 'function' && proxied.get(value) === handler.id) return way;
    }
    return undefined;
  }
  for (const file of job.esm) {
    import(pathToFileURL(path.join(ROOT(), file)).href).then((loaded) => { modules.set(file, loaded); known = -1; }, () => {});
  }
  process.on('exit', () => {
    const calls = [...kept.values()].flatMap((own) => [...own.values()]);
    if (calls.length) fs.writeFileSync(path.join(job.calls, `${process.pid}.json`), JSON.stringify(calls));
  });
}

// Which handler a wrapped function is.
const proxied = new WeakMap();
const wrap = globalThis.__thymus;
globalThis.__thymus = (fn, name, line, file) => {
  const before = handlers.length;
  const made = wrap(fn, name, line, file);
  if (handlers.length > before) proxied.set(made, before);
  return made;
};

// traffic

function dice(seed) {
  let state = Number(BigInt.asUintN(32, BigInt(seed)));
  const next = () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state / 2 ** 32; };
  const below = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[below(list.length)];
  const shuffle = (list) => {
    for (let at = list.length - 1; at > 0; at -= 1) { const other = below(at + 1); [list[at], list[other]] = [list[other], list[at]]; }
    return list;
  };
  return { next, below, pick, shuffle };
}

const isPlain = (it) => typeof it === 'object' && it !== null && (Array.isArray(it) || Object.getPrototypeOf(it) === Object.prototype);

function places(value, depth = 0) {
  const found = [[]];
  if (depth < 4 && isPlain(value)) {
    for (const key of Object.keys(value).slice(0, 20)) for (const rest of places(value[key], depth + 1)) found.push([key, ...rest]);
  }
  return found;
}

const at = (value, way) => way.reduce((inner, key) => inner[key], value);

function put(value, way, made) {
  if (!way.length) return made;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[way[0]] = put(value[way[0]], way.slice(1), made);
  return copy;
}

function other(value, chance) {
  if (value === null || value === undefined) return chance.pick([0, '', [], {}, null, undefined]);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return chance.pick([undefined, null, 0, 1, -1, value + 1, value * 2, -value]);
  if (typeof value === 'string') return chance.pick([undefined, null, '', value.slice(0, value.length >> 1), value + value.slice(-1), value.toUpperCase(), ` ${value}`]);
  if (Array.isArray(value)) return chance.pick([[], undefined, value.slice(0, 1), [...value, ...value], [...value].reverse()]);
  if (isPlain(value)) {
    const keys = Object.keys(value);
    if (keys.length && chance.next() < 0.6) { const copy = { ...value }; delete copy[chance.pick(keys)]; return copy; }
    return chance.pick([{}, undefined, null]);
  }
  return undefined;
}

function larger(value, times) {
  const unlike = (part, turn) => {
    if (typeof part === 'number') return part + turn;
    if (typeof part === 'string') return /^\w+$/.test(part) ? `${part}${turn}` : part;
    if (Array.isArray(part)) return part.map((inner) => unlike(inner, turn));
    if (isPlain(part)) return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, unlike(inner, turn)]));
    return part;
  };
  const turns = Array.from({ length: times }, (_, turn) => turn);
  if (Array.isArray(value) && value.length) return turns.flatMap((turn) => value.map((part) => unlike(part, turn)));
  if (typeof value === 'string' && value.length > 1) return value.repeat(times);
  if (isPlain(value) && Object.keys(value).length) {
    return Object.fromEntries(turns.flatMap((turn) => Object.entries(value).map(([key, inner]) => [turn ? `${key}${turn}` : key, unlike(inner, turn)])));
  }
  return undefined;
}

function variants(call, chance) {
  const made = [];
  const args = decode(call.args);
  const ways = places(args).filter((way) => way.length);
  const few = (count) => chance.shuffle([...ways]).slice(0, count);
  for (const way of few(6)) made.push(['varied', put(decode(call.args), way, other(at(args, way), chance))]);
  // Joined text is larger data too: `a=1` many times over.
  for (const way of few(4)) {
    for (const times of [40, 400]) {
      const more = larger(at(args, way), times);
      if (more !== undefined) made.push(['large', put(decode(call.args), way, more)]);
    }
  }
  if (args.length > 1) made.push(['varied', decode(call.args).slice(0, -1)]);
  return made;
}

async function traffic() {
  await load();
  const chance = dice(job.seed);
  const captured = fs.readdirSync(job.calls).sort().flatMap((file) => JSON.parse(fs.readFileSync(path.join(job.calls, file), 'utf8')));
  const of = new Map();
  for (const call of captured) {
    const key = call.path + call.name;
    if (!of.has(key)) of.set(key, []);
    of.get(key).push(call);
  }
  const kept = [];
  const seen = new Set();
  const refusals = new Map();
  const until = now() + job.seconds * 1000;
  const offer = async (call, kind) => {
    const text = JSON.stringify([call.entry, call.self, call.args]);
    const digest = createHash('sha256').update(text).digest('hex');
    if (seen.has(digest) || text.length > 400_000 || now() > until) return false;
    seen.add(digest);
    const made = { id: kept.length, kind, ...call };
    const first = await attempt(made);
    if (!first.ok) {
      const count = refusals.get(call.name) ?? 0;
      if (kind === 'large' || !first.refused || count >= 4) return false;
      refusals.set(call.name, count + 1);
      made.kind = 'refused';
      made.error = first.error.split(':')[0];
    }
    if (first.ms > (kind === 'large' ? 60 : 40)) return false;
    const second = await attempt(made);
    made.settled = first.ok === second.ok && first.result === second.result && first.after === second.after && !first.result.startsWith('unreadable');
    made.ms = Math.min(first.ms, second.ms);
    if (kind === 'large' && made.ms < 0.05) return false;
    Object.assign(made, { result: first.result, after: first.after, shown: first.shown, digest: digest.slice(0, 12) });
    kept.push(made);
    return true;
  };
  for (const name of [...of.keys()].sort()) {
    const fine = [];
    let varied = 0;
    let large = 0;
    const calls = of.get(name).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    for (const call of chance.shuffle(calls)) {
      if (fine.length < 14 && (await offer(call, 'captured'))) fine.push(call);
    }
    for (const call of fine) {
      let made = [];
      try { made = variants(call, chance); } catch { /* a stranger's value */ }
      for (const [kind, args] of made) {
        if (kind === 'varied' ? varied >= 24 : large >= 6) continue;
        let encoded;
        try { encoded = encode(args); } catch { continue; }
        if (await offer({ ...call, args: encoded }, kind)) {
          if (kind === 'varied') varied += 1;
          else large += 1;
        }
      }
    }
  }
  return { calls: kept, handlers };
}

// probe, check, pace

let seenHandlers = [];
let reached = new Set();
const watch = (handler, target, self, args) => {
  if (seenHandlers.length < 60) seenHandlers.push(handler.name);
  reached.add(handler.name);
  return Reflect.apply(target, self, args);
};

function callsOf() {
  const wanted = job.only ? new Set(job.only) : null;
  return JSON.parse(fs.readFileSync(job.traffic, 'utf8')).calls.filter((call) => !wanted || wanted.has(call.id));
}

async function probe() {
  around = job.watch ? watch : null;
  const failed = await load();
  const outcomes = [];
  const until = now() + job.seconds * 1000;
  for (const call of callsOf()) {
    if (now() > until) break;
    const runs = [];
    reached = new Set();
    for (let turn = 0; turn < (job.times ?? 1); turn += 1) {
      seenHandlers = [];
      runs.push(await attempt(call));
      if (!runs.at(-1).ok) break;
    }
    const last = runs.at(-1);
    outcomes.push({
      id: call.id, ok: last.ok, error: last.error ?? null, ms: Math.min(...runs.map((run) => run.ms)), refused: last.refused ?? false,
      same: runs.every((run) => asBefore(call, run)), same_after: runs.every((run) => run.after === call.after),
      same_shown: last.shown === call.shown, where: last.where ?? [], sequence: seenHandlers, reached: [...reached],
    });
  }
  return { failed, outcomes };
}

async function check() {
  around = watch;
  const failed = await load();
  const wrong = Object.entries(failed).filter(([file]) => !job.absent.includes(file)).map(([file, why]) => `${file}: ${why}`);
  const calls = callsOf();
  if (!calls.length) wrong.push('there is nothing to check');
  for (const call of calls) {
    // Twice, because what a first call left behind may spoil the second.
    await attempt(call);
    seenHandlers = [];
    const said = await attempt(call);
    const shown = `${call.name} ${said.error ?? String(said.result).slice(0, 200)}`;
    if (!asBefore(call, said)) wrong.push(shown);
    else if (job.looks.includes('after') && said.after !== call.after) wrong.push(`${shown}: arguments changed`);
    else if (job.looks.includes('sequence') && seenHandlers.join() !== call.sequence.join()) wrong.push(`${shown}: ran ${seenHandlers}, not ${call.sequence}`);
  }
  for (const line of wrong.slice(0, 20)) console.error(line);
  return { wrong: wrong.length };
}

/** A hidden test of documentation: the name that is gone from the code is gone from the file, and the right one is there. */
async function reads() {
  const text = fs.readFileSync(path.join(ROOT(), job.path), 'utf8');
  const wrong = text.includes(job.gone) || !text.includes(job.named);
  if (wrong) console.error(`${job.path} says ${job.gone}, not ${job.named}`);
  return { wrong: wrong ? 1 : 0 };
}

async function pace() {
  const { spawnSync } = require('node:child_process');
  const best = {};
  const scratch = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'thymus-pace-'));
  for (let turn = 0; turn < job.turns; turn += 1) {
    for (const root of turn % 2 ? ['here', 'healthy'] : ['healthy', 'here']) {
      const inner = { ...job, mode: 'probe', times: 3, root: root === 'here' ? job.root : job.healthy, out: path.join(scratch, 'out.json') };
      const file = path.join(scratch, 'job.json');
      fs.writeFileSync(file, JSON.stringify(inner));
      const ended = spawnSync(process.execPath, [__filename, file], { timeout: 120_000, stdio: ['ignore', 'ignore', 'inherit'] });
      if (ended.status !== 0) return { wrong: 1 };
      const { outcomes } = JSON.parse(fs.readFileSync(inner.out, 'utf8'));
      if (root === 'here' && !outcomes.every((it) => it.same)) { console.error('a call gives something else'); return { wrong: 1 }; }
      const spent = outcomes.reduce((sum, it) => sum + it.ms, 0);
      best[root] = Math.min(best[root] ?? spent, spent);
    }
  }
  const ratio = best.here / Math.max(best.healthy, 1e-6);
  console.error(`${ratio.toFixed(2)} times the healthy program's time, at most ${job.most.toFixed(2)}`);
  return { wrong: ratio > job.most ? 1 : 0, ratio };
}

// record

async function record() {
  const from = Module.createRequire(path.join(job.harness, 'package.json'));
  const { context, trace, SpanStatusCode } = from('@opentelemetry/api');
  const { NodeTracerProvider, BatchSpanProcessor } = from('@opentelemetry/sdk-trace-node');
  const { resourceFromAttributes, defaultResource } = from('@opentelemetry/resources');
  const { JsonTraceSerializer } = from('@opentelemetry/otlp-transformer');
  const lines = [];
  // What the SDK's own serializer makes of spans, a line an export, as the Collector's file exporter writes them.
  const exporter = {
    export(spans, done) { lines.push(Buffer.from(JsonTraceSerializer.serializeRequest(spans))); done({ code: 0 }); },
    shutdown: async () => {}, forceFlush: async () => {},
  };
  const provider = new NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': job.service, 'service.version': job.version })),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 1 << 17, maxExportBatchSize: 512, scheduledDelayMillis: 60_000 })],
  });
  provider.register();
  const tracer = trace.getTracer(job.service, job.version);
  let on = false;
  let left = 0;
  let depth = 0;
  around = (handler, target, self, args) => {
    if (!on || left <= 0 || depth >= 6) return Reflect.apply(target, self, args);
    left -= 1;
    const attributes = { 'code.function.name': handler.name, 'code.file.path': handler.path, 'code.line.number': handler.line };
    const given = plainJson(args);
    if (given !== undefined) attributes['thymus.args'] = given;
    const span = tracer.startSpan(handler.name, { attributes });
    const end = () => {
      const after = given === undefined ? undefined : plainJson(args);
      if (after !== undefined) span.setAttribute('thymus.args.after', after);
      span.end();
    };
    const finish = (result) => {
      const text = plainJson(result);
      if (text !== undefined) span.setAttribute('thymus.result', text);
      end();
      return result;
    };
    const fail = (error) => {
      span.recordException(error instanceof Error ? error : new Error(String(error)));
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error?.message ?? error) });
      end();
      throw error;
    };
    return context.with(trace.setSpan(context.active(), span), () => {
      let result;
      depth += 1;
      try { result = Reflect.apply(target, self, args); } catch (error) { return fail(error); } finally { depth -= 1; }
      return result instanceof Promise ? result.then(finish, fail) : finish(result);
    });
  };
  const failed = await load();
  const calls = callsOf();
  const chance = dice(job.seed);
  const focus = new Set(job.focus ?? []);
  const until = now() + job.seconds * 1000;
  let used = 0;
  let played = 0;
  let broken = 0;
  const missing = async (call) => {
    // A module that can't be loaded: the span of the job that needed it shows why.
    const span = tracer.startSpan(`${call.path} ${call.name}`);
    try {
      const full = path.join(ROOT(), call.entry[0]);
      if (job.esm.includes(call.entry[0])) await import(pathToFileURL(full).href);
      else require(full);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error?.message ?? error) });
    }
    span.end();
  };
  for (let round = 0; round < job.rounds; round += 1) {
    for (const call of chance.shuffle([...calls, ...calls.filter((one) => focus.has(one.id))])) {
      if (now() > until || used >= job.spans) break;
      if (failed[call.entry[0]]) { await missing(call); used += 1; broken += 1; continue; }
      let target;
      let self;
      let args;
      try { target = find(call.entry); self = decode(call.self); args = decode(call.args); } catch { broken += 1; continue; }
      const most = Math.min(24, job.spans - used);
      left = most;
      on = true;
      try {
        // A promise of another kind, or one that never ends, is let go after its time.
        const result = Reflect.apply(target, self, args);
        if (result instanceof Promise) await Promise.race([result, new Promise((done) => { setTimeout(done, CALL_MILLIS).unref(); })]);
      } catch { broken += 1; } finally { on = false; }
      used += most - left;
      played += 1;
    }
  }
  await provider.forceFlush();
  await provider.shutdown();
  fs.writeFileSync(job.telemetry, require('node:zlib').gzipSync(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))));
  return { failed, played, broken, spans: used };
}

async function main() {
  // What a call does late or wrongly is not the driver's end.
  process.on('uncaughtException', () => {});
  process.on('unhandledRejection', () => {});
  const modes = { traffic, probe, check, reads, pace, record };
  const said = await modes[job.mode]();
  // What is left of halved characters would be refused by strict readers; such calls compare unequal and drop out.
  const text = JSON.stringify(said).replace(/(?<!\\)((?:\\\\)*)\\u(d[89a-f][0-9a-f]{2})/gi, '$1\\ufffd');
  if (job.out) fs.writeFileSync(job.out, text);
  process.exit(said.wrong ? 1 : 0);
}

const file = process.env.THYMUS_INJECT_JOB ?? process.argv[2];
job = JSON.parse(fs.readFileSync(file, 'utf8'));
for (const key of ['root', 'healthy', 'calls', 'traffic', 'telemetry', 'harness', 'out']) if (job[key]) job[key] = path.resolve(job[key]);
instrument();
if (process.env.THYMUS_INJECT_JOB) capture();
else {
  console.log = () => {};
  console.warn = () => {};
  main();
}
