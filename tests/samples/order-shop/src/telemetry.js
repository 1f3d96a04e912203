// OpenTelemetry around the handlers: one span per call, with where the code is and what went in and came out.
// The SDK is an optional dependency: without it, or without an endpoint, the shop runs untraced.
import { readFileSync } from 'node:fs';
import { HttpError } from './errors.js';

const ROOT = new URL('../', import.meta.url);
const SECRET = new Set(['card', 'email']);
const MAX_CAPTURE = 4096;

function capture(value) {
  const text = JSON.stringify(value, (key, inner) => (SECRET.has(key) ? '[redacted]' : inner));
  return text !== undefined && text.length <= MAX_CAPTURE ? text : undefined;
}

function lineOf(path, name) {
  const lines = readFileSync(new URL(path, ROOT), 'utf8').split('\n');
  const index = lines.findIndex((line) => line.includes(`function ${name}(`));
  return index < 0 ? undefined : index + 1;
}

const expected = (error) => error instanceof HttpError && error.status < 500;

/** What the shop needs of telemetry when there is none. */
export const silent = {
  wrap: (fn) => fn,
  request: (_method, _route, work) => work(() => {}),
  stop: async () => {},
};

/** Starts the SDK with an OTLP/HTTP JSON exporter, or gives `silent`. */
export async function startTelemetry({ endpoint, version }) {
  if (!endpoint) {
    return silent;
  }
  const [{ context, trace, SpanKind, SpanStatusCode }, sdk, { OTLPTraceExporter }, { defaultResource, resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  const provider = new sdk.NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': 'order-shop', 'service.version': version })),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter, { maxQueueSize: 8192, scheduledDelayMillis: 200 })],
  });
  provider.register();
  const tracer = trace.getTracer('order-shop', version);

  // What a call did to its arguments; said only when it did something.
  function compare(span, args, before) {
    const after = capture(args);
    if (before !== undefined && after !== undefined && after !== before) {
      span.setAttribute('thymus.args.after', after);
    }
  }

  function finish(span, result) {
    const text = capture(result);
    if (text !== undefined) {
      span.setAttribute('thymus.result', text);
    }
    span.end();
    return result;
  }

  function fail(span, error) {
    if (expected(error)) {
      span.setAttribute('shop.refused', error.status);
    } else {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    }
    span.end();
    throw error;
  }

  function wrap(fn, name, path) {
    const attributes = { 'code.function.name': name, 'code.file.path': path, 'code.line.number': lineOf(path, name) };
    return (...args) => {
      const before = capture(args);
      const span = tracer.startSpan(name, { attributes: { ...attributes, 'thymus.args': before } });
      const done = (end) => (outcome) => {
        compare(span, args, before);
        return end(span, outcome);
      };
      return context.with(trace.setSpan(context.active(), span), () => {
        let result;
        try {
          result = fn(...args);
        } catch (error) {
          return done(fail)(error);
        }
        return result instanceof Promise ? result.then(done(finish), done(fail)) : done(finish)(result);
      });
    };
  }

  function request(method, route, work) {
    const attributes = { 'http.request.method': method, 'http.route': route };
    return tracer.startActiveSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, async (span) => {
      try {
        return await work((status) => {
          span.setAttribute('http.response.status_code', status);
          if (status >= 500) {
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
        });
      } finally {
        span.end();
      }
    });
  }

  return { wrap, request, stop: () => provider.shutdown() };
}
