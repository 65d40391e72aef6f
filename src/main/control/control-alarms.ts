import type { AlarmSink } from '../kernel/ports.ts';

/** Alarms of the control functions themselves. */
export function defineControlAlarms(alarms: AlarmSink): void {
  alarms.define({
    kind: 'control.blind',
    priority: 2,
    title: 'Control function is blind',
    cause: 'Readings it decides from are old, refused or missing',
    consequence: 'It holds its last safe output, then lets devices fall back to their own',
    action: 'Bring back the device named; set the unit by hand if it cannot wait',
    respondWithinS: 300,
    onDelayMs: 5000,
    offDelayMs: 3000,
  });
  alarms.define({
    kind: 'control.unverified',
    priority: 2,
    title: 'Set-point not taken',
    cause: 'The device does not show the set-point that was sent',
    consequence: 'It does not do what the control function reckons with',
    action: 'Check the device’s remote setting and its registers on the Devices page',
    respondWithinS: 300,
    onDelayMs: 8000,
    offDelayMs: 3000,
  });
  alarms.define({
    kind: 'control.overrun',
    priority: 2,
    title: 'Control function cut off',
    cause: 'It took longer than its share of the cycle, or failed',
    consequence: 'Its last safe output holds; it is tried again after ten cycles',
    action: 'Keep the message in the journal and report it; control the unit by hand if needed',
    respondWithinS: 600,
  });
  alarms.define({
    kind: 'control.shed',
    priority: 2,
    title: 'Loads are shed',
    cause: 'The island’s sources could not carry all loads',
    consequence: 'Members are without supply',
    action: 'See which on the Balance page; bring in sources so that they can be restored',
    respondWithinS: 600,
  });
  alarms.define({
    kind: 'control.gensetFailed',
    priority: 1,
    title: 'Genset does not start',
    cause: 'It was told to start and did not come up',
    consequence: 'The island will run out of energy; loads will be shed',
    action: 'Check fuel, starter battery and emergency stop at the set; start it by hand',
    respondWithinS: 120,
  });
}
