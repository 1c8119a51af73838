export { byLength } from './batch.ts';
export { answerChoices, type Choice, choiceOf, forcedChoice } from './choice.ts';
export { fetchHub } from './hub.ts';
export { meanImageFeature } from './mean-image.ts';
export { type OpenModelOptions, openModel } from './open.ts';
export * from './types.ts';
