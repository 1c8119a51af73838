import { attributionOf } from './attribution.ts';
import { openForward } from './forward.ts';
import { gradientOf } from './gradient.ts';
import { patchHeadsOf } from './patch.ts';
import type { Decoder, OpenOptions } from './types.ts';

/**
 * Opens a decoder for taps, interventions, gradients and exact patches.
 *
 * @param source path of an .onnx file (external weights beside it), or its bytes
 * @throws GraphError `malformed`, `unsupported` (no decoder that is known, with the nearest candidates), `not-found`, `device`
 */
export async function openDecoder(source: string | Uint8Array, options: OpenOptions = {}): Promise<Decoder> {
  const forward = await openForward(source, options);
  const patch = patchHeadsOf(forward);
  return {
    anatomy: forward.anatomy,
    device: forward.device,
    inputNames: forward.anatomy.inputs.map(({ name }) => name),
    run: forward.run,
    gradient: gradientOf(forward),
    attribute: attributionOf(forward),
    patchHeads: patch.run,
    close: async () => {
      await patch.close();
      await forward.close();
    },
  };
}
