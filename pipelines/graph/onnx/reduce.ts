import type { EditableGraph } from './graph.ts';

/** Version of the default operator set from which a reduction takes its axes as an input, no longer as an attribute. */
const AXES_AS_INPUT = { ReduceSum: 13, ReduceMax: 18, ReduceMean: 18 } as const;

/** A value reduced along its last axis, which stays with length 1. */
export const reduceLast = (graph: EditableGraph, op: keyof typeof AXES_AS_INPUT, value: string): string =>
  graph.opset >= AXES_AS_INPUT[op]
    ? graph.op(op, [value, graph.addInts([-1])], { keepdims: 1 })
    : graph.op(op, [value], { keepdims: 1, axes: { ints: [-1] } });
