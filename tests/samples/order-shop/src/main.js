// Starts the shop: PORT (0 picks a free one), OTEL_EXPORTER_OTLP_ENDPOINT for telemetry.
import { readFileSync } from 'node:fs';
import { createShop } from './app.js';
import { startTelemetry } from './telemetry.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const telemetry = await startTelemetry({ endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT, version });
const shop = createShop(telemetry);

shop.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`order-shop listens on ${shop.address().port}`);
});

process.once('SIGTERM', () => {
  shop.close(async () => {
    await telemetry.stop();
    process.exit(0);
  });
  shop.closeIdleConnections();
});
