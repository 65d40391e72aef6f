/** What `SmartMeter.registerDevice` takes as `deviceData`, made from plain values. */
import { mulPointEscalar, type Point, subOrder } from '@zk-kit/baby-jubjub';
import { AbiCoder, encodeBytes32String } from 'ethers';

const technologies = ['none', 'solar', 'wind', 'hydro', 'biomass', 'diesel', 'storage', 'mixed'] as const;
const backings = ['none', 'certificates', 'credits'] as const;
const classes = ['private', 'public'] as const;

export type Technology = (typeof technologies)[number];
export type Backing = (typeof backings)[number];
export type DeviceClass = (typeof classes)[number];

export type DeviceRegistration = {
  /** 0 or absent: the next free number of the class. */
  readonly meterId?: number;
  readonly owner: string;
  readonly deviceClass: DeviceClass;
  readonly technology: Technology;
  readonly renewableOnly: boolean;
  readonly backing: Backing;
  readonly ratedPowerW: number;
  /** At most 31 bytes. */
  readonly gridNode: string;
  /** Registers of the device when it is installed, Wh. */
  readonly importWh?: bigint;
  readonly exportWh?: bigint;
  /** Market interval of the installation; absent: the present one by the chain's clock. A simulated plant names it for public meters. */
  readonly interval?: number;
  /** BabyJubJub public key. */
  readonly publicKey: readonly [bigint, bigint];
};

/** 8⁻¹ modulo the prime order of the subgroup: eight times the result of multiplying by it is the point itself. */
const inverseOfCofactor = (() => {
  for (let k = 1n; k < 8n; k += 1n) if ((subOrder * k + 1n) % 8n === 0n) return (subOrder * k + 1n) / 8n;
  throw new Error('The subgroup order is even: not BabyJubJub.');
})();

/** The point W with 8·W = key, by which the contract sees that the key lies in the prime subgroup. */
export const deviceKeyWitness = (publicKey: readonly [bigint, bigint]): [bigint, bigint] => {
  const [x, y] = mulPointEscalar([publicKey[0], publicKey[1]] as Point<bigint>, inverseOfCofactor);
  return [BigInt(x), BigInt(y)];
};

const deviceDataType =
  'tuple(uint256 meterId, address owner, uint8 deviceClass, uint8 technology, bool renewableOnly, uint8 backing, uint32 ratedPowerW, bytes32 gridNode, ' +
  'uint64 importWh, uint64 exportWh, uint40 interval, uint256 keyX, uint256 keyY, uint256 witnessX, uint256 witnessY)';

/** ABI-encoded `ISmartMeter.DeviceData`, as a hex string. */
export const encodeDeviceData = (device: DeviceRegistration): string => {
  const [witnessX, witnessY] = deviceKeyWitness(device.publicKey);
  const value = {
    meterId: device.meterId ?? 0,
    owner: device.owner,
    deviceClass: classes.indexOf(device.deviceClass),
    technology: technologies.indexOf(device.technology),
    renewableOnly: device.renewableOnly,
    backing: backings.indexOf(device.backing),
    ratedPowerW: device.ratedPowerW,
    gridNode: encodeBytes32String(device.gridNode),
    importWh: device.importWh ?? 0n,
    exportWh: device.exportWh ?? 0n,
    interval: device.interval ?? 0,
    keyX: device.publicKey[0],
    keyY: device.publicKey[1],
    witnessX,
    witnessY,
  };
  return AbiCoder.defaultAbiCoder().encode([deviceDataType], [value]);
};
