import { ELEMENTWISE_SHAPES } from './elementwise.ts';
import type { ShapeRule } from './kit.ts';
import { LAYOUT_SHAPES } from './layout.ts';
import { LINEAR_SHAPES } from './linear.ts';

/** Shape rules by operator; of an operator that is absent nothing is known but what the file declares. */
export const SHAPE_RULES: Readonly<Record<string, ShapeRule>> = {
  ...ELEMENTWISE_SHAPES,
  ...LINEAR_SHAPES,
  ...LAYOUT_SHAPES,
};
