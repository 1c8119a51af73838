import { figurePaths, serve } from '../../../../../build/figures/downloads.ts';

export const getStaticPaths = figurePaths;
export const GET = serve('svg');
