import { InferenceSession } from 'onnxruntime-node';

/** Where operators run. */
export const PROVIDERS = ['cpu', 'webgpu'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** How the embedded engine computes. */
export interface EngineSettings {
  /** Threads inside one operator; 2 by default. */
  readonly threads: number;
  /** In order of preference; `['cpu']` by default. What a device lacks runs on the CPU. */
  readonly providers: readonly Provider[];
  /**
   * Most tokens, padding included, that one pass holds; 4096 by default. Larger calls are divided into passes whose gradients
   * add up, so this bounds the memory of activations whatever the caller submits.
   */
  readonly tokensPerPass: number;
}

/** Makes sessions on the first provider that works; when there is no device it says so once and stays on the CPU. */
export class Sessions {
  readonly #threads: number;
  #providers: readonly Provider[];
  /** Why another provider than the first is used, in one line; undefined while the first one works. */
  fallback: string | undefined;

  constructor({ threads, providers }: Pick<EngineSettings, 'threads' | 'providers'>) {
    this.#threads = threads;
    this.#providers = providers;
  }

  async create(model: Uint8Array, more: InferenceSession.SessionOptions = {}): Promise<InferenceSession> {
    const options = { intraOpNumThreads: this.#threads, interOpNumThreads: 1, logSeverityLevel: 3, ...more } as const;
    if (this.#providers.includes('webgpu')) {
      try {
        return await InferenceSession.create(model, { ...options, executionProviders: [...this.#providers] });
      } catch (error) {
        // The library's message begins with places in its source.
        const reason = (error as Error).message.replace(/^.*was false\. /s, '').trim();
        this.fallback = `webgpu: no device can be used (${reason}); computing on the CPU`;
        this.#providers = ['cpu'];
      }
    }
    return InferenceSession.create(model, options);
  }
}
