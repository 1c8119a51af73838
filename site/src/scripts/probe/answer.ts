import type { LiveQuestion, LiveResult } from '#release/probe/live.ts';
import { percent, signed } from '../../render/number.ts';
import { byId, make } from './dom.ts';

/** Log-odds at the ends of the bar; what lies beyond is drawn at its end, and its number says so. */
const REACH = 12;
const share = (logOdds: number): string => percent(1 / (1 + Math.exp(-logOdds)), 1);
const place = (value: number): number => 50 + (50 * Math.max(-REACH, Math.min(REACH, value))) / REACH;

/**
 * The answer in words, and its log-odds as a bar from the middle.
 * @param whole the same with all heads on, where some are off
 */
export function showAnswer(question: LiveQuestion, result: LiveResult, whole: LiveResult | null): void {
  byId('answer-words').textContent = result.answer || '(nothing)';
  byId('answer-question').textContent = question.prompt;
  const { right, wrong, logOdds, truth } = result;
  byId('answer-truth').textContent = truth
    ? `The scene says “${question.answer}”.`
    : 'Nothing in the scene settles this question: the bar compares the model’s two likeliest first words.';
  byId('answer-left').textContent = wrong;
  byId('answer-right').textContent = right;
  const bar = byId('answer-bar');
  const fill = byId('answer-fill');
  const [from, to] = [Math.min(50, place(logOdds)), Math.max(50, place(logOdds))];
  Object.assign(fill.style, { left: `${from}%`, width: `${to - from}%` });
  fill.className = logOdds < 0 ? 'lowers' : 'raises';
  const ghost = byId('answer-whole');
  ghost.hidden = whole === null;
  if (whole) ghost.style.left = `${place(whole.logOdds)}%`;
  const same = whole?.right === right && whole.wrong === wrong;
  const change =
    whole && same ? ` With all heads on: ${signed(whole.logOdds)}. Change: ${signed(logOdds - whole.logOdds)}.` : '';
  const words = `Log-odds of “${right}” against “${wrong}”: ${signed(logOdds)} (${share(logOdds)} of the two).${change}`;
  bar.ariaLabel = words;
  byId('answer-brief').replaceChildren(
    make('strong', { textContent: result.answer }),
    make('span', { textContent: signed(logOdds) }),
  );
  byId('answer-odds').replaceChildren(make('span', { textContent: words }));
  byId('answer-odds').dataset['logOdds'] = String(logOdds);
  byId('answer-odds').dataset['whole'] = String(whole?.logOdds ?? logOdds);
}
