/** What a round waits for, in the operator's words. Without it the Market page shows a clock that nothing comes of. */

export interface Meters {
  /** Members' meters whose key is known. */
  readonly known: number;
  /** Those of them that the chain does not know yet. */
  readonly unregistered: number;
  /** Those that the registry on the chain has in service. */
  readonly inService: number;
  readonly chainAway: boolean;
}

/** Nobody can be registered while the chain is away: the meters that are go on, and a new one is left out until the chain is back. */
export const goOnWithout = ({ inService, chainAway }: Meters): boolean => chainAway && inService > 0;

/** Null when rounds can open. */
export function whyNoRound(meters: Meters & { readonly members: number }): string | null {
  const { members, known, unregistered, inService } = meters;
  if (members === 0) return 'No round can open: the plant file names no member that trades. Add members with settling meters to it.';
  if (known === 0)
    return 'No round can open: no meter has shown its key yet. Check that the meters and gateways are on and reach the MQTT broker (Settings, Connections).';
  if (unregistered > 0 && !goOnWithout(meters))
    return `No round can open: ${unregistered} of ${known} meters wait for their registration on the chain. It is done by itself; if it lasts, look at the chain under Settings, Connections.`;
  if (inService === 0)
    return 'No round can open: the registry on the chain has none of the members’ meters in service. Verify them, or register them again, on the Devices page.';
  return null;
}
