import type { LivePicture, LiveScene, LiveThing, SceneKit } from '#release/probe/live.ts';
import { byId, make, options } from './dom.ts';
import { MOST_THINGS } from './state.ts';

/** Pixels of the scene that an arrow key moves a thing; with Shift. */
const STEP = 2;
const STRIDE = 8;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface Editor {
  show(scene: LiveScene, picture: LivePicture): void;
}

/** The scene: things that pointer and arrow keys move, their sizes, the ground. `change` gets every new scene. */
export function openEditor(kit: SceneKit, change: (scene: LiveScene) => void): Editor {
  const canvas = byId<HTMLCanvasElement>('scene-picture');
  const stage = byId('scene-stage');
  const list = byId('scene-things');
  const ground = byId<HTMLSelectElement>('scene-ground');
  const adding = byId<HTMLSelectElement>('scene-new');
  const add = byId<HTMLButtonElement>('scene-add');
  let scene: LiveScene;

  const put = (name: string, after: Partial<LiveThing>) =>
    change({
      ...scene,
      objects: scene.objects.map((thing) => (thing.name === name ? kit.held({ ...thing, ...after }) : thing)),
    });
  const remove = (name: string) => {
    if (scene.objects.length < 2) return;
    change({ ...scene, objects: scene.objects.filter((thing) => thing.name !== name) });
    stage.querySelector('button')?.focus();
  };

  function handle(name: string): HTMLButtonElement {
    const button = make('button', { type: 'button', className: 'thing' });
    button.dataset['name'] = name;
    const at = (): LiveThing => scene.objects.find((thing) => thing.name === name)!;
    let grip: { dx: number; dy: number } | undefined;
    const point = ({ clientX, clientY }: PointerEvent) => {
      const box = stage.getBoundingClientRect();
      return {
        x: ((clientX - box.left) / box.width) * kit.side,
        y: ((clientY - box.top) / box.height) * kit.side,
      };
    };
    button.addEventListener('pointerdown', (event) => {
      const { x, y } = point(event);
      grip = { dx: at().x - x, dy: at().y - y };
      button.setPointerCapture(event.pointerId);
    });
    button.addEventListener('pointermove', (event) => {
      if (!grip) return;
      const { x, y } = point(event);
      put(name, { x: x + grip.dx, y: y + grip.dy });
    });
    for (const end of ['pointerup', 'pointercancel'] as const)
      button.addEventListener(end, () => {
        grip = undefined;
      });
    button.addEventListener('keydown', (event) => {
      const arrow = ARROWS[event.key];
      if (arrow) {
        event.preventDefault();
        const by = event.shiftKey ? STRIDE : STEP;
        put(name, { x: at().x + by * arrow[0], y: at().y + by * arrow[1] });
      } else if (event.key === 'Delete' || event.key === 'Backspace') remove(name);
    });
    return button;
  }

  function row(name: string): HTMLLIElement {
    const size = make('select', { ariaLabel: `Size of the ${name}` });
    options(size, Object.keys(kit.sides), 'big');
    size.addEventListener('change', () => put(name, { size: size.value as LiveThing['size'] }));
    const away = make('button', { type: 'button', textContent: 'Remove', ariaLabel: `Remove the ${name}` });
    away.addEventListener('click', () => remove(name));
    const item = make('li', {}, make('span', { className: 'thing-name', textContent: name }), size, away);
    item.dataset['name'] = name;
    return item;
  }

  /** Elements of `parent` by thing, made and taken away as the scene has them, so that focus and grip stay. */
  function keep<E extends HTMLElement>(parent: HTMLElement, fresh: (name: string) => E): Map<string, E> {
    const names = scene.objects.map((thing) => thing.name);
    for (const old of parent.querySelectorAll<E>('[data-name]'))
      if (!names.includes(old.dataset['name']!)) old.remove();
    return new Map(
      names.map((name) => {
        const element = parent.querySelector<E>(`[data-name="${name}"]`) ?? fresh(name);
        if (!element.isConnected) parent.append(element);
        return [name, element];
      }),
    );
  }

  ground.addEventListener('change', () => change({ ...scene, background: ground.value }));
  add.addEventListener('click', () => {
    const thing = kit.held({ name: adding.value, size: 'small', px: 0, x: kit.side / 2, y: kit.side / 2 });
    change({ ...scene, objects: [...scene.objects, thing] });
    stage.querySelector<HTMLElement>(`[data-name="${thing.name}"]`)?.focus();
  });

  return {
    show(next, picture) {
      scene = next;
      draw(canvas, picture);
      const handles = keep(stage, handle);
      const rows = keep(list, row);
      for (const thing of scene.objects) {
        const button = handles.get(thing.name)!;
        button.ariaLabel = `${thing.size} ${thing.name}, ${thing.x} from the left, ${thing.y} from the top. Arrow keys move it, Delete removes it.`;
        Object.assign(button.style, {
          left: `${(100 * (thing.x - thing.px / 2)) / kit.side}%`,
          top: `${(100 * (thing.y - thing.px / 2)) / kit.side}%`,
          width: `${(100 * thing.px) / kit.side}%`,
        });
        const item = rows.get(thing.name)!;
        item.querySelector('select')!.value = thing.size;
        item.querySelector('button')!.disabled = scene.objects.length < 2;
      }
      options(ground, Object.keys(kit.grounds), scene.background);
      const free = kit.things.filter((name) => !scene.objects.some((thing) => thing.name === name));
      options(adding, free, free.includes(adding.value) ? adding.value : free[0]!);
      add.disabled = scene.objects.length >= MOST_THINGS;
    },
  };
}

function draw(canvas: HTMLCanvasElement, { width, height, data }: LivePicture): void {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) pixels.data[4 * i + c] = data[3 * i + c]!;
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
}
