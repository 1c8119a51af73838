export { GRID, PATCHES, writePixels } from './dense.ts';
export { type Answered, type Emphasis, Page, type Special, type Tokenize } from './pack.ts';
export { denseLesson, type Mixture, type PictureLessons, pictureContext, pictured, pictureLesson } from './pictures.ts';
export type { Part } from './split.ts';
export { type TextLessons, textLesson, toldLesson, toldScene, turnIds } from './text.ts';
