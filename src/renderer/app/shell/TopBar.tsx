/** What stands above every page: plant, mode, frequency, exchange, supply and demand, market clock, chain, time, who is on duty. */
import { ActionIcon, Menu } from '@mantine/core';
import { IconBellOff, IconHelp, IconLock, IconSchool, IconUser, IconVolume, IconVolumeOff } from '@tabler/icons-react';
import { memo, type ReactNode } from 'react';
import type { Status } from '../../../shared/contract/session.ts';
import { Num } from '../../components/Num.tsx';
import { PlantTime } from '../../components/Time.tsx';
import { countdown, fixed, span, time, utc } from '../format.ts';
import { useAct, useLinkState, useNow, useTopic } from '../hooks.ts';
import { ROLE_LABEL } from '../may.ts';
import { setPreferences, usePreferences } from '../preferences.ts';
import { hrefOf, navigate } from '../router.ts';
import { usePlant, useSession } from '../session.ts';

const MODE: Record<Status['mode'], { word: string; note: string }> = {
  connected: { word: 'Connected', note: 'fed by the main grid' },
  islanded: { word: 'Islanded', note: 'running on its own' },
  resynchronising: { word: 'Resynchronising', note: 'matching the main grid' },
  'black-start': { word: 'Black start', note: 'bringing the plant up' },
  emergency: { word: 'Emergency', note: 'relays opened' },
  unknown: { word: 'Unknown', note: 'breaker not read' },
};
const CHAIN: Record<Status['chain']['state'], string> = {
  'in-step': 'In step',
  'catching-up': 'Catching up',
  away: 'Away',
  'wrong-chain': 'Wrong chain',
};

function Cell({
  label,
  children,
  href,
  wide,
  title,
}: {
  label: string;
  children: ReactNode;
  href?: string;
  wide?: boolean;
  title?: string;
}) {
  const inner = (
    <>
      <span className="cell-label">{label}</span>
      <span className="cell-value">{children}</span>
    </>
  );
  const name = wide ? 'cell wide' : 'cell';
  return href === undefined ? (
    <div className={name} title={title}>
      {inner}
    </div>
  ) : (
    <a className={name} href={href} title={title}>
      {inner}
    </a>
  );
}

export const TopBar = memo(function TopBar({
  onHelp,
  onTraining,
  onClosing,
}: {
  onHelp: () => void;
  onTraining: () => void;
  onClosing: () => void;
}) {
  const { plant } = useSession();
  return (
    <section className="topbar" aria-label="Status">
      <div className="cell plant-cell">
        <span className="cell-label">Plant</span>
        <span className="cell-value clip" title={plant.name}>
          {plant.name}
        </span>
      </div>
      <ModeCell />
      <Frequency />
      <Exchange />
      <Supply />
      <Demand />
      <MarketClock />
      <Chain />
      <Clock />
      <div className="topbar-end">
        <Sound />
        {plant.simulated && (
          <ActionIcon aria-label="Training faults" title="Training faults (f)" onClick={onTraining}>
            <IconSchool size={19} stroke={1.6} />
          </ActionIcon>
        )}
        <ActionIcon aria-label="Help and shortcuts" title="Help and shortcuts (?)" onClick={onHelp}>
          <IconHelp size={19} stroke={1.6} />
        </ActionIcon>
        <Duty onClosing={onClosing} />
      </div>
    </section>
  );
});

function ModeCell() {
  const mode = useTopic('status', {}, (s) => s.mode) ?? 'unknown';
  return (
    <Cell label="Mode" href={hrefOf('grid')} title={MODE[mode].note}>
      <span className="live" data-mode={mode}>
        {MODE[mode].word}
      </span>
    </Cell>
  );
}
function Frequency() {
  const value = useTopic('status', {}, (s) => s.frequencyHz);
  return (
    <Cell label="Frequency" href={hrefOf('balance')}>
      <Num value={value} unit="Hz" decimals={2} />
    </Cell>
  );
}
function Exchange() {
  const value = useTopic('status', {}, (s) => s.exchangeW);
  return (
    <Cell label="Main grid" wide href={hrefOf('balance')} title="Exchange with the main grid at the interconnection">
      <Num value={value} unit="W" as="exchange" />
    </Cell>
  );
}
function Supply() {
  const value = useTopic('status', {}, (s) => s.supplyW);
  return (
    <Cell label="Supply" href={hrefOf('balance')}>
      <Num value={value} unit="W" />
    </Cell>
  );
}
function Demand() {
  const value = useTopic('status', {}, (s) => s.demandW);
  return (
    <Cell label="Demand" href={hrefOf('balance')}>
      <Num value={value} unit="W" />
    </Cell>
  );
}
function MarketClock() {
  const market = useTopic('status', {}, (s) => s.market);
  const timeMs = useTopic('status', {}, (s) => s.timeMs);
  const lost = useLinkState().state === 'lost';
  const now = useNow(1000);
  if (market === undefined || timeMs === undefined) return <Cell label="Market">—</Cell>;
  const drift = lost || market.paused ? 0 : Math.max(0, Math.min(5000, now - timeMs));
  const leftMs = (market.endMs - market.plantTimeMs) / market.speed - drift;
  const speed = fixed(market.speed, Number.isInteger(market.speed) ? 0 : 1);
  const done = 1 - (leftMs * market.speed) / (market.endMs - market.startMs);
  return (
    <Cell
      label={`Market · plant time ×${speed}`}
      wide
      href={hrefOf('market')}
      title={`Interval ${market.interval}. Plant time runs ${speed} times as fast as the clock.`}
    >
      <span className="live">
        <PlantTime ms={market.startMs} />–<PlantTime ms={market.endMs} />
        <span className="word"> {market.paused ? 'paused' : countdown(leftMs)}</span>
      </span>
      <span className="cell-progress" aria-hidden="true">
        <span style={{ width: `${Math.max(0, Math.min(1, done)) * 100}%` }} />
      </span>
    </Cell>
  );
}
function Chain() {
  const chain = useTopic('status', {}, (s) => s.chain);
  const proving = useTopic('status', {}, (s) => s.settlement);
  if (chain === undefined) return <Cell label="Chain">—</Cell>;
  const waiting = chain.waiting === 0 ? '' : `${fixed(chain.waiting, 0)} waiting`;
  return (
    <Cell label={proving?.proving ? 'Chain · proving' : 'Chain'} href={hrefOf('settlement')} title={chain.message}>
      <span className="live" data-chain={chain.state}>
        {CHAIN[chain.state]}
        <span className="word"> {waiting || (chain.height === null ? '' : `#${chain.height}`)}</span>
      </span>
    </Cell>
  );
}
function Clock() {
  const now = useNow(1000);
  const { timeZone } = usePlant();
  return (
    <Cell label={utc(now).slice(11, 19).concat(' UTC')} title={`${timeZone} · ${utc(now)}`}>
      <time dateTime={new Date(now).toISOString()}>{time(now, timeZone)}</time>
    </Cell>
  );
}
function Sound() {
  const { sound, mutedUntilMs } = usePreferences();
  const now = useNow(1000);
  const muted = mutedUntilMs !== null && mutedUntilMs > now;
  const label = !sound ? 'Alarm sound is off' : muted ? `Alarm sound muted for ${span(mutedUntilMs - now)} more` : 'Mute the alarm sound';
  return (
    <ActionIcon
      aria-label={label}
      aria-pressed={muted || !sound}
      title={`${label} (m)`}
      onClick={() => setPreferences(sound ? { mutedUntilMs: muted ? null : Date.now() + 600_000 } : { sound: true })}
    >
      {!sound ? (
        <IconBellOff size={19} stroke={1.6} />
      ) : muted ? (
        <IconVolumeOff size={19} stroke={1.6} />
      ) : (
        <IconVolume size={19} stroke={1.6} />
      )}
    </ActionIcon>
  );
}
function Duty({ onClosing }: { onClosing: () => void }) {
  const { person, demo } = useSession();
  const signOut = useAct('session.signOut');
  const lock = useAct('session.lock');
  if (person === null) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <button type="button" className="duty">
            <IconUser size={18} stroke={1.6} aria-hidden="true" />
            <span className="visually-hidden">On duty: </span>
            <span className="duty-name">
              <span className="clip">{person.name}</span>
              <span className="cell-label">
                {demo ? 'demo · ' : ''}
                {ROLE_LABEL[person.role]}
              </span>
            </span>
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => navigate('settings', 'appearance')}>Appearance and sound</Menu.Item>
          <Menu.Item onClick={onClosing}>Close the console…</Menu.Item>
          <Menu.Item onClick={() => void signOut.run({})}>Sign out</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ActionIcon aria-label="Lock the screen" title="Lock the screen (l)" loading={lock.busy} onClick={() => void lock.run({})}>
        <IconLock size={19} stroke={1.6} />
      </ActionIcon>
    </>
  );
}
