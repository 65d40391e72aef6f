/** Who may sign in, and as what. */
import { Button, NativeSelect, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import type { Role } from '../../../shared/roles.ts';
import { useAct, useQuery } from '../../app/hooks.ts';
import { ROLE_LABEL, ROLES } from '../../app/may.ts';
import { useMay, useSession } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { State } from '../../components/Facts.tsx';
import { Answer, Empty, FaultLine, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';

type Person = CallOutput<'people.list'>[number];
const ABOUT: Record<Role, string> = {
  auditor: 'reads everything, changes nothing',
  operator: 'runs the plant: switches, acknowledges, offers, emergency',
  technician: 'keeps devices: test reads, maintenance, connections',
  supervisor: 'everything, and people',
};

export function People() {
  const { may, why } = useMay('people.create');
  const { person: me } = useSession();
  const list = useQuery('people.list', {}, { enabled: may });
  const disable = useAct('people.setDisabled');
  const [adding, setAdding] = useState(false);
  const [resetting, setResetting] = useState<Person | null>(null);
  if (!may)
    return (
      <Panel title="People">
        <Empty what="Only a supervisor sees and changes who may sign in." how={why} />
      </Panel>
    );
  return (
    <Panel
      title="People"
      flush
      actions={
        <Button variant="filled" onClick={() => setAdding(true)}>
          Add a person…
        </Button>
      }
    >
      <FaultLine fault={disable.fault} />
      <Answer query={list} rows={4}>
        {(people) =>
          people.length === 0 ? (
            <Empty what="Nobody can sign in yet." how="Add the first person; each gets a role and a password." />
          ) : (
            <Table
              caption="People"
              rows={people}
              keyOf={(p) => p.id}
              columns={[
                { id: 'n', head: 'Name', cell: (p) => p.name, sort: (p) => p.name },
                {
                  id: 'r',
                  head: 'Role',
                  cell: (p) => (
                    <>
                      {ROLE_LABEL[p.role]}
                      <span className="dim small"> {ABOUT[p.role]}</span>
                    </>
                  ),
                  sort: (p) => p.role,
                },
                {
                  id: 's',
                  head: 'State',
                  cell: (p) => <State kind={p.disabled ? 'off' : 'good'}>{p.disabled ? 'Disabled' : 'May sign in'}</State>,
                },
                { id: 'c', head: 'Since', cell: (p) => <Time ms={p.createdMs} kind="dayMinute" />, sort: (p) => p.createdMs },
                {
                  id: 'a',
                  head: 'Acts',
                  align: 'right',
                  cell: (p) => (
                    <span className="row right-acts">
                      <Button size="xs" onClick={() => setResetting(p)}>
                        Set password…
                      </Button>
                      <Button
                        size="xs"
                        disabled={p.id === me?.id}
                        title={p.id === me?.id ? 'You cannot disable yourself.' : undefined}
                        onClick={() => void disable.run({ id: p.id, disabled: !p.disabled }).then(() => list.reload())}
                      >
                        {p.disabled ? 'Enable' : 'Disable'}
                      </Button>
                    </span>
                  ),
                },
              ]}
            />
          )
        }
      </Answer>
      {adding && (
        <AddPerson
          onDone={() => {
            setAdding(false);
            list.reload();
          }}
        />
      )}
      {resetting !== null && <SetPassword person={resetting} onDone={() => setResetting(null)} />}
    </Panel>
  );
}

function AddPerson({ onDone }: { onDone: () => void }) {
  const act = useAct('people.create');
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const [password, setPassword] = useState('');
  return (
    <Confirm
      opened
      title="Add a person"
      confirmLabel="Add"
      busy={act.busy}
      fault={act.fault}
      disabled={name.trim() === '' || password.length < 10}
      onClose={onDone}
      onConfirm={() => void act.run({ name, role, password }).then((r) => r !== null && onDone())}
    >
      <TextInput label="Name" required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
      <NativeSelect
        label="Role"
        description={ABOUT[role]}
        value={role}
        onChange={(e) => setRole(e.currentTarget.value as Role)}
        data={ROLES.map((r) => ({ value: r, label: ROLE_LABEL[r] }))}
      />
      <PasswordInput
        label="First password"
        description="At least 10 characters."
        autoComplete="new-password"
        required
        value={password}
        onChange={(e) => setPassword(e.currentTarget.value)}
      />
    </Confirm>
  );
}
function SetPassword({ person, onDone }: { person: Person; onDone: () => void }) {
  const act = useAct('people.setPassword');
  const [password, setPassword] = useState('');
  return (
    <Confirm
      opened
      title={`Set the password of ${person.name}`}
      confirmLabel="Set password"
      busy={act.busy}
      fault={act.fault}
      disabled={password.length < 10}
      onClose={onDone}
      onConfirm={() => void act.run({ id: person.id, password }).then((r) => r !== null && onDone())}
    >
      <PasswordInput
        label="New password"
        description="At least 10 characters."
        autoComplete="new-password"
        required
        value={password}
        onChange={(e) => setPassword(e.currentTarget.value)}
        data-autofocus
      />
    </Confirm>
  );
}
