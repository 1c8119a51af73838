import { relatedFigurePaths, serve } from '../../../../../build/figures/downloads.ts';

export const getStaticPaths = relatedFigurePaths;
export const GET = serve('svg');
