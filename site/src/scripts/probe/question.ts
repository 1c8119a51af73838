import type { LiveQuestion, LiveScene, SceneKit } from '#release/probe/live.ts';
import { byId, options } from './dom.ts';
import type { Asked } from './state.ts';

export interface QuestionForm {
  show(asked: Asked, scene: LiveScene): void;
}

/** The question with what the scene says of it. */
export const questionOf = (kit: SceneKit, asked: Asked, scene: LiveScene): LiveQuestion =>
  typeof asked === 'string' ? kit.free(asked) : kit.question(scene, asked.subject, asked.phrase, asked.object);

/** A question that the scene allows: a thing that is gone gives way to one that is there. */
export function fitting(asked: Asked, scene: LiveScene): Asked {
  if (typeof asked === 'string') return asked;
  const names = scene.objects.map((thing) => thing.name);
  const subject = names.includes(asked.subject) ? asked.subject : names[0]!;
  const others = names.filter((name) => name !== subject);
  const object = others.includes(asked.object) ? asked.object : (others[0] ?? asked.object);
  return { ...asked, subject, object };
}

/** Typed words as the question of the menus that they spell, so that the scene can say what is true; else as they are. */
export function understood(kit: SceneKit, words: string, scene: LiveScene): Asked {
  const names = scene.objects.map((thing) => thing.name);
  for (const subject of names)
    for (const object of names)
      for (const phrase of subject === object ? [] : kit.phrases) {
        const asked = { subject, phrase, object };
        if (kit.question(scene, subject, phrase, object).prompt === words) return asked;
      }
  return words;
}

/** Subject, phrase and object, or free words. */
export function openQuestion(kit: SceneKit, change: (asked: Asked) => void): QuestionForm {
  const [subject, phrase, object] = ['ask-subject', 'ask-phrase', 'ask-object'].map((id) =>
    byId<HTMLSelectElement>(id),
  ) as [HTMLSelectElement, HTMLSelectElement, HTMLSelectElement];
  const words = byId<HTMLInputElement>('ask-words');
  let shown: LiveScene | null = null;
  const built = () => change({ subject: subject.value, phrase: phrase.value, object: object.value });
  subject.addEventListener('change', built);
  phrase.addEventListener('change', built);
  object.addEventListener('change', built);
  byId<HTMLFormElement>('ask-free').addEventListener('submit', (event) => {
    event.preventDefault();
    const typed = words.value.trim();
    if (typed) change(shown ? understood(kit, typed, shown) : typed);
  });
  return {
    show(asked, scene) {
      shown = scene;
      const names = scene.objects.map((thing) => thing.name);
      const two =
        typeof asked === 'string'
          ? { subject: names[0]!, phrase: phrase.value || kit.phrases[0]!, object: names[1] ?? '' }
          : asked;
      options(subject, names, two.subject);
      options(phrase, kit.phrases, two.phrase);
      options(
        object,
        names.filter((name) => name !== two.subject),
        two.object,
      );
      if (document.activeElement !== words) words.value = questionOf(kit, asked, scene).prompt;
    },
  };
}
