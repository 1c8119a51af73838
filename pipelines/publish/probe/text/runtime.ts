import program from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
import { env } from '#ort';

/**
 * ONNX Runtime in a Worker: code may not be compiled there, so its program is a module of the bundle, and is given where the
 * runtime would compile bytes.
 */
export function startRuntime(): void {
  const instantiate = async (_bytes: unknown, imports?: WebAssembly.Imports) => ({
    module: program,
    instance: new WebAssembly.Instance(program, imports),
  });
  WebAssembly.instantiate = instantiate as typeof WebAssembly.instantiate;
  env.wasm.numThreads = 1;
  // Any bytes: the runtime then fetches nothing.
  env.wasm.wasmBinary = new Uint8Array(8).buffer;
  env.logLevel = 'error';
}
