import { z } from 'zod';
import type { Tensor } from '#graph/tensor.ts';
import type { Intervention } from '#graph/types.ts';
import type { Check } from './case.ts';
import { runTaps, TapsSpec } from './taps.ts';

const InterventionSpec = z.object({
  at: z.string(),
  op: z.enum(['zero', 'set', 'add', 'scale', 'project_out']),
  head: z.int().min(0).optional(),
  positions: z.array(z.int().min(0)).optional(),
  value: z.string().optional(),
  factor: z.number().optional(),
});
const InterveneSpec = TapsSpec.extend({ interventions: z.array(InterventionSpec) });

/** An intervention with the tensor that its `value` names. */
function resolve(spec: z.infer<typeof InterventionSpec>, tensors: ReadonlyMap<string, Tensor>): Intervention {
  const { at, op, head, positions, value, factor } = spec;
  const tensor = value === undefined ? undefined : tensors.get(value);
  if (value !== undefined && !tensor) throw new Error(`the value "${value}" of ${op} at ${at} is not in the inputs`);
  return {
    at,
    op,
    ...(head === undefined ? {} : { head }),
    ...(positions ? { positions } : {}),
    ...(tensor ? { value: tensor } : {}),
    ...(factor === undefined ? {} : { factor }),
  };
}

/** `intervene`: values of sites in one forward pass with changes at some. */
export const check: Check = (golden) => {
  const spec = InterveneSpec.parse(golden.spec);
  return runTaps({ golden, spec, interventions: (tensors) => spec.interventions.map((i) => resolve(i, tensors)) });
};
