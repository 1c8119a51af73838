import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { toNumbers } from '#release/safetensors.ts';
import { type Answer, type GoldenCase, openCase } from './case.ts';
import { compareTensor, passes, type Verdict, worst } from './compare.ts';
import { checkOf, KINDS } from './kinds.ts';

/** What every kind's `case.json` has; the kind checks the rest. */
const Common = z.object({
  kind: z.string(),
  tolerance: z.number().positive().optional(),
  tolerances: z.record(z.string(), z.number().positive()).default({}),
  inputs: z.string().optional(),
  expected: z.string().optional(),
  expect_error: z.boolean().default(false),
  refusal: z.string().optional(),
});
type Common = z.infer<typeof Common>;

/** Outcome of one case, as printed. */
export interface Outcome {
  readonly kind: string;
  readonly name: string;
  readonly pass: boolean;
  readonly worst?: Verdict;
  /** Why the case failed, or passed by its refusal. */
  readonly note?: string;
}

const line = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();

async function open(dir: string, name: string): Promise<{ golden: GoldenCase; spec: Common } | string> {
  try {
    const golden = await openCase(dir, name);
    const parsed = Common.safeParse(golden.spec);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      return `malformed case.json: ${issue.path.join('.') || 'case'}: ${issue.message}`;
    }
    const spec = parsed.data;
    if (!spec.expect_error && spec.expected === undefined) return 'malformed case.json: expected: missing';
    if (!spec.expect_error && spec.tolerance === undefined) return 'malformed case.json: tolerance: missing';
    for (const file of [spec.inputs, spec.expect_error ? undefined : spec.expected])
      if (file !== undefined) await access(join(dir, file));
    return { golden, spec };
  } catch (error) {
    return `malformed: ${line(error)}`;
  }
}

async function expectedOf(golden: GoldenCase, file: string): Promise<ReadonlyMap<string, Answer>> {
  const tensors = await golden.load(file);
  return new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, data: toNumbers(t, Float64Array) }]));
}

/** Runs the case in `dir` with the check that `lookup` gives for its kind, and judges it; never throws. */
export async function judgeCase(dir: string, name: string, lookup = checkOf): Promise<Outcome> {
  const opened = await open(dir, name);
  if (typeof opened === 'string') return { kind: '?', name, pass: false, note: opened };
  const { golden, spec } = opened;
  const { kind } = spec;
  const fail = (note: string): Outcome => ({ kind, name, pass: false, note });
  try {
    const check = await lookup(kind);
    if (!check) return fail(`unknown kind "${kind}" (known: ${KINDS.join(', ')})`);
    const expected = spec.expect_error ? new Map<string, Answer>() : await expectedOf(golden, spec.expected!);
    if (!spec.expect_error && expected.size === 0) return fail('malformed: the expected file holds no tensor');
    const result = await check(golden).catch((error: unknown) => ({ refused: line(error) }));
    if ('refused' in result) {
      const wanted =
        result.refused !== '' &&
        (spec.expect_error || (spec.refusal && new RegExp(spec.refusal, 'i').test(result.refused)));
      return wanted
        ? { kind, name, pass: true, note: `refused: ${result.refused}` }
        : fail(result.refused || 'an error without a message');
    }
    if (spec.expect_error) return fail('gave an answer where an error is expected');
    const verdicts = [...expected].map(([tensor, answer]) =>
      compareTensor(
        tensor,
        result.answers.get(tensor),
        answer,
        { tolerance: spec.tolerance!, tolerances: spec.tolerances },
        result,
      ),
    );
    return { kind, name, pass: verdicts.every(passes), worst: worst(verdicts)! };
  } catch (error) {
    return fail(line(error));
  }
}
