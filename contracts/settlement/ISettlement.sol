// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ISettlement: the community's accounts, moved by proofs
/// @notice Energy in Wh, money in micro-cents, prices and tariffs in milli-cents per kWh, `interval` in market intervals of 900 s.
///         What a batch proves is `docs/settlement.md`. The chain learns prices, totals and roots, never a member's reading, order, trade or balance.
interface ISettlement {
    /// @notice What a caller of `settle` may choose; the proof fixes all of it.
    struct Batch {
        uint40 interval;
        uint32 price; // 0 without a trade
        bool traded;
        uint8 flowCount; // queue entries applied, oldest first
        uint256 newRoot;
        uint256 totals; // see SettlementWords
    }

    /// @notice One settled interval.
    struct Round {
        uint40 settledAt; // s; 0: not settled
        uint32 price;
        bool traded;
        uint40 certificateWh;
        uint8 carriedMembers;
        bool certified; // its certificates are issued
        uint32 number; // 1 for the first batch
    }

    /// @notice A deposit or withdrawal waiting for a batch.
    struct Flow {
        address account;
        uint64 amount;
        uint8 index; // of the member, from 0
        bool withdrawal;
        uint16 batch; // low bits of the number of batches when it came
    }

    event OrdersCommitted(uint40 indexed interval, uint256 ordersRoot);
    /// @notice Carries every public signal that is not in another event: the round can be verified again from events alone.
    event Settled(
        uint40 indexed interval, uint256 registryRoot, uint256 ordersRoot, uint256 oldRoot, uint256 newRoot, uint256 terms, uint256 totals, uint256 flows
    );
    event TariffsSet(uint32 buyTariff, uint32 sellTariff);
    event AccountSet(uint8 indexed index, address indexed account);
    event FlowQueued(uint256 indexed position, uint8 indexed index, address indexed account, bool withdrawal, uint64 amount);
    event FlowApplied(uint256 indexed position, uint8 indexed index, bool withdrawal, uint64 amount, bool applied);
    event Claimed(address indexed account, uint256 amount);
    event GridDeposited(address indexed from, uint256 amount);
    event GridWithdrawn(address indexed to, uint256 amount);
    event CertificatesIssued(uint40 indexed interval, uint256 indexed bundleId, uint40 energyWh);
    event Escaped(uint256 root);
    event Exited(uint8 indexed index, address indexed account, uint256 amount);
    event Reclaimed(uint256 indexed position, address indexed account, uint256 amount);

    /// @notice Orders of `interval` are committed already, or the interval is not after `last`, the last settled one.
    error IntervalNotOpen(uint40 interval, uint40 last);
    /// @notice No orders are committed for `interval`.
    error OrdersMissing(uint40 interval);
    /// @notice Zero is no root.
    error EmptyRoot();
    /// @notice The proof does not hold for these public signals.
    error ProofRefused(uint40 interval);
    /// @notice A round without a trade has no price.
    error PriceWithoutTrade(uint32 price);
    /// @notice `flowCount` is more than `available` waiting entries or more than a batch applies.
    error TooManyFlows(uint256 flowCount, uint256 available);
    /// @notice Entry `position` came before the last batch and must be in this one.
    error FlowOverdue(uint256 position);
    /// @notice Member `index` does not exist; there are `capacity`.
    error UnknownMember(uint256 index, uint256 capacity);
    /// @notice `caller` is not the account `account` of the member.
    error NotTheAccount(address caller, address account);
    /// @notice The member has an entry waiting already.
    error FlowPending(uint8 index);
    /// @notice The amount is 0.
    error ZeroAmount();
    /// @notice `account` has nothing to claim.
    error NothingToClaim(address account);
    /// @notice The grid account can give `available`, not `amount`, without touching members' money.
    error GridAccountShort(uint256 amount, int256 available);
    /// @notice `sellTariff` is above `buyTariff`.
    error TariffsCrossed(uint256 buyTariff, uint256 sellTariff);
    /// @notice The interval has no certificates to issue, or has had them.
    error NoCertificates(uint40 interval);
    /// @notice Batches ended; exits are open.
    error InEscape();
    /// @notice A batch came less than `waitS` ago.
    error NotYetEscape(uint256 waitS);
    /// @notice Exits are open only in escape.
    error NotInEscape();
    /// @notice Member `index` has left already.
    error AlreadyExited(uint8 index);
    /// @notice The opening and its path do not lead to the last root.
    error BadOpening(uint8 index);
    /// @notice Entry `position` is no waiting deposit.
    error NoDeposit(uint256 position);

    /// @notice Binds the orders of an interval before its gate closes. Role: SETTLEMENT_OPERATOR.
    function commitOrders(uint40 interval, uint256 ordersRoot) external;

    /// @notice Moves the accounts by one proven batch. Open to anyone, because the proof leaves nothing to choose.
    function settle(Batch calldata batch, uint256[8] calldata proof) external;

    /// @notice Takes the tariffs from Parameters; they hold for batches settled from now on. Open to anyone.
    function syncTariffs() external;

    /// @notice Issues the certificates of a settled interval to the community's holder. Open to anyone, once per interval.
    function issueCertificates(uint40 interval) external returns (uint256 bundleId);

    /// @notice Ends batching when none came for the set time. Open to anyone; there is no way back.
    function escape() external;

    /// @notice In escape: proves member `index`'s account under the last root and grants its balance to its chain account. Open to anyone, once.
    /// @param opening epoch, balance, debt, import and export registers in Wh, sequence, carried position + 2^48, salt
    /// @param siblings from the leaf upwards
    function exit(uint8 index, uint256[8] calldata opening, uint256[] calldata siblings) external;

    /// @notice In escape: grants a deposit that no batch has applied back to its payer. Open to anyone.
    function reclaim(uint256 position) external;

    /// @notice Names the chain account of member `index` for the first time. Role: REGISTRAR.
    function setAccount(uint8 index, address account) external;

    /// @notice Hands a member's account on. Only the account itself.
    function moveAccount(uint8 index, address account) external;

    /// @notice Pays in for a member; the balance grows with the next batch. Only the member's account.
    function deposit(uint8 index, uint64 amount) external;

    /// @notice Asks for a payout; it is granted by the next batch if the balance covers it. Only the member's account.
    function requestWithdrawal(uint8 index, uint64 amount) external;

    /// @notice Takes what batches have granted to the caller.
    function claim() external;

    /// @notice The grid's supplier pays in what its account owes.
    function depositGrid(uint256 amount) external;

    /// @notice Pays out what the grid account has earned. Role: ADMIN (the council).
    function withdrawGrid(address to, uint256 amount) external;
}
