import cliProgress from 'cli-progress';

/** What a run tells while it goes: to standard error, bars on a terminal, else lines. */
export interface Progress {
  start(stage: string): void;
  update(stage: string, done: number, total: number, unit: string): void;
  /** @param seconds that the stage took; undefined where it was already done */
  finish(stage: string, seconds?: number): void;
  note(line: string): void;
  close(): void;
}

const duration = (seconds: number): string => {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${(seconds / 3600).toFixed(1)} h`;
};

const count = (x: number) => Math.round(x).toLocaleString('en-US');

/** `2,300 tokens/s, 12 s left`; empty while nothing is known. */
export function rateAndRest(done: number, total: number, unit: string, seconds: number): string {
  if (done <= 0 || seconds <= 0) return '';
  const rate = done / seconds;
  const shown = rate >= 10 ? count(rate) : rate.toPrecision(2);
  return `${shown} ${unit}/s, ${duration((total - done) / rate)} left`;
}

export const silent: Progress = { start() {}, update() {}, finish() {}, note() {}, close() {} };

/** Milliseconds between two lines about one stage where there is no terminal. */
const PACE = 10_000;

/** Lines, for logs: a stage's begin, its state now and then, its end. */
export function lines(total: number, write: (line: string) => void, now = () => performance.now()): Progress {
  const since = new Map<string, { start: number; told: number }>();
  let done = 0;
  return {
    start: (stage) => {
      since.set(stage, { start: now(), told: now() });
      write(`${stage}: started`);
    },
    update: (stage, at, of, unit) => {
      const state = since.get(stage);
      if (!state || now() - state.told < PACE) return;
      state.told = now();
      write(`${stage}: ${count(at)}/${count(of)} ${unit}, ${rateAndRest(at, of, unit, (now() - state.start) / 1000)}`);
    },
    finish: (stage, seconds) => {
      done += 1;
      write(`${stage}: ${seconds === undefined ? 'done before' : `done in ${duration(seconds)}`} (${done}/${total})`);
    },
    note: write,
    close: () => {},
  };
}

/** One bar for the run and one for every stage at work. */
export function bars(total: number, stream: NodeJS.WriteStream): Progress {
  const board = new cliProgress.MultiBar({
    stream,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    format: '{bar} {percentage}% {stage} {rest}',
    barsize: 24,
    autopadding: true,
    emptyOnZero: true,
  });
  const began = performance.now();
  const whole = board.create(total, 0, { stage: 'stages', rest: '' });
  const open = new Map<string, { bar: cliProgress.SingleBar; start: number }>();
  return {
    start: (stage) => {
      open.set(stage, { bar: board.create(1, 0, { stage, rest: '' }), start: performance.now() });
    },
    update: (stage, done, of, unit) => {
      const entry = open.get(stage);
      if (!entry) return;
      entry.bar.setTotal(of);
      entry.bar.update(done, { rest: rateAndRest(done, of, unit, (performance.now() - entry.start) / 1000) });
    },
    finish: (stage) => {
      const entry = open.get(stage);
      if (entry) board.remove(entry.bar);
      open.delete(stage);
      whole.increment({ rest: duration((performance.now() - began) / 1000) });
    },
    note: (line) => board.log(`${line}\n`),
    close: () => board.stop(),
  };
}
