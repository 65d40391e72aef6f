/** Pages in the order of the job; Emergency alone at the foot. */
import {
  IconAdjustmentsHorizontal,
  IconAlertOctagon,
  IconBell,
  IconCertificate,
  IconDashboard,
  IconGavel,
  IconLeaf,
  IconNotebook,
  IconRouter,
  IconScale,
  IconSchema,
  IconUsers,
} from '@tabler/icons-react';
import { Fragment, memo } from 'react';
import { useTopic } from '../hooks.ts';
import { hrefOf, type Page, useRoute } from '../router.ts';

const GROUPS: readonly (readonly { page: Page; label: string; Icon: typeof IconBell; key: string }[])[] = [
  [
    { page: 'overview', label: 'Overview', Icon: IconDashboard, key: 'g o' },
    { page: 'grid', label: 'Grid', Icon: IconSchema, key: 'g g' },
    { page: 'balance', label: 'Balance', Icon: IconScale, key: 'g b' },
  ],
  [
    { page: 'market', label: 'Market', Icon: IconGavel, key: 'g m' },
    { page: 'settlement', label: 'Settlement', Icon: IconCertificate, key: 'g s' },
    { page: 'carbon', label: 'Carbon', Icon: IconLeaf, key: 'g c' },
  ],
  [
    { page: 'devices', label: 'Devices', Icon: IconRouter, key: 'g d' },
    { page: 'participants', label: 'Participants', Icon: IconUsers, key: 'g p' },
  ],
  [
    { page: 'alarms', label: 'Alarms', Icon: IconBell, key: 'g a' },
    { page: 'journal', label: 'Journal', Icon: IconNotebook, key: 'g j' },
  ],
  [{ page: 'settings', label: 'Settings', Icon: IconAdjustmentsHorizontal, key: 'g t' }],
];

export const Rail = memo(function Rail() {
  const { page } = useRoute();
  return (
    <nav className="rail" aria-label="Pages">
      <ul className="rail-pages">
        {GROUPS.map((group, i) => (
          <Fragment key={group[0]?.page}>
            {i > 0 && <li className="rail-gap" aria-hidden="true" />}
            {group.map(({ page: to, label, Icon, key }) => (
              <li key={to}>
                <a className="rail-link" href={hrefOf(to)} aria-current={page === to ? 'page' : undefined} title={`${label} (${key})`}>
                  <Icon size={20} stroke={1.6} aria-hidden="true" />
                  <span className="rail-label">{label}</span>
                  {to === 'alarms' && <AlarmCount />}
                </a>
              </li>
            ))}
          </Fragment>
        ))}
      </ul>
      <a
        className="rail-link rail-emergency"
        href={hrefOf('emergency')}
        aria-current={page === 'emergency' ? 'page' : undefined}
        title="Emergency (e)"
      >
        <IconAlertOctagon size={22} stroke={1.8} aria-hidden="true" />
        <span className="rail-label">Emergency</span>
        <kbd>e</kbd>
      </a>
    </nav>
  );
});

function AlarmCount() {
  const n = useTopic('status', {}, (s) => {
    const u = s.alarms.unacknowledged;
    return u.p1 + u.p2 + u.p3 + u.p4;
  });
  if (!n) return null;
  return (
    <span className="rail-count">
      {n}
      <span className="visually-hidden"> unacknowledged</span>
    </span>
  );
}
