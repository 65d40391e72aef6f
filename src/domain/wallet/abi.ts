/** Solidity signatures of all methods an account calls here; gateways and console encode with the same ones. */
import { DEMAND_ABI } from './demand-acts.ts';
import { SETTLEMENT_ABI } from './money-acts.ts';

export type WalletContract = 'CommunityMoney' | 'EnergyToken' | 'EnergyTrade' | 'EnergyDeals' | 'GridManagement' | 'Settlement';

export const WALLET_ABI: Readonly<Record<WalletContract, readonly string[]>> = {
  CommunityMoney: [
    'function transfer(address to, uint256 value) returns (bool)',
    'function approve(address spender, uint256 value) returns (bool)',
  ],
  EnergyToken: [
    'function transferEnergy(address to, uint256 amount) returns (bool)',
    'function approve(address spender, uint256 value) returns (bool)',
  ],
  EnergyTrade: [
    'function createOffer(uint256 amount, uint256 price, uint256 duration, bool isSelling) returns (uint256)',
    'function createOfferWith((uint96 amountWh, uint64 price, uint40 durationS, bool isSelling, uint8 pay, bool gridBalanced, uint8 metric, bool atLeast, int64 threshold, address partner) terms) returns (uint256)',
    'function executeTrade(uint256 offerId, uint256 amount) returns (bool)',
    'function closeOffer(uint256 offerId)',
    'function openGroup(uint256 offerId, uint96 targetWh, uint40 durationS) returns (uint256)',
    'function joinGroup(uint256 groupId, uint96 amountWh)',
    'function leaveGroup(uint256 groupId)',
    'function executeGroup(uint256 groupId)',
    'function claimGroup(uint256 groupId)',
    'function withdraw()',
  ],
  EnergyDeals: [
    'function createAuction(uint96 amountWh, uint64 reservePrice, uint40 durationS, uint40 drawS) returns (uint256)',
    'function bid(uint256 auctionId, uint64 price)',
    'function settleAuction(uint256 auctionId) returns (uint256)',
    'function draw(uint256 dealId, uint96 amountWh)',
    'function closeConnection(uint256 dealId)',
    'function proposeFuture((uint96 amountWh, uint64 price, uint40 startsAt, uint32 windowS, uint32 periodS, uint16 count) terms) returns (uint256)',
    'function withdrawProposal(uint256 dealId)',
    'function acceptFuture(uint256 dealId)',
    'function deliver(uint256 dealId)',
    'function payInstalments(uint256 dealId)',
    'function endDeal(uint256 dealId)',
    'function settleDeal(uint256 dealId)',
    'function settleInstalment(uint256 dealId, uint256 number)',
    'function dispute(uint256 dealId, bytes32 reason)',
    'function disputeInstalment(uint256 dealId, uint256 number, bytes32 reason)',
    'function resolve(uint256 dealId, uint256 sellerBps)',
    'function resolveInstalment(uint256 dealId, uint256 number, uint256 sellerBps)',
    'function withdraw()',
  ],
  GridManagement: DEMAND_ABI,
  Settlement: SETTLEMENT_ABI,
};
