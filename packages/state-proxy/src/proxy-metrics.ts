import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What {@link ProxyMetrics} reads when it is asked. */
interface MetricSources {
  readonly requestsInHand: () => number;
  readonly bodyBytes: () => number;
  readonly rememberedKeys: () => number;
  readonly forgottenKeys: () => number;
}

// From a store on the same machine to its longest deadline.
const durationBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts requests, in the format that Prometheus reads. */
export class ProxyMetrics {
  readonly #registry = new Registry();
  readonly #durations: Histogram<"operation" | "status">;
  readonly #broken: Counter;

  constructor(sources: MetricSources) {
    const registers = [this.#registry];
    this.#durations = new Histogram({
      name: "state_proxy_request_duration_seconds",
      help: "How long requests took, by operation and status.",
      labelNames: ["operation", "status"],
      buckets: durationBucketsSeconds,
      registers,
    });
    this.#broken = new Counter({
      name: "state_proxy_broken_requests_total",
      help: "Requests whose sender went away before they were whole; they have written nothing.",
      registers,
    });
    this.#gauge("state_proxy_requests_in_hand", "Requests that are being answered.", sources.requestsInHand);
    this.#gauge("state_proxy_body_bytes", "Bytes of bodies in memory, or kept free for them.", sources.bodyBytes);
    this.#gauge("state_proxy_remembered_keys", "Keys whose last version is remembered.", sources.rememberedKeys);
    this.#gauge("state_proxy_forgotten_keys", "Keys that were forgotten for lack of room.", sources.forgottenKeys);
  }

  answered(operation: string, status: number, durationSeconds: number): void {
    this.#durations.observe({ operation, status: String(status) }, durationSeconds);
  }

  brokeOff(): void {
    this.#broken.inc();
  }

  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #gauge(name: string, help: string, read: () => number): void {
    const collect = function collect(this: Gauge): void {
      this.set(read());
    };
    this.#registry.registerMetric(new Gauge({ name, help, registers: [], collect }));
  }
}
