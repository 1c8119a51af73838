import * as ort from '#ort';
import { GraphError } from './errors.ts';
import type { ElementType, Tensor } from './tensor.ts';
import type { Device } from './types.ts';

export interface SessionOptions {
  readonly device?: Device;
  /** Threads inside one operator (default 1: results do not depend on the machine's load). */
  readonly threads?: number;
  /** Folder of external weights, where the graph is passed as bytes. */
  readonly externalFolder?: string;
  /** Nodes that a GPU does not take run on the CPU; where absent, such a graph is refused. */
  readonly mixed?: boolean;
}

/** An ONNX graph ready to run on one device. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Where the nodes of an opened graph run; on a GPU the host computes masks, positions and shapes first. */
  readonly placement?: { readonly device: Device; readonly nodes: number; readonly host: number };
  /**
   * @param outputs names wanted; all where absent.
   * @param into tensors that receive outputs by name, so that nothing is allocated; not among the inputs of the same run.
   */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    outputs?: readonly string[],
    into?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

const ORT_TYPE: Record<ElementType, ort.Tensor.Type> = {
  float32: 'float32',
  float64: 'float64',
  float16: 'float16',
  int64: 'int64',
  int32: 'int32',
  int8: 'int8',
  uint8: 'uint8',
  bool: 'bool',
};

const UNKNOWN_OP = /No Op registered|not a registered function/;
const firstLine = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;

/**
 * The binding copies what it wrote into a given tensor once more. That copy is given back at once, while it is in the cache: left to the
 * collector, some megabytes a run make it mark the whole heap again and again.
 */
function release(copy: ort.Tensor, kept: Tensor): void {
  const { buffer } = copy.data as Float32Array<ArrayBuffer>;
  if (buffer !== kept.data.buffer) buffer.transfer?.(0);
}

/** Opens a session; a node that falls back from a GPU to the CPU is an error, unless `mixed`. Throws `GraphError`. */
export async function openSession(model: Uint8Array | string, options: SessionOptions = {}): Promise<Session> {
  const device = options.device ?? 'cpu';
  // products with stored integers round no activations: 1 = computed in float32. Idle threads of one session leave the cores to others.
  const extra: Record<string, string> = { qdq_matmulnbits_accuracy_level: '1', force_spinning_stop: '1' };
  if (options.externalFolder) extra['model_external_initializers_file_folder_path'] = options.externalFolder;
  if (device !== 'cpu' && !options.mixed) extra['disable_cpu_ep_fallback'] = '1';
  const settings: ort.InferenceSession.SessionOptions = {
    executionProviders: [device],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    // what goes wrong is thrown; the runtime's own lines would only repeat it
    logSeverityLevel: 4,
    extra: { session: extra },
  };
  let inner: ort.InferenceSession;
  try {
    inner =
      typeof model === 'string'
        ? await ort.InferenceSession.create(model, settings)
        : await ort.InferenceSession.create(model, settings);
  } catch (cause) {
    const why = firstLine(cause);
    throw new GraphError(
      UNKNOWN_OP.test(why) ? 'unsupported' : 'device',
      `the graph does not open on ${device}: ${why}`,
      `check the graph, or choose another --device than ${device}`,
      { cause },
    );
  }
  return {
    inputNames: inner.inputNames,
    outputNames: inner.outputNames,
    async run(inputs, outputs = inner.outputNames, into = {}) {
      const wrap = (t: Tensor) => new ort.Tensor(ORT_TYPE[t.type], t.data as never, t.dims as number[]);
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, t]) => [name, wrap(t)]));
      const fetches = Object.fromEntries(outputs.map((name) => [name, into[name] ? wrap(into[name]) : null]));
      const result = await inner.run(feeds, fetches).catch((cause: unknown) => {
        const why = `the graph does not run on these inputs: ${firstLine(cause)}`;
        throw new GraphError('shape', why, 'check their shapes and types', { cause });
      });
      return Object.fromEntries(
        outputs.map((name) => {
          // what goes in and comes out unchanged is not written
          if (into[name] && inputs[name]) into[name].data.set(inputs[name].data as never);
          if (into[name]) {
            release(result[name]!, into[name]);
            return [name, into[name]];
          }
          const t = result[name]!;
          return [
            name,
            {
              type: t.type as ElementType,
              dims: t.dims,
              data: t.data as never,
            } satisfies Tensor,
          ];
        }),
      );
    },
    close: () => inner.release(),
  };
}
