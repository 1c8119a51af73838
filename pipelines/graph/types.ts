import type { Tensor } from './tensor.ts';

export type Device = 'cpu' | 'webgpu' | 'cuda';

/** A TransformerLens hook name: `blocks.2.hook_resid_post`, `blocks.0.attn.hook_z`, `logits`, ... */
export type Site = string;

/** What was found in a decoder's graph. Sizes are counts; `dModel = width of the residual stream`. */
export interface Anatomy {
  readonly layers: number;
  readonly dModel: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly dHead: number;
  readonly vocab: number;
  /** Name of the graph input that carries tokens: ids `[batch,pos]` or embeddings `[batch,pos,dModel]`. */
  readonly tokens: {
    readonly input: string;
    readonly kind: 'ids' | 'embeddings';
  };
  /** Every site that can be tapped, in the order of the forward pass. */
  readonly sites: readonly Site[];
}

export type InterventionOp = 'zero' | 'set' | 'add' | 'scale' | 'project_out';

/**
 * A change of one site in the forward pass. The selected slice is `[batch, n, dModel]`, at `hook_z`
 * `[batch, n, head, dHead]`, with `head` `[batch, n, dHead]`; `value` broadcasts to it from the right.
 */
export interface Intervention {
  readonly at: Site;
  readonly op: InterventionOp;
  readonly head?: number;
  readonly positions?: readonly number[];
  readonly value?: Tensor;
  readonly factor?: number;
}

/**
 * K scalar metrics of one forward pass: `m[k,b] = sum_pos mask[b,pos] * act(x[b,pos] . direction[k] + bias[k])`,
 * `x` a residual-stream site.
 */
export interface Metric {
  readonly at: Site;
  /** `[K, dModel]` */
  readonly direction: Tensor<'float32'>;
  /** `[K]`, zeros where absent */
  readonly bias?: Tensor<'float32'>;
  /** `[batch, pos]` of 0 and 1 */
  readonly mask: Tensor<'float32'>;
  readonly activation: 'identity' | 'relu';
}

/** Inputs of a forward pass by graph input name; absent `past_key_values.*` are empty, absent masks all ones. */
export type DecoderInputs = Readonly<Record<string, Tensor>>;

export interface RunOptions {
  readonly taps?: readonly Site[];
  readonly interventions?: readonly Intervention[];
  /**
   * Results of an earlier run whose memory this one may overwrite: a loop over batches of one shape then stays within the same
   * memory, and the batch goes through the graph in parts that the cache holds. Not with interventions, and on the CPU alone.
   */
  readonly into?: Readonly<Record<Site, Tensor<'float32'>>>;
}

export interface GradientResult {
  /** `[K, batch]` */
  readonly metric: Tensor<'float32'>;
  /** By site of `wrt`: the gradient `[K, batch, pos, ...]`; at `hook_z` `[K, batch, pos, head, dHead]`. */
  readonly grads: Readonly<Record<Site, Tensor<'float32'>>>;
  /** The forward values of the sites of `wrt`, `[batch, pos, ...]`. */
  readonly values: Readonly<Record<Site, Tensor<'float32'>>>;
}

export interface HeadRef {
  readonly layer: number;
  readonly head: number;
}

/** Attribution patching of every head up to a layer (Nanda 2023; Syed et al. 2310.10348), one side of it. */
export interface AttributionSide {
  /** Metrics of this run, `[K, batch]`. */
  readonly metric: Tensor<'float32'>;
  /** Sum over positions and `dHead` of `(z of the other run - z) * dm/dz`, `[K, batch, layer, head]`. */
  readonly effect: Tensor<'float32'>;
  /** Mean over positions of the absolute sum over `dHead`, `[K, batch, layer, head]`. */
  readonly absolute: Tensor<'float32'>;
  /** The sum over `dHead` by position, `[K, batch, layer, pos, head]`, where it was asked for. */
  readonly byPosition?: Tensor<'float32'>;
}

export interface AttributionOptions {
  /** Layers 0 to this one; the metric's own layer where absent. */
  readonly layer?: number;
  /** Gradient taken in the clean run (effect of noising), or in both. `both` where absent. */
  readonly sides?: 'clean' | 'both';
  /** Positions that count, `[batch, pos]` of 0 and 1; all where absent. */
  readonly positions?: Tensor<'float32'>;
  readonly byPosition?: boolean;
}

export interface Attribution {
  readonly clean: AttributionSide;
  /** The corrupt run's, towards the clean one; absent where only `clean` was asked for. */
  readonly corrupt?: AttributionSide;
}

/** An open decoder: taps, interventions, gradients and exact patches, all by TransformerLens hook names. */
export interface Decoder {
  readonly anatomy: Anatomy;
  readonly device: Device;
  /** Names of the graph's inputs, as `DecoderInputs` takes them. */
  readonly inputNames: readonly string[];
  /** One forward pass, cut after the last site asked for. Gives float32 tensors by site. */
  run(inputs: DecoderInputs, options?: RunOptions): Promise<Record<Site, Tensor<'float32'>>>;
  /** Total gradient of K metrics with respect to sites, in one batched backward pass. */
  gradient(inputs: DecoderInputs, metric: Metric, wrt: readonly Site[]): Promise<GradientResult>;
  /**
   * Attribution of all heads up to a layer to K metrics, reduced inside the graph: no gradient leaves it.
   * @param corrupt inputs of the same shapes as `clean`
   */
  attribute(
    clean: DecoderInputs,
    corrupt: DecoderInputs,
    metric: Metric,
    options?: AttributionOptions,
  ): Promise<Attribution>;
  /**
   * Exact effect on each metric of setting one head's z to `replacement` (the z of another run) at every position,
   * everything after it recomputed: `m(patched) - m(unpatched)`.
   * @param replacement by site `blocks.L.attn.hook_z`, `[batch, pos, head, dHead]`
   * @returns `[heads.length, K, batch]`
   */
  patchHeads(
    inputs: DecoderInputs,
    metric: Metric,
    heads: readonly HeadRef[],
    replacement: Readonly<Record<Site, Tensor<'float32'>>>,
  ): Promise<Tensor<'float32'>>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly device?: Device;
  /** Threads inside one operator; 1 keeps results independent of the machine's load. */
  readonly threads?: number;
  /** Nodes that a GPU does not take (shapes, int64) run on the CPU; where absent, such a graph is refused. */
  readonly mixed?: boolean;
  /**
   * Bytes that a gradient may keep of the forward pass, 2 GiB where absent. Beyond it the batch is taken in parts, and where one
   * sequence is too long the layers are computed again one by one.
   */
  readonly gradientMemory?: number;
}
