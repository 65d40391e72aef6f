/** Sign-in, the first supervisor of a real plant, and the lock screen. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { FaultLine } from '../components/Page.tsx';
import { Mark } from './App.tsx';
import { useAct } from './hooks.ts';
import { useSession } from './session.ts';
import { Bands } from './shell/Bands.tsx';

function EntryFrame({ title, text, onSubmit, children }: { title: string; text?: ReactNode; onSubmit: () => void; children: ReactNode }) {
  const { plant } = useSession();
  useEffect(() => {
    document.title = `${title} · Busbar`;
  }, [title]);
  return (
    <div className="entry-shell">
      <Bands drill={false} />
      <main className="entry">
        <form
          className="entry-card"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          <Mark />
          <p className="dim">{plant.name}</p>
          <h1>{title}</h1>
          {text}
          {children}
        </form>
      </main>
    </div>
  );
}

export function SignIn() {
  const { plant } = useSession();
  const act = useAct('session.signIn');
  const demo = useAct('session.signInDemo');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const submit = async () => {
    if ((await act.run({ name, password })) === null) setPassword('');
  };
  return (
    <EntryFrame title="Sign in" onSubmit={() => void submit()}>
      <TextInput
        label="Name"
        autoComplete="username"
        required
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
        data-autofocus
      />
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(e) => setPassword(e.currentTarget.value)}
      />
      <FaultLine fault={act.fault ?? demo.fault} />
      <div className="row">
        <Button type="submit" variant="filled" loading={act.busy} disabled={name.trim() === '' || password === ''}>
          Sign in
        </Button>
        {plant.simulated && (
          <Button loading={demo.busy} onClick={() => void demo.run({})}>
            Go on as the demo operator
          </Button>
        )}
      </div>
    </EntryFrame>
  );
}

export function FirstSupervisor() {
  const act = useAct('people.createFirstSupervisor');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const short = password !== '' && password.length < 10;
  const differs = again !== '' && again !== password;
  return (
    <EntryFrame
      title="Create the first supervisor"
      text={
        <p className="dim">
          This plant has no people yet. The first supervisor may do everything and adds the others in Settings. Nobody can read this
          password later; keep it safe.
        </p>
      }
      onSubmit={() => void act.run({ name, password })}
    >
      <TextInput label="Name" autoComplete="username" required value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <PasswordInput
        label="Password"
        description="At least 10 characters. A sentence is easier to keep than a riddle."
        autoComplete="new-password"
        required
        value={password}
        error={short ? 'Use at least 10 characters.' : undefined}
        onChange={(e) => setPassword(e.currentTarget.value)}
      />
      <PasswordInput
        label="Password again"
        autoComplete="new-password"
        required
        value={again}
        error={differs ? 'The two passwords differ.' : undefined}
        onChange={(e) => setAgain(e.currentTarget.value)}
      />
      <FaultLine fault={act.fault} />
      <Button type="submit" variant="filled" loading={act.busy} disabled={name.trim() === '' || password.length < 10 || again !== password}>
        Create supervisor and sign in
      </Button>
    </EntryFrame>
  );
}

export function LockScreen() {
  const { person, demo } = useSession();
  const unlock = useAct('session.unlock');
  const signOut = useAct('session.signOut');
  const [password, setPassword] = useState('');
  return (
    <EntryFrame
      title="Locked"
      text={
        <p className="dim">
          {person?.name} is on duty. Control, market and alarms go on while the screen is locked.
          {demo && ' On the simulated plant the demo operator has no password: leave the field empty.'}
        </p>
      }
      onSubmit={() => void unlock.run({ password })}
    >
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        value={password}
        onChange={(e) => setPassword(e.currentTarget.value)}
      />
      <FaultLine fault={unlock.fault ?? signOut.fault} />
      <div className="row">
        <Button type="submit" variant="filled" loading={unlock.busy} disabled={!demo && password === ''}>
          Unlock
        </Button>
        <Button loading={signOut.busy} onClick={() => void signOut.run({})}>
          Sign out
        </Button>
      </div>
    </EntryFrame>
  );
}
