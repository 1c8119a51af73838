import { GraphError } from '../errors.ts';

/** A browser has no folder: models are given as whole bytes. Same names as `external.ts`, which stands here in Node. */
const noFiles = (what: string): never => {
  throw new GraphError('argument', `${what} cannot be read by its path in a browser`, 'give the bytes of the model');
};

export const readModelFile = async (source: string): Promise<never> => noFiles(`the model ${source}`);
export const checkRanges = (folder: string): never => noFiles(`external data of ${folder}`);
export const externalReader = (folder: string): never => noFiles(`external data of ${folder}`);
