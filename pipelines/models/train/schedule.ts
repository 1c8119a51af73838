/** One cycle (Smith 2018), as PyTorch's `OneCycleLR` anneals by cosines: up from `peak/25`, down to `peak/250000`. */
export interface Cycle {
  readonly peak: number;
  readonly steps: number;
  /** Share of the steps that go up. */
  readonly warmup: number;
}

const cosine = (from: number, to: number, share: number) => to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));

/** Learning rate of step `t`, from 1. */
export function oneCycle({ peak, steps, warmup }: Cycle, t: number): number {
  const top = Math.max(warmup * steps - 1, 1);
  const at = t - 1;
  if (at <= top) return cosine(peak / 25, peak, at / top);
  return cosine(peak, peak / 250_000, Math.min(1, (at - top) / Math.max(1, steps - 1 - top)));
}

/** `count` steps from 0 to `last`, spaced logarithmically, without repetitions. */
export function logSpaced(last: number, count: number): number[] {
  const first = Math.max(1, last / 100);
  const ratio = (last / first) ** (1 / Math.max(1, count - 2));
  const steps = Array.from({ length: count - 1 }, (_, i) => Math.round(first * ratio ** i));
  return [...new Set([0, ...steps.slice(0, -1), last])];
}
