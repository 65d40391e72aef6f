/** A button that acts only when held: pointer or key down for its time. Letting go early does nothing. */
import { type ReactNode, useEffect, useRef, useState } from 'react';

export function HoldButton({
  holdMs,
  onDone,
  disabled,
  children,
}: {
  holdMs: number;
  onDone: () => void;
  disabled?: boolean;
  children: ReactNode;
}) {
  const [fraction, setFraction] = useState(0);
  const timer = useRef<ReturnType<typeof setInterval> | null>(null);
  const done = useRef(onDone);
  done.current = onDone;
  const stop = () => {
    if (timer.current !== null) clearInterval(timer.current);
    timer.current = null;
    setFraction(0);
  };
  const start = () => {
    if (disabled || timer.current !== null) return;
    const startedMs = performance.now();
    timer.current = setInterval(() => {
      const part = (performance.now() - startedMs) / holdMs;
      if (part < 1) {
        setFraction(part);
        return;
      }
      stop();
      done.current();
    }, 30);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once, at unmount
  useEffect(() => stop, []);
  return (
    <button
      type="button"
      className="hold-button"
      disabled={disabled}
      onPointerDown={(event) => {
        if (event.button === 0) start();
      }}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key === ' ' || event.key === 'Enter') {
          event.preventDefault();
          if (!event.repeat) start();
        }
      }}
      onKeyUp={stop}
      onBlur={stop}
    >
      <span className="hold-fill" style={{ width: `${fraction * 100}%` }} aria-hidden="true" />
      <span className="hold-text">{children}</span>
    </button>
  );
}
