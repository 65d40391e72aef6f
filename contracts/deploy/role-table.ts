/**
 * Who may call what: the one table of the suite. Deployment writes it into Access, the role × function test tries every cell of it.
 *
 * A function that is not listed here and is marked `restricted` in Solidity belongs to ADMIN (the council).
 */
export const roleIds = {
  ADMIN: 0n,
  REGISTRAR: 1n,
  TECHNICIAN: 2n,
  METER_OPERATOR: 3n,
  GRID_OPERATOR: 4n,
  GUARDIAN: 5n,
  SETTLEMENT: 6n,
  SETTLEMENT_OPERATOR: 7n,
  ISSUER: 8n,
  COMPLIANCE: 9n,
  ARBITER: 10n,
  GOVERNOR: 11n,
  MONEY_ISSUER: 12n,
} as const;

export type RoleName = keyof typeof roleIds;
export type RoleTable = Readonly<Record<string, Readonly<Record<string, RoleName>>>>;

/** Roles that people or the console's accounts hold; ADMIN and GOVERNOR are the council's, SETTLEMENT is a contract's. */
export const workingRoles = [
  'REGISTRAR',
  'TECHNICIAN',
  'METER_OPERATOR',
  'GRID_OPERATOR',
  'GUARDIAN',
  'SETTLEMENT_OPERATOR',
  'ISSUER',
  'COMPLIANCE',
  'ARBITER',
  'MONEY_ISSUER',
] as const satisfies readonly RoleName[];

const pausable = { pause: 'GUARDIAN', unpause: 'ADMIN' } as const;

export const roleTable: RoleTable = {
  Parameters: { defineParameter: 'ADMIN', setParameter: 'GOVERNOR' },
  SmartMeter: {
    ...pausable,
    registerDevice: 'REGISTRAR',
    registerDevices: 'REGISTRAR',
    verifyDevice: 'TECHNICIAN',
    verifyDevices: 'TECHNICIAN',
    swapDevice: 'REGISTRAR',
    rotateKey: 'REGISTRAR',
    retireDevice: 'TECHNICIAN',
    validateReading: 'METER_OPERATOR',
    reportTamper: 'METER_OPERATOR',
    clearTamper: 'TECHNICIAN',
    setMaintenance: 'TECHNICIAN',
    recordFirmware: 'TECHNICIAN',
  },
  CommunityMoney: { mint: 'MONEY_ISSUER' },
  GranularCertificate: {
    ...pausable,
    issueFromSettlement: 'SETTLEMENT',
    issueFromReading: 'ISSUER',
    lock: 'COMPLIANCE',
    unlock: 'COMPLIANCE',
    withdraw: 'COMPLIANCE',
  },
  EnergyToken: { ...pausable, mintEnergy: 'ISSUER', hold: 'COMPLIANCE', releaseHold: 'COMPLIANCE' },
  CarbonCredit: { ...pausable, issueCreditsCertificate: 'ISSUER', hold: 'COMPLIANCE', releaseHold: 'COMPLIANCE' },
  GridManagement: {
    ...pausable,
    registerNode: 'REGISTRAR',
    setCapacity: 'GRID_OPERATOR',
    updateStatus: 'GRID_OPERATOR',
    requestDemandResponse: 'GRID_OPERATOR',
    recordResponse: 'METER_OPERATOR',
    confirmBaseline: 'METER_OPERATOR',
    trip: 'GUARDIAN',
    signLift: 'GUARDIAN',
  },
  EnergyTrade: { ...pausable, collectFees: 'GOVERNOR' },
  EnergyDeals: { ...pausable, collectFees: 'GOVERNOR', resolve: 'ARBITER', resolveInstalment: 'ARBITER' },
  CarbonMarket: { ...pausable, listPair: 'ADMIN', setLeast: 'ADMIN', collectFees: 'GOVERNOR' },
  EnergyRecords: { ...pausable, setCategory: 'REGISTRAR', certify: 'ISSUER' },
  AchievementNFT: { ...pausable, defineMilestone: 'ADMIN' },
  Settlement: {
    ...pausable,
    commitOrders: 'SETTLEMENT_OPERATOR',
    commitOrdersLate: 'SETTLEMENT_OPERATOR',
    setAccount: 'REGISTRAR',
    withdrawGrid: 'ADMIN',
  },
};

/**
 * Functions that ask for no role. What they ask instead (the owner of a bundle, the maker of an offer, a member of the council, a proof) is on
 * the interface. The table is complete: a function that changes state stands here, above, or is one of `authorityOnly`.
 */
export const openTable: Readonly<Record<string, readonly string[]>> = {
  Parameters: [],
  SmartMeter: ['submitCommitment', 'submitReading'],
  CommunityMoney: ['approve', 'permit', 'transfer', 'transferFrom'],
  GranularCertificate: ['cancel', 'claim', 'expire', 'release', 'reserve', 'reserveFor', 'setOperator', 'setPullOnly', 'split', 'transfer'],
  EnergyToken: [
    ...['approve', 'batchTransfer', 'burnEnergy', 'escrowIn', 'escrowOut'],
    ...['sweep', 'transfer', 'transferEnergy', 'transferFrom'],
  ],
  CarbonCredit: [
    ...['approve', 'assessLevy', 'batchTransfer', 'bundle', 'collectLevy', 'enterShare', 'escrowIn', 'escrowOut', 'payShare'],
    ...['retireCredits', 'retireCreditsFor', 'rollPool', 'sweep', 'takeLevy', 'transfer', 'transferBundle', 'transferCredits'],
    ...['transferFrom', 'unbundle'],
  ],
  GridManagement: ['closeDemandResponse', 'declineEnrolment', 'enroll', 'requestEnergyTransfer', 'updateLoadBalance', 'withdraw'],
  EnergyTrade: [
    ...['claimGroup', 'closeOffer', 'createOffer', 'createOfferWith', 'executeGroup', 'executeTrade', 'joinGroup', 'leaveGroup'],
    ...['openGroup', 'withdraw'],
  ],
  EnergyDeals: [
    ...['acceptFuture', 'bid', 'closeConnection', 'createAuction', 'deliver', 'dispute', 'disputeInstalment', 'draw', 'endDeal'],
    ...['payInstalments', 'proposeFuture', 'settleAuction', 'settleDeal', 'settleInstalment', 'withdraw', 'withdrawProposal'],
  ],
  CarbonMarket: ['buyBundle', 'close', 'delistBundle', 'listBundle', 'place', 'prune', 'recover', 'withdraw'],
  EnergyRecords: [
    ...['approve', 'fillRec', 'openRec', 'recoverBundle', 'redeemRec', 'retireRec', 'safeTransferFrom', 'sealRec'],
    ...['setApprovalForAll', 'settleRec', 'transferFrom'],
  ],
  AchievementNFT: ['approve', 'claim', 'safeTransferFrom', 'setApprovalForAll', 'transferFrom'],
  Settlement: [
    ...['admitOrders', 'challengeLate', 'claim', 'deposit', 'depositGrid', 'escape', 'exit', 'issueCertificates', 'moveAccount'],
    ...['reclaim', 'requestWithdrawal', 'settle', 'settlePart', 'syncTariffs'],
  ],
};

/** Inherited from OpenZeppelin's AccessManaged: only Access itself may call it, on behalf of ADMIN (`updateAuthority`). */
export const authorityOnly: readonly string[] = ['setAuthority'];
