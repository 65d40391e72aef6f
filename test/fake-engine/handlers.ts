/** One handler per call of the contract, over the in-memory world. */
import type { CallOutput, Handlers } from '../../src/shared/contract/contract.ts';
import { Fault } from '../../src/shared/errors.ts';
import { chainCopyHandlers } from './chain-copy.ts';
import { type LedgerCall, ledgerHandlers } from './ledger.ts';
import { connections, deviceDetail, devices, levels, registers, training } from './operations-views.ts';
import { INTERVAL_MS } from './plant-model.ts';
import { hex } from './random.ts';
import { balance, facePlate, overview, points, trends } from './views.ts';
import { walletHandlers } from './wallet.ts';
import type { World } from './world.ts';

export function createHandlers(w: World): Handlers {
  const now = () => w.now();
  const me = () => w.person?.name ?? 'nobody';
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const session = (): CallOutput<'session.get'> => ({
    person: w.person,
    demo: w.scenario !== 'sign-in' && w.scenario !== 'first-start',
    locked: w.locked,
    needsFirstSupervisor: w.needsFirstSupervisor,
    plant: {
      id: w.plant.id,
      name: w.plant.name,
      timeZone: w.plant.timeZone,
      nominalFrequencyHz: w.plant.nominal.frequencyHz,
      nominalVoltageV: w.plant.nominal.voltageV,
      simulated: true,
      currency: w.plant.market.currency,
    },
    developmentKeys: true,
    version: '0.1.0',
    host: 'headless',
  });
  const emergency = (): CallOutput<'emergency.state'> => {
    const { token: _, ...state } = w.emergency;
    return state;
  };
  const participant = (m: World['plant']['members'][number]): CallOutput<'participants.list'>[number] => {
    const interval = w.exchange.interval(now());
    const line = w.exchange.lines(interval - 1).members.find((l) => l.member === m.id);
    return {
      id: m.id,
      name: m.name,
      category: m.category,
      operatorOwned: m.operatorOwned,
      meter: m.meter,
      bus: m.bus,
      balance: line?.balanceAfter ?? null,
      positionWh: w.exchange.orders(interval).find((o) => o.member === m.id)?.quantityWh ?? null,
      lastMeteredWh: line?.meteredWh ?? null,
      reliabilityPercent: 82 + (m.name.length % 17),
      gateway: m.id === 'mill-7' && w.scenario === 'alarm' ? 'silent' : 'online',
      opening:
        line === undefined
          ? { state: 'none', reason: null, delivered: null }
          : {
              state: m.id === 'mill-7' && w.scenario === 'alarm' ? 'sent' : 'kept',
              reason: null,
              delivered: { interval: interval - 1, startMs: (interval - 1) * w.plant.market.intervalMs, atMs: now() },
            },
    };
  };
  const outbox = (): CallOutput<'settlement.outbox'> => {
    const rounds = w.exchange.rounds(now(), 12);
    const entries = rounds.map((r, i) => ({
      id: `ob-${r.interval}`,
      sequence: r.interval - w.exchange.first,
      kind: 'settle',
      title: `Settlement of interval ${r.interval}`,
      state: r.state === 'settled' ? ('final' as const) : r.state === 'sent' ? ('sent' as const) : ('waiting' as const),
      createdMs: now() - i * 30_000,
      attempts: w.exchange.chainAway ? 3 : r.state === 'settled' ? 1 : 0,
      transaction: r.state === 'settled' || r.state === 'sent' ? `0x${hex(`t${r.interval}`, 32)}` : null,
      block: r.state === 'settled' ? r.interval - w.exchange.first + 40 : null,
      lastError: w.exchange.chainAway && r.state !== 'settled' ? 'The node does not answer (connection refused).' : null,
    }));
    return { entries, waiting: entries.filter((e) => e.state !== 'final').length };
  };
  const find = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new Fault('not.found', `${what} is not known here.`);
    return value;
  };
  const checks = new Map<string, { id: string; position: 'open' | 'closed' }>();
  const switchName = (id: string) => w.plant.grid.switches.find((s) => s.id === id)?.name ?? id;

  return {
    ...(chainCopyHandlers(w) as Pick<
      Handlers,
      'carbon.onChain' | 'carbon.checkChainAct' | 'carbon.chainAct' | 'devices.onChain' | 'devices.checkChainAct' | 'devices.chainAct'
    >),
    ...(walletHandlers(w) as Pick<Handlers, 'wallet.get' | 'wallet.reserve' | 'wallet.check' | 'wallet.act' | 'wallet.issueMoney'>),
    ...(ledgerHandlers(w) as Pick<Handlers, LedgerCall>),
    'session.get': session,
    'session.signIn': ({ name, password }) => {
      if (password.length < 4) throw new Fault('session.badCredentials', 'Name or password is wrong. Check capital letters and try again.');
      w.person = { id: name, name, role: 'operator' };
      return session();
    },
    'session.signInDemo': () => {
      w.person = { id: 'demo', name: 'Demo operator', role: 'supervisor' };
      return session();
    },
    'session.signOut': () => {
      w.person = null;
      return session();
    },
    'session.lock': () => {
      w.locked = true;
      return session();
    },
    'session.unlock': () => {
      w.locked = false;
      return session();
    },
    'people.list': () => w.people,
    'people.createFirstSupervisor': ({ name }) => {
      w.needsFirstSupervisor = false;
      w.person = { id: 's1', name, role: 'supervisor' };
      return session();
    },
    'people.create': ({ name, role }) => {
      const p = { id: `p${w.people.length}`, name, role, disabled: false, createdMs: now() };
      w.people.push(p);
      return p;
    },
    'people.setDisabled': ({ id, disabled }) =>
      Object.assign(
        find(
          w.people.find((p) => p.id === id),
          'That person',
        ),
        { disabled },
      ),
    'people.setPassword': ({ id }) =>
      find(
        w.people.find((p) => p.id === id),
        'That person',
      ),
    'host.closing': () => ({
      goesOn: ['Devices keep their own protection and droop.', 'Meters keep their readings and send them later.'],
      stops: [
        'The control functions: devices fall back to safe set-points after 30 s.',
        'The market: no interval is cleared while the console is closed.',
      ],
      running: ['A settlement proof for the last interval'],
    }),
    'overview.get': () => overview(w),
    'points.list': () => points(w),
    'trends.query': (input) => trends(w, input),
    'trends.csv': (input) => ({
      fileName: 'trend.csv',
      csv: `time_utc,${input.points.join(',')}\n${trends(w, { ...input, maxPoints: 200 })
        .series[0]?.timesMs.map(
          (t, i) =>
            `${new Date(t).toISOString()},${trends(w, { ...input, maxPoints: 200 })
              .series.map((s) => s.values[i] ?? '')
              .join(',')}`,
        )
        .slice(0, 3)
        .join('\n')}`,
    }),
    'grid.topology': () => w.model.topology(),
    'grid.facePlate': ({ id }) => facePlate(w, id),
    'grid.checkSwitch': ({ id, position }) => {
      const token = hex(`${id}${position}${now()}`, 8);
      checks.set(token, { id, position });
      const tag = [...w.model.tags.values()].find((t) => t.element === id);
      const unit = w.plant.grid.units.find((u) => w.plant.grid.switches.some((s) => s.id === id && s.on.id === u.id));
      return {
        token,
        expiresMs: now() + 30_000,
        effects: [
          `${switchName(id)} will be ${position === 'open' ? 'opened' : 'closed'}.`,
          unit === undefined
            ? 'Everything behind it changes state.'
            : `${unit.name} ${position === 'open' ? 'goes dark' : 'is fed again'}.`,
          'Exchange with the main grid changes by about 2.1 kW.',
        ],
        blockedBy: tag === undefined ? [] : [`Lock-out tag by ${tag.by}: ${tag.text}`],
      };
    },
    'grid.switch': async ({ id, position, token }) => {
      if (checks.get(token)?.id !== id)
        throw new Fault('permissive.missing', 'The check has expired. Check again and confirm within 30 seconds.');
      await wait(350);
      w.model.positions.set(id, position);
      return {
        state: 'verified',
        message: `${switchName(id)} is ${position}, read back after 240 ms.`,
        sentMs: now() - 240,
        verifiedMs: now(),
      };
    },
    'grid.tag': ({ id, text }) => {
      const tag = `tag-${w.model.tags.size + 1}`;
      w.model.tags.set(tag, { id: tag, element: id, text, by: me(), timeMs: now() });
      return { id: tag };
    },
    'grid.untag': ({ tag }) => {
      w.model.tags.delete(tag);
      return {};
    },
    'control.setMode': ({ id, mode }) => {
      w.modes.set(id, mode);
      return find(
        balance(w).functions.find((f) => f.id === id),
        'That function',
      );
    },
    'control.setUnitMode': ({ unit, mode }) => {
      w.model.unitModes.set(unit, mode);
      return {};
    },
    'control.setPower': async ({ unit, powerW }) => {
      await wait(300);
      w.model.setPoints.set(unit, powerW);
      return { state: 'verified', message: 'The unit has taken the set-point.', sentMs: now() - 200, verifiedMs: now() };
    },
    'market.now': () => w.exchange.marketNow(now()),
    'market.rounds': ({ limit, before }) => ({ rounds: w.exchange.rounds(now(), limit, before) }),
    'market.placeOffer': ({ member, side, quantityWh, limitPrice }) => {
      const id = `offer-${w.exchange.interval(now())}-${w.exchange.offers.size}`;
      const order = {
        id,
        member,
        memberName: w.plant.members.find((m) => m.id === member)?.name ?? member,
        kind: 'interval' as const,
        side,
        quantityWh,
        limitPrice,
        sequence: 1,
        receivedMs: now(),
        state: 'open' as const,
        filledWh: null,
      };
      w.exchange.offers.set(id, order);
      return order;
    },
    'market.withdrawOffer': ({ order }) => {
      const o = find(w.exchange.offers.get(order), 'That offer');
      w.exchange.offers.delete(order);
      return { ...o, state: 'replaced' as const };
    },
    'settlement.round': ({ interval }) => w.exchange.round(interval, now()),
    'settlement.outbox': outbox,
    'settlement.exportRound': ({ interval, member }) => ({
      fileName: `round-${interval}-${member}.json`,
      json: JSON.stringify({ interval, member }),
    }),
    'settlement.verifyAgain': async () => {
      await wait(600);
      return {
        valid: true,
        checkedMs: now(),
        checks: [
          ['Signatures of 16 readings', '16 valid'],
          ['Signatures of 13 orders', '13 valid'],
          ['Order book root', 'equal'],
          ['Admission', 'the same orders and the same book of standing orders'],
          ['Book on the chain', 'equal'],
          ['Price by the rule', 'equal'],
          ['Energy and money sums', 'zero'],
          ['Groth16 proof', 'valid'],
          ['Receipt on chain', 'found'],
        ].map(([name = '', detail = '']) => ({ name, ok: true, detail })),
      };
    },
    'settlement.retryOutbox': () => ({ waiting: outbox().waiting }),
    'carbon.summary': () => {
      const { carbonNow } = overview(w);
      const certs = w.exchange.certificates(now());
      const sum = (...states: string[]) => certs.filter((c) => states.includes(c.state)).reduce((s, c) => s + c.energyWh, 0);
      const here = w.exchange.interval(now());
      const hour0 = Math.floor(here / 4) * 4 - 7 * 96;
      const empty = w.scenario === 'empty';
      const solar = certs.filter((c) => c.technology === 'solar').reduce((s, c) => s + c.energyWh, 0);
      return {
        intensityGPerKwh: carbonNow.intensityGPerKwh.value,
        mix: carbonNow.mix.map((m) => ({
          ...m,
          factorSource: m.source === 'grid' ? w.plant.carbon.source : 'IPCC AR5 WG3 annex III, median lifecycle',
        })),
        issuedWh: sum('active', 'cancelled', 'claimed'),
        heldWh: sum('active'),
        cancelledWh: sum('cancelled', 'claimed'),
        expiringWh: 0,
        avoidedGrams: Math.round(sum('cancelled', 'claimed') * 0.381),
        factor: { gPerKwh: w.plant.carbon.gridIntensityGPerKwh, zone: w.plant.carbon.zone, source: w.plant.carbon.source },
        matching: empty
          ? []
          : Array.from({ length: 7 * 24 }, (_, i) => {
              const hourStartMs = (hour0 + (i + 1) * 4) * INTERVAL_MS;
              const at = hourStartMs + 1_800_000;
              const wh = (kind: string) =>
                Math.abs(Math.round(w.plant.grid.units.filter((u) => u.kind === kind).reduce((s, u) => s + w.model.wish(u, at), 0)));
              const loadWh = wh('load');
              const renewableWh = wh('solar') + wh('wind') + wh('hydro');
              return { hourStartMs, loadWh, renewableWh, percent: i === 40 ? null : Math.round(Math.min(1, renewableWh / loadWh) * 100) };
            }),
        flow: empty
          ? []
          : [
              { from: 'Solar', to: 'Members', energyWh: Math.round(solar * 0.6) },
              { from: 'Solar', to: 'Battery', energyWh: Math.round(solar * 0.18) },
              { from: 'Solar', to: 'Main grid', energyWh: Math.round(solar * 0.22) },
              { from: 'Wind', to: 'Members', energyWh: 61_000 },
              { from: 'Hydro', to: 'Members', energyWh: 48_000 },
              { from: 'Main grid', to: 'Members', energyWh: 22_000 },
            ],
        bySource: empty
          ? []
          : ['solar', 'wind', 'hydro'].map((technology) => ({
              technology,
              energyWh: certs.filter((c) => c.technology === technology).reduce((s, c) => s + c.energyWh, 0),
            })),
      };
    },
    'carbon.certificates': ({ limit, device }) => {
      const list = w.exchange.certificates(now()).filter((c) => device === undefined || c.device === device);
      return { certificates: list.slice(0, limit), total: list.length };
    },
    'carbon.provenance': ({ certificate }) => {
      const c = find(
        w.exchange.certificates(now()).find((x) => x.id === certificate),
        'That certificate',
      );
      const e = (label: string, value: string) => ({ label, value });
      return {
        certificate: c,
        steps: [
          {
            title: 'Certificate',
            text: `${c.energyWh} Wh from ${c.deviceName}`,
            evidence: [e('Number', c.id), e('Transaction', c.onChain.transaction ?? '')],
          },
          {
            title: 'Settlement',
            text: `Interval ${c.interval} was proven and settled`,
            evidence: [e('Proof', `0x${hex(`p${c.interval}`, 32)}`)],
          },
          { title: 'Register growth', text: 'Export register grew by the certified energy', evidence: [e('Growth', `${c.energyWh} Wh`)] },
          { title: 'Device', text: 'Meter registered as renewable only', evidence: [e('Registry leaf', `0x${hex(c.device, 32)}`)] },
        ],
        readings: [c.interval - 1, c.interval].map((interval, i) => ({
          device: c.device,
          interval,
          importWh: 4_182_330,
          exportWh: 912_004 + i * c.energyWh,
          sequence: interval - w.exchange.first + 100,
          signature: hex(`s${interval}${c.device}`, 64),
          signatureValid: true,
          receivedMs: now() - (w.exchange.interval(now()) - interval) * 30_000,
        })),
      };
    },
    'carbon.cancelCertificate': ({ certificate }) => ({
      ...find(
        w.exchange.certificates(now()).find((x) => x.id === certificate),
        'That certificate',
      ),
      state: 'cancelled' as const,
    }),
    'participants.list': () => w.plant.members.map(participant),
    'participants.get': ({ id }) => {
      const m = find(
        w.plant.members.find((x) => x.id === id),
        'That member',
      );
      const here = w.exchange.interval(now());
      const statement = Array.from({ length: 24 }, (_, i) => here - 1 - i)
        .filter((i) => i >= w.exchange.first)
        .map((interval) => {
          const l = find(
            w.exchange.lines(interval).members.find((x) => x.member === id),
            'That line',
          );
          return {
            interval,
            startMs: interval * INTERVAL_MS,
            price: w.exchange.clear(interval).price,
            positionWh: l.positionWh,
            meteredWh: l.meteredWh,
            imbalanceWh: l.imbalanceWh,
            money: l.money,
            balanceAfter: l.balanceAfter,
          };
        });
      const orders = w.exchange.orders(here).filter((o) => o.member === id);
      return {
        ...participant(m),
        wallet: {
          address: `0x${hex(id, 20)}`,
          moneyOnChain: '4998200000',
          pending: outbox()
            .entries.filter((e) => e.state !== 'final')
            .slice(0, 2),
        },
        standingOrder: orders[0] ?? null,
        orders,
        statement,
        totals: {
          boughtWh: statement.reduce((s, l) => s + Math.max(0, l.positionWh), 0),
          soldWh: statement.reduce((s, l) => s + Math.max(0, -l.positionWh), 0),
          money: String(statement.reduce((s, l) => s + BigInt(l.money), 0n)),
          savedAgainstTariff: '182300000',
        },
      };
    },
    'participants.askOrder': ({ member }) => ({
      asked: true,
      message: `The gateway of ${w.plant.members.find((m) => m.id === member)?.name ?? member} was asked. It decides and signs by itself; its order appears in the book.`,
    }),
    'devices.list': () => devices(w),
    'devices.get': ({ id }) => deviceDetail(w, id),
    'devices.testRead': async ({ id }) => {
      await wait(240);
      const silent = w.model.silent.has(id);
      return {
        ok: !silent,
        ms: silent ? null : 12,
        message: silent ? 'No answer within 1 s. Check power and cable.' : 'Answered.',
        registers: registers(w, id),
      };
    },
    'devices.setMaintenance': ({ id, maintenance }) => {
      if (maintenance) w.maintenance.add(id);
      else w.maintenance.delete(id);
      return find(
        devices(w).find((d) => d.id === id),
        'That device',
      );
    },
    'alarms.active': () => w.alarms.rows,
    'alarms.history': ({ limit, text, beforeId }) => {
      const list = [...w.alarms.events]
        .reverse()
        .filter(
          (e) =>
            (beforeId === undefined || e.id < beforeId) &&
            (text === undefined || `${e.title} ${e.source}`.toLowerCase().includes(text.toLowerCase())),
        );
      return { events: list.slice(0, limit), total: w.alarms.events.length };
    },
    'alarms.performance': ({ hours }) => ({
      windowHours: hours,
      averagePerHour: w.scenario === 'alarm' ? 14.2 : 2.6,
      peakPer10Min: w.scenario === 'alarm' ? 12 : 3,
      percentFlood: w.scenario === 'alarm' ? 1.8 : 0,
      priorityPercent: { p1: 2, p2: 9, p3: 21, p4: 68 },
      mostFrequent:
        w.scenario === 'empty'
          ? []
          : [
              { title: 'Device answers slowly', count: 14, percent: 31 },
              { title: 'Voltage low', count: 9, percent: 20 },
              { title: 'Device silent', count: 7, percent: 16 },
            ],
      chattering: [],
      staleOver24h: 0,
      targets:
        'ISA-18.2: about 6 alarms an hour on average, no more than 10 in any 10 minutes, flood below 1 % of time, fewer than 5 standing over 24 h, priorities about 80/15/5.',
    }),
    'alarms.acknowledge': ({ ids }) => ({ acknowledged: w.alarms.acknowledge(ids, me(), now()) }),
    'alarms.shelve': ({ id, minutes, reason }) => w.alarms.shelve(id, minutes, reason, me(), now()),
    'alarms.unshelve': ({ id }) => w.alarms.unshelve(id, me(), now()),
    'emergency.levels': () => levels(w),
    'emergency.state': emergency,
    'emergency.arm': ({ level, drill }) => {
      const view = find(
        levels(w).find((l) => l.id === level),
        'That level',
      );
      const token = hex(`${level}${now()}`, 8);
      w.emergency = {
        ...w.emergency,
        phase: 'armed',
        drill,
        level,
        armedUntilMs: now() + 30_000,
        by: me(),
        token,
        elapsedMs: null,
        unverified: [],
        recovery: [],
        relays: view.opens.map((o) => ({ switch: o.switch, number: o.number, name: o.name, state: 'waiting', ms: null, message: null })),
      };
      return { ...emergency(), token };
    },
    'emergency.disarm': () => {
      w.emergency = { ...w.emergency, phase: 'ready', drill: false, token: null, armedUntilMs: null, relays: [] };
      return emergency();
    },
    'emergency.execute': ({ token }) => {
      if (token !== w.emergency.token) throw new Fault('permissive.missing', 'The shutdown is not armed any more. Arm it again.');
      w.emergency = { ...w.emergency, phase: 'acting', startedMs: now(), armedUntilMs: null };
      return emergency();
    },
    'emergency.recover': ({ step: id }) => {
      w.emergency.recovery = w.emergency.recovery.map((r, i, all) =>
        r.id === id ? { ...r, state: 'done' as const } : all[i - 1]?.id === id ? { ...r, state: 'possible' as const } : r,
      );
      w.emergency.phase = w.emergency.recovery.every((r) => r.state === 'done') ? 'ready' : 'recovering';
      if (w.emergency.phase === 'ready') {
        w.emergency.drill = false;
        for (const r of w.emergency.relays)
          w.model.positions.set(r.switch, w.plant.grid.switches.find((s) => s.id === r.switch)?.normal ?? 'closed');
        w.emergency.relays = [];
      }
      return emergency();
    },
    'journal.list': ({ limit, beforeSequence, text, kind }) => {
      const list = [...w.journal]
        .reverse()
        .filter(
          (j) =>
            (beforeSequence === undefined || j.sequence < beforeSequence) &&
            (kind === undefined || j.kind === kind) &&
            (text === undefined || `${j.title} ${j.text} ${j.who}`.toLowerCase().includes(text.toLowerCase())),
        );
      return { entries: list.slice(0, limit), total: w.journal.length };
    },
    'journal.export': () => ({ fileName: 'journal.jsonl', jsonl: w.journal.map((j) => JSON.stringify(j)).join('\n') }),
    'journal.verify': async () => {
      await wait(300);
      return {
        valid: true,
        entries: w.journal.length,
        message: 'Every entry names the hash of the one before it; none is missing or changed.',
        firstBroken: null,
      };
    },
    'settings.connections': () => connections(w),
    'settings.testConnection': async ({ id }) => {
      await wait(200);
      const c = find(
        connections(w).find((x) => x.id === id),
        'That connection',
      );
      return { ok: c.state !== 'down', ms: 8, message: c.state === 'down' ? 'Connection refused. Is the node running?' : 'Answered.' };
    },
    'settings.plant': () => ({
      file: 'plant/plants/rural1.json',
      facts: [
        ['Plant', 'Name', w.plant.name],
        ['Plant', 'Notes', w.plant.notes],
        ['Plant', 'Time zone', w.plant.timeZone],
        ['Limits', 'Import', '120 kW'],
        ['Limits', 'Export', '100 kW'],
        ['Limits', 'Voltage', '0.90 to 1.10 pu'],
        ['Limits', 'Trip profile', w.plant.tripProfile.source],
        ['Market', 'Interval', '15 min of plant time'],
        ['Market', 'Grid import tariff', '32.00 ct/kWh'],
        ['Market', 'Feed-in tariff', '8.00 ct/kWh'],
        ['Market', 'Orders close before the gate', '2 min'],
        ['Market', 'Gate closes before delivery', '1 min'],
        ['Control', 'Cycle', '1000 ms'],
        ['Control', 'Set-points revert after', '30 s'],
      ].map(([group = '', label = '', value = '']) => ({ group, label, value })),
      dataFolder: '~/.local/share/busbar',
      diskBudgetBytes: 2e9,
      diskUsedBytes: 1.84e8,
    }),
    'settings.notices': () => ({ text: 'Busbar is MIT licensed.\n\nSimBench rural1: ODbL 1.0.\nInter typeface: SIL OFL 1.1.' }),
    'training.list': () => training(w),
    'training.inject': ({ kind, target, seconds }) => {
      const list = training(w).faults.find((f) => f.kind === kind);
      const fault = {
        id: `f${now()}`,
        kind,
        label: list?.label ?? kind,
        target,
        targetLabel: list?.targets.find((t) => t.id === target)?.label ?? target,
        endsMs: now() + seconds * 1000,
      };
      w.faults = [...w.faults, fault];
      if (kind === 'device-silent') {
        w.model.silent.add(target);
        w.alarms.raise(
          {
            id: `al-${target}`,
            priority: 2,
            title: 'Device silent',
            source: target,
            sourceName: fault.targetLabel,
            cause: 'No answer for 5 s.',
            consequence: 'Its values are old.',
            action: 'Check its cable and power.',
            respondWithinS: 900,
            page: `devices:${target}`,
          },
          now(),
        );
      }
      if (kind === 'grid-loss') {
        w.model.positions.set('q-pcc', 'open');
        w.alarms.raise(
          {
            id: 'al-loss',
            priority: 1,
            title: 'Main grid lost',
            source: 'q-pcc',
            sourceName: 'Interconnection',
            cause: 'Loss of mains.',
            consequence: 'The plant runs on its own.',
            action: 'Watch reserve and battery.',
            respondWithinS: 120,
            page: 'grid:q-pcc',
          },
          now(),
        );
      }
      return fault;
    },
    'training.clear': ({ id }) => {
      const f = w.faults.find((x) => x.id === id);
      if (f !== undefined) endFault(w, f);
      return {};
    },
  };
}

function endFault(w: World, fault: World['faults'][number]): void {
  w.faults = w.faults.filter((f) => f.id !== fault.id);
  w.model.silent.delete(fault.target);
  if (fault.kind === 'grid-loss') w.model.positions.set('q-pcc', 'closed');
}

/** Ten times a second: faults end, relays answer one by one, an armed shutdown disarms by itself. */
export function step(w: World): void {
  const nowMs = w.now();
  for (const f of w.faults) if (f.endsMs !== null && nowMs > f.endsMs) endFault(w, f);
  const e = w.emergency;
  if (e.phase === 'armed' && e.armedUntilMs !== null && nowMs > e.armedUntilMs)
    w.emergency = { ...e, phase: 'ready', drill: false, token: null, armedUntilMs: null, relays: [] };
  if (e.phase !== 'acting' || e.startedMs === null) return;
  const elapsedMs = nowMs - e.startedMs;
  e.elapsedMs = elapsedMs;
  e.relays = e.relays.map((r, i): (typeof e.relays)[number] => {
    if (r.state === 'verified' || r.state === 'already-open' || r.state === 'unverified') return r;
    const relay = w.plant.grid.switches.find((s) => s.id === r.switch)?.relay ?? '';
    if (r.state === 'waiting' && elapsedMs > i * 40) {
      if (w.model.positions.get(r.switch) === 'open') return { ...r, state: 'already-open', ms: 0 };
      return { ...r, state: 'sent' };
    }
    if (r.state === 'sent' && !w.model.silent.has(relay) && elapsedMs > i * 40 + 280) {
      if (!e.drill) w.model.positions.set(r.switch, 'open');
      return { ...r, state: 'verified', ms: 240 + ((i * 37) % 90) };
    }
    if (r.state === 'sent' && elapsedMs > e.deadlineMs)
      return { ...r, state: 'unverified', message: 'The relay does not answer. Open it by hand and look.' };
    return r;
  });
  if (e.relays.every((r) => r.state !== 'waiting' && r.state !== 'sent')) {
    e.unverified = e.relays.filter((r) => r.state === 'unverified').map((r) => r.switch);
    e.phase = 'done';
    e.recovery = [
      'Find and remove the cause',
      'Close the interconnection',
      'Close the feeders one by one',
      'Bring the sources back',
      'Close the loads in reverse order',
    ].map((title, i) => ({
      id: `r${i}`,
      title,
      state: i === 0 ? 'possible' : 'waiting',
      why: i === 0 ? null : 'After the step before it',
    }));
    w.note(
      e.by ?? 'engine',
      'event',
      e.drill ? 'Drill finished' : 'Emergency shutdown finished',
      `${e.relays.length} relays, ${e.unverified.length} not verified.`,
      'noted',
    );
  }
}
