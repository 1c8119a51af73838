import { count, fixed, percent, significant } from '../../render/number.ts';
import { one } from './dom.ts';
import { applyRule, type Rule } from './rule.ts';
import { standardRule } from './standard.ts';
import type { ExplorerState } from './state.ts';
import type { Store } from './store.ts';

type Change = (change: Partial<ExplorerState>) => void;
export const RULE_COLUMNS = ['adapted', 'cos_s_f', 'energy_vision', 'preference_low', 'cos_s_c', 'cos_s_f2'];

/** Sliders of the thresholds, and what the set they select is worth: size, likeness to the release's own, and the controls' rate. */
export class RulePanel {
  readonly #store: Store;
  readonly #standard: Rule;
  #shown = '';
  readonly #eps = one<HTMLInputElement>('[data-rule="eps"]');
  readonly #percentile = one<HTMLInputElement>('[data-rule="percentile"]');
  readonly #strict = one<HTMLInputElement>('[data-rule="strict"]');

  constructor(store: Store, change: Change) {
    this.#store = store;
    this.#standard = standardRule(store.reader.manifest);
    const same = (value: number, usual: number): number | null =>
      Math.abs(value - usual) <= 1e-9 * Math.abs(usual) ? null : value;
    this.#eps.addEventListener('input', () =>
      change({ eps: same(Number((10 ** Number(this.#eps.value)).toPrecision(2)), this.#standard.eps) }),
    );
    this.#percentile.addEventListener('input', () =>
      change({ percentile: same(Number(this.#percentile.value), this.#standard.percentile) }),
    );
    this.#strict.addEventListener('change', () => change({ strict: this.#strict.checked }));
  }

  /** Recomputes the set, and puts it among the columns under the name `rule`. */
  update(state: ExplorerState): void {
    const { columns } = this.#store;
    if (!columns.has('cos_s_f') || !columns.has('energy_vision')) return;
    const has = RULE_COLUMNS.filter((name) => columns.has(name));
    const rule = {
      eps: state.eps ?? this.#standard.eps,
      percentile: state.percentile ?? this.#standard.percentile,
      strict: state.strict,
    };
    const key = JSON.stringify([rule, has]);
    if (key === this.#shown) return;
    this.#shown = key;
    const result = applyRule(columns, rule, this.#standard);
    columns.set('rule', {
      column: {
        name: 'rule',
        title: 'Selected by the rule',
        unit: '',
        description: '',
        group: 'flags',
        kind: 'flag',
        type: 'u8',
        values: ['not selected', 'selected'],
        min: 0,
        max: 1,
        missing: 0,
      },
      data: result.selected,
    });
    const focused = document.activeElement;
    if (focused !== this.#eps) this.#eps.value = String(Math.log10(rule.eps));
    if (focused !== this.#percentile) this.#percentile.value = String(rule.percentile);
    this.#strict.checked = rule.strict;
    this.#eps.setAttribute('aria-valuetext', significant(rule.eps, 2));
    one('[data-rule-text="eps"]').textContent = significant(rule.eps, 2);
    one('[data-rule-text="percentile"]').textContent =
      `${significant(rule.percentile)} % (cosine ≤ ${fixed(result.threshold, 3)})`;
    const control = (name: string, passing: number | null): string =>
      passing === null
        ? `${name}: not run in this release`
        : `${name}: ${count(passing)} (${percent(passing / this.#store.count, 1)})`;
    one('[data-rule-result]').textContent =
      `${count(result.count)} of ${count(this.#store.count)} features (${percent(result.count / this.#store.count, 1)})`;
    const adapted = columns.get('adapted')?.data;
    let both = 0;
    let all = 0;
    result.selected.forEach((selected, i) => {
      const own = adapted?.[i] === 1 ? 1 : 0;
      all += own;
      both += own & selected;
    });
    one('[data-rule-adapted]').textContent = `${count(both)} of ${count(all)}`;
    one('[data-rule-jaccard]').textContent = fixed(result.jaccard, 3);
    one('[data-rule-control]').textContent =
      `${control('text-only fine-tune', result.controls.text)}; ${control('another seed', result.controls.seed)}`;
  }
}
