/** What a round waits for, in the operator's words. Without it the Market page shows a clock that nothing comes of. */

/** Null when rounds can open. `known`: members' meters whose key is known; `unregistered`: those of them the chain does not know yet. */
export function whyNoRound(meters: { members: number; known: number; unregistered: number }): string | null {
  const { members, known, unregistered } = meters;
  if (members === 0) return 'No round can open: the plant file names no member that trades. Add members with settling meters to it.';
  if (known === 0)
    return 'No round can open: no meter has shown its key yet. Check that the meters and gateways are on and reach the MQTT broker (Settings, Connections).';
  if (unregistered > 0)
    return `No round can open: ${unregistered} of ${known} meters wait for their registration on the chain. It is done by itself; if it lasts, look at the chain under Settings, Connections.`;
  return null;
}
