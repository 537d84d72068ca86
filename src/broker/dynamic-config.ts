/** The broker's configuration as it is in force: dynamic settings, which are part of the cluster image, over those given at start. */
import { configOf, ResourceType, type ClusterImage } from '../cluster/image.ts';
import { effectiveConfig, type BrokerLayers } from '../config/layers.ts';
import type { ServerConfig } from '../config/server.ts';
import type { Logger } from '../platform/logger.ts';
import { ignoredSettings } from './ignored-settings.ts';

export class DynamicConfig {
  readonly #reportIgnored: (layers: BrokerLayers) => void;
  #layers: BrokerLayers;
  #inForce: ServerConfig;

  /** @throws {ConfigError} for a setting that cannot be used */
  constructor(settings: ReadonlyMap<string, string>, logger: Logger) {
    this.#reportIgnored = ignoredSettings(logger);
    this.#layers = { static: settings, cluster: new Map(), broker: new Map() };
    this.#inForce = effectiveConfig(this.#layers);
  }

  get inForce(): ServerConfig {
    return this.#inForce;
  }

  /** What `inForce` is made of. */
  get layers(): BrokerLayers {
    return this.#layers;
  }

  /** Takes the dynamic settings of a new image. */
  apply(image: ClusterImage): void {
    const cluster = configOf(image, ResourceType.broker, '');
    const broker = configOf(image, ResourceType.broker, String(this.#inForce['node.id']));
    if (cluster === this.#layers.cluster && broker === this.#layers.broker) return;
    this.#layers = { static: this.#layers.static, cluster, broker };
    this.#inForce = effectiveConfig(this.#layers);
    this.#reportIgnored(this.#layers);
  }
}
