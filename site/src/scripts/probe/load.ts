import type { LiveFile, LiveIndex } from '#release/probe/live.ts';
import { byId, megabytes } from './dom.ts';
import { type Remote, startRemote } from './remote.ts';

const DEVICES = { wasm: 'the processor (WebAssembly)', webgpu: 'the graphics card (WebGPU)' } as const;

/** Bytes that the button downloads: the runtime for the device, the model, its tokenizer and means. */
const total = ({ runtime, model, means }: LiveIndex, device: keyof typeof DEVICES): number =>
  [runtime[device].wasm, ...Object.values(model as Record<string, LiveFile>), means].reduce(
    (sum, f) => sum + f.bytes,
    0,
  );

/** Says how much will be loaded and on what it will run; loads when asked, with progress. */
export async function loadButton(index: LiveIndex, opened: (remote: Remote) => void): Promise<void> {
  const button = byId<HTMLButtonElement>('load');
  const bar = byId<HTMLProgressElement>('load-progress');
  const status = byId('probe-status');
  let done = 0;
  let all = 0;
  const remote = startRemote(index.scripts.engine.path, (bytes) => {
    done += bytes;
    bar.value = done;
    status.textContent = `${megabytes(Math.min(done, all))} of ${megabytes(all)} MB`;
  });
  const chosen = await remote.choose();
  all = total(index, chosen.device);
  button.textContent = `Load the model (${megabytes(all)} MB)`;
  button.disabled = false;
  status.textContent = `It will run on ${DEVICES[chosen.device]}${chosen.note ? `: ${chosen.note}` : ''}. Nothing leaves this page.`;
  document.body.dataset['probe'] = 'waiting';
  button.addEventListener('click', async () => {
    button.disabled = true;
    bar.hidden = false;
    bar.max = all;
    try {
      const open = await remote.open(index, chosen);
      button.hidden = true;
      bar.hidden = true;
      status.textContent = `The model runs on ${DEVICES[open.device]}${open.note ? `: ${open.note}` : ''}.`;
      opened(remote);
    } catch (error) {
      button.disabled = false;
      bar.hidden = true;
      done = 0;
      status.textContent = `The model did not load: ${(error as Error).message}. Try again.`;
      document.body.dataset['probe'] = 'failed';
    }
  });
}
