import type { LiveIndex, LiveNames, LiveRequest, LiveResult, SceneKit } from '#release/probe/live.ts';
import { showAnswer } from './answer.ts';
import { byId, options } from './dom.ts';
import { openEditor } from './editor.ts';
import { openFeatures } from './features.ts';
import { openHeads } from './heads.ts';
import { loadButton } from './load.ts';
import { fitting, openQuestion, questionOf } from './question.ts';
import type { Remote } from './remote.ts';
import { type Rank, readState, type State, writeState } from './state.ts';

/** Milliseconds without a change before the address follows. */
const SETTLED = 150;

/** What stands on the page once the model has answered. */
interface Shown {
  readonly result: LiveResult;
  readonly layer: number;
  readonly names: LiveNames;
}

async function json<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return (await response.json()) as T;
}

/** Ties the parts of the page to one state. Everything that a reader does gives a new state. */
async function start(index: LiveIndex): Promise<void> {
  const [{ kit }, sprites] = await Promise.all([
    import(/* @vite-ignore */ index.scripts.scene.path) as Promise<{ kit: SceneKit }>,
    fetch(index.sprites.path).then(async (response) => new Uint8Array(await response.arrayBuffer())),
  ]);
  const layers = index.layers.map(({ layer }) => layer);
  let state = readState(location.search, kit, { layers, heads: index.heads });
  let remote: Remote | undefined;
  let shown: Shown | undefined;
  const labels = new Map<number, Promise<LiveNames>>();

  const set = (change: Partial<State>) => {
    const next = { ...state, ...change };
    state = { ...next, asked: fitting(next.asked, next.scene) };
    render();
  };
  const editor = openEditor(kit, (scene) => set({ scene }));
  const form = openQuestion(kit, (asked) => set({ asked }));
  const heads = openHeads(index.release, layers, index.heads, (off, how) => set({ off, how }));
  const features = openFeatures(index, (feature) => {
    state = { ...state, feature };
    renderFeatures();
    address();
  });
  const layer = byId<HTMLSelectElement>('layer');
  layer.addEventListener('change', () => set({ layer: Number(layer.value), feature: null }));
  const rank = byId<HTMLSelectElement>('rank');
  rank.addEventListener('change', () => {
    state = { ...state, rank: rank.value as Rank };
    renderFeatures();
    address();
  });

  let writing: ReturnType<typeof setTimeout> | undefined;
  /** Some browsers refuse many changes of the address a second, and a drag is many. */
  const address = () => {
    clearTimeout(writing);
    writing = setTimeout(() => history.replaceState(null, '', `${location.pathname}?${writeState(state)}`), SETTLED);
  };
  const picture = () => kit.draw(state.scene, sprites, index);

  function renderFeatures(): void {
    rank.value = state.rank;
    if (shown?.layer === state.layer) features.show(shown.result, shown.layer, shown.names, state.feature, state.rank);
  }

  function render(): void {
    editor.show(state.scene, picture());
    form.show(state.asked, state.scene);
    heads.show(state.off, state.how);
    options(layer, layers.map(String), String(state.layer));
    renderFeatures();
    address();
    void run();
  }

  /** Asks for the newest state only: what came while the model was busy is asked when it is free. */
  let busy = false;
  let stale = false;
  let whole: { key: string; result: LiveResult } | undefined;
  async function run(): Promise<void> {
    stale = true;
    if (!remote || busy) return;
    busy = true;
    document.body.dataset['probe'] = 'busy';
    try {
      while (stale) {
        stale = false;
        await answer(remote, state);
      }
      document.body.dataset['probe'] = 'ready';
    } catch (error) {
      document.body.dataset['probe'] = 'failed';
      byId('probe-status').textContent = `The model stopped: ${(error as Error).message}`;
    }
    busy = false;
  }

  async function answer(model: Remote, asked: State): Promise<void> {
    const question = questionOf(kit, asked.asked, asked.scene);
    const request: LiveRequest = {
      picture: kit.draw(asked.scene, sprites, index),
      question,
      layer: asked.layer,
      off: asked.off,
      how: asked.how,
    };
    const result = await model.ask(request);
    const key = JSON.stringify([asked.scene, asked.asked]);
    if (asked.off.length === 0) whole = { key, result };
    else if (whole?.key !== key) whole = { key, result: await model.ask({ ...request, off: [] }) };
    const about = index.layers.find((l) => l.layer === asked.layer)!;
    const names = labels.get(asked.layer) ?? json<LiveNames>(about.names.path);
    labels.set(asked.layer, names);
    shown = { result, layer: asked.layer, names: await names };
    showAnswer(question, result, asked.off.length > 0 ? whole!.result : null);
    byId('probe-results').hidden = false;
    byId('probe-features').hidden = false;
    renderFeatures();
  }

  render();
  await loadButton(index, (opened) => {
    remote = opened;
    void run();
  });
}

const page = byId('probe');
json<LiveIndex>(`/probe/${page.dataset['release']}/index.json`).then(start, () => {
  byId('probe-status').textContent =
    'This copy of the site was built without the files of the model, so the probe cannot run here.';
  byId<HTMLButtonElement>('load').hidden = true;
  document.body.dataset['probe'] = 'absent';
});
