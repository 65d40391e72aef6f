/** Who settles: members and their meters, read once from the plant file, and the layout of their rounds. */
import { type BatchLayout, capacityOf } from '../../domain/settlement/limits.ts';
import { type PlantFile, TECHNOLOGY_CODE, type Technology } from '../../shared/plant-file.ts';
import { layoutFor } from './layout.ts';

export interface CommunityMember {
  readonly memberId: string;
  readonly name: string;
  readonly category: PlantFile['members'][number]['category'];
  readonly bus: string;
  readonly operatorOwned: boolean;
  readonly deviceId: string;
  readonly deviceName: string;
  /** Number of the meter in the registry; leaf index + 1. */
  readonly meterId: number;
  readonly technology: Technology;
  readonly renewableOnly: boolean;
  readonly ratedW: number;
  /** Flags of the registry leaf: bit 0 renewable only, bits 1..4 technology code. */
  readonly flags: number;
}

export interface Community {
  readonly layout: BatchLayout;
  /** Members whose meters stand beyond the layout's places: they cannot settle on this ledger. */
  readonly withoutPlace: readonly CommunityMember[];
  /** In the order of meter ids. */
  readonly members: readonly CommunityMember[];
  member(memberId: string): CommunityMember | undefined;
  byMeter(meterId: number): CommunityMember | undefined;
  byDevice(deviceId: string): CommunityMember | undefined;
}

/** Highest meter number that settles: so many places a round needs. */
export const placesNeeded = (plant: PlantFile): number =>
  Math.max(0, ...plant.devices.map((d) => (d.meter?.settling ? d.meter.meterId : 0)));

export function communityOf(plant: PlantFile, layout: BatchLayout = layoutFor(placesNeeded(plant))): Community {
  const devices = new Map(plant.devices.map((d) => [d.id, d]));
  const settling: CommunityMember[] = [];
  for (const member of plant.members) {
    const device = devices.get(member.meter);
    if (!device?.meter?.settling) continue;
    const { meterId, technology, renewableOnly, ratedW } = device.meter;
    settling.push({
      memberId: member.id,
      name: member.name,
      category: member.category,
      bus: member.bus,
      operatorOwned: member.operatorOwned,
      deviceId: device.id,
      deviceName: device.name,
      meterId,
      technology,
      renewableOnly,
      ratedW,
      flags: (renewableOnly ? 1 : 0) | (TECHNOLOGY_CODE[technology] << 1),
    });
  }
  settling.sort((a, b) => a.meterId - b.meterId);
  const members = settling.filter((m) => m.meterId <= capacityOf(layout));
  const byId = new Map(members.map((m) => [m.memberId, m]));
  const byMeter = new Map(members.map((m) => [m.meterId, m]));
  const byDevice = new Map(members.map((m) => [m.deviceId, m]));
  return {
    layout,
    withoutPlace: settling.filter((m) => m.meterId > capacityOf(layout)),
    members,
    member: (id) => byId.get(id),
    byMeter: (id) => byMeter.get(id),
    byDevice: (id) => byDevice.get(id),
  };
}
