/** Alarm priorities: colour and shape and number, never colour alone. 1 red square, 2 amber triangle, 3 yellow circle, 4 violet diamond. */
import type { AlarmPriority } from '../../shared/contract/session.ts';

const NAME: Record<AlarmPriority, string> = {
  1: 'Priority 1, critical',
  2: 'Priority 2, high',
  3: 'Priority 3, medium',
  4: 'Priority 4, low',
};

export function Priority({
  priority,
  size = 20,
  hollow = false,
  blink = false,
}: {
  priority: AlarmPriority;
  size?: number;
  hollow?: boolean;
  blink?: boolean;
}) {
  const colour = `var(--p${priority})`;
  const paint = hollow
    ? { fill: 'var(--panel)', stroke: colour, strokeWidth: 2 }
    : { fill: colour, stroke: 'var(--prio-edge, transparent)', strokeWidth: 1 };
  return (
    <svg className={blink ? 'prio blink' : 'prio'} width={size} height={size} viewBox="0 0 20 20" role="img" aria-label={NAME[priority]}>
      {priority === 1 && <rect x="2" y="2" width="16" height="16" {...paint} />}
      {priority === 2 && <path d="M10 1 19.5 18.5H.5Z" {...paint} />}
      {priority === 3 && <circle cx="10" cy="10" r="8.6" {...paint} />}
      {priority === 4 && <path d="M10 .5 19.5 10 10 19.5.5 10Z" {...paint} />}
      <text
        x="10"
        y={priority === 2 ? 16.4 : 14.2}
        textAnchor="middle"
        fontSize={priority === 2 ? 10.5 : 12}
        fontWeight="700"
        fill={hollow ? 'var(--text)' : priority === 1 ? '#ffffff' : '#16181b'}
      >
        {priority}
      </text>
    </svg>
  );
}
export const priorityName = (priority: AlarmPriority): string => NAME[priority];
