/** Pan and zoom of a drawing by mouse, touch (one finger pans, two zoom) and keyboard (arrows, + and −, 0 fits). */
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

export interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}
const LIMIT = { min: 0.25, max: 4 };

export function usePanZoom(box: RefObject<HTMLDivElement | null>, width: number, height: number) {
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 });
  const touched = useRef(false);
  const dragged = useRef(false);
  const fitAll = useCallback(() => {
    const size = box.current?.getBoundingClientRect();
    if (size === undefined || size.width === 0) return;
    const scale = Math.min((size.width - 16) / width, (size.height - 16) / height, 1.6);
    touched.current = false;
    setView({ scale, x: Math.max(8, (size.width - width * scale) / 2), y: Math.max(8, (size.height - height * scale) / 2) });
  }, [box, width, height]);
  const zoomAt = useCallback((factor: number, cx: number, cy: number) => {
    touched.current = true;
    setView((v) => {
      const scale = Math.max(LIMIT.min, Math.min(LIMIT.max, v.scale * factor));
      const k = scale / v.scale;
      return { scale, x: cx - (cx - v.x) * k, y: cy - (cy - v.y) * k };
    });
  }, []);
  const zoom = useCallback(
    (factor: number) => {
      const size = box.current?.getBoundingClientRect();
      zoomAt(factor, (size?.width ?? 0) / 2, (size?.height ?? 0) / 2);
    },
    [box, zoomAt],
  );
  const centreOn = useCallback(
    (x: number, y: number) => {
      const size = box.current?.getBoundingClientRect();
      if (size === undefined) return;
      touched.current = true;
      setView((v) => {
        return { scale: v.scale, x: size.width / 2 - x * v.scale, y: size.height / 2 - y * v.scale };
      });
    },
    [box],
  );
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      if (!touched.current) fitAll();
    });
    observer.observe(element);
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const size = element.getBoundingClientRect();
      zoomAt(Math.exp(-event.deltaY * 0.0015), event.clientX - size.left, event.clientY - size.top);
    };
    const pointers = new Map<number, { x: number; y: number }>();
    const onDown = (event: PointerEvent) => {
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      dragged.current = false;
    };
    const onMove = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined) return;
      const here = { x: event.clientX, y: event.clientY };
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other !== undefined) {
        const size = element.getBoundingClientRect();
        const d0 = Math.hypot(before.x - other.x, before.y - other.y);
        const d1 = Math.hypot(here.x - other.x, here.y - other.y);
        if (d0 > 0) zoomAt(d1 / d0, (here.x + other.x) / 2 - size.left, (here.y + other.y) / 2 - size.top);
      } else {
        if (!dragged.current && Math.hypot(here.x - before.x, here.y - before.y) < 4) return;
        dragged.current = true;
        touched.current = true;
        setView((v) => ({ ...v, x: v.x + here.x - before.x, y: v.y + here.y - before.y }));
      }
      pointers.set(event.pointerId, here);
    };
    const onUp = (event: PointerEvent) => pointers.delete(event.pointerId);
    // A drag must not end as a click on what lies under the finger.
    const onClick = (event: MouseEvent) => {
      if (dragged.current) event.stopPropagation();
      dragged.current = false;
    };
    const onKey = (event: KeyboardEvent) => {
      const step = 60;
      const pan = (dx: number, dy: number) => () => setView((v) => ({ ...v, x: v.x + dx, y: v.y + dy }));
      const moves = new Map([
        ['ArrowLeft', pan(step, 0)],
        ['ArrowRight', pan(-step, 0)],
        ['ArrowUp', pan(0, step)],
        ['ArrowDown', pan(0, -step)],
        ['+', () => zoom(1.25)],
        ['=', () => zoom(1.25)],
        ['-', () => zoom(0.8)],
        ['0', fitAll],
      ]);
      const run = moves.get(event.key);
      if (run === undefined || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      touched.current = event.key !== '0';
      run();
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('pointerdown', onDown);
    window.addEventListener('pointermove', onMove);
    window.addEventListener('pointerup', onUp);
    window.addEventListener('pointercancel', onUp);
    element.addEventListener('click', onClick, true);
    element.addEventListener('keydown', onKey);
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('pointerdown', onDown);
      window.removeEventListener('pointermove', onMove);
      window.removeEventListener('pointerup', onUp);
      window.removeEventListener('pointercancel', onUp);
      element.removeEventListener('click', onClick, true);
      element.removeEventListener('keydown', onKey);
    };
  }, [box, fitAll, zoom, zoomAt]);
  return { view, fitAll, zoom, centreOn };
}
