// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ISettlement: the community's accounts, moved by proofs
/// @notice Energy in Wh, money in micro-cents, prices and tariffs in milli-cents per kWh, `interval` in market intervals of 900 s.
///         What a batch proves is `docs/settlement.md`. The chain learns prices, totals and roots, never a member's reading, order, trade or balance.
/// @custom:source this project, docs/settlement.md
interface ISettlement {
    /// @notice What a caller of `settle` or `settlePart` may choose; the proof fixes all of it.
    struct Batch {
        uint40 interval;
        uint32 price; // 0 without a trade
        bool traded;
        uint8 flowCount; // queue entries applied, oldest first
        uint256 newRoot;
        uint256 totals; // see SettlementWords; in parts before the last: nothing yet, SettlementWords.NO_TOTALS
    }

    /// @notice A member's word that it had the orders' root before the gate closed: an EIP-712 signature, in the domain {name "Busbar Settlement",
    ///         version "1"}, over `Receipt(uint40 interval,uint256 ordersRoot,address operator)` by the member's account, or by a contract's rule (ERC-1271).
    struct Receipt {
        uint16 index; // of the member, from 0
        bytes signature;
    }

    /// @notice One settled interval.
    struct Round {
        uint40 settledAt; // s; 0: not settled
        uint32 price;
        bool traded;
        uint40 certificateWh;
        uint16 carriedMembers;
        bool certified; // its certificates are issued
        uint32 number; // 1 for the first round settled
    }

    /// @notice A deposit or withdrawal waiting for a batch.
    struct Flow {
        address account;
        uint64 amount;
        uint16 index; // of the member, from 0
        bool withdrawal;
        uint8 batch; // low bits of the number of settled rounds when it came
    }

    /// @notice The orders of an interval are bound.
    /// @param interval market interval of 900 s
    /// @param ordersRoot Poseidon root of the interval's orders
    event OrdersCommitted(uint40 indexed interval, uint256 ordersRoot);
    /// @notice Orders that the members had receipted before the gate closed came late; open to challenge until `openUntil`, s.
    /// @param interval market interval of 900 s
    /// @param ordersRoot Poseidon root of the interval's orders
    /// @param operator account that committed
    /// @param openUntil unix time until which it can be challenged, s
    /// @param receipts number of receipts
    event OrdersCommittedLate(uint40 indexed interval, uint256 ordersRoot, address indexed operator, uint40 openUntil, uint256 receipts);
    /// @notice The operator's own signature, of the account that committed or another of its role, showed two roots for one interval: the round
    ///         will never be settled.
    /// @param interval market interval of 900 s
    /// @param ordersRoot Poseidon root of the interval's orders
    /// @param otherRoot root that the operator signed besides
    /// @param by who showed it
    event CommitmentVoided(uint40 indexed interval, uint256 ordersRoot, uint256 otherRoot, address indexed by);
    /// @notice Every order of `part` is signed by its member, or the part is `idle` and has none. The book of standing orders moves with the last part.
    /// @param interval market interval of 900 s
    /// @param part number of the part, from 0
    /// @param idle true: nobody trades, every leaf is empty
    /// @param ordersRoot Poseidon root of the interval's orders
    /// @param oldBook root of the standing orders before
    /// @param newBook root of the standing orders after
    event OrdersAdmitted(uint40 indexed interval, uint8 part, bool idle, uint256 ordersRoot, uint256 oldBook, uint256 newBook);
    /// @notice One part of a round is proven; nothing is final before {Settled}.
    /// @param interval market interval of 900 s
    /// @param part number of the part, from 0
    /// @param oldRoot root of the members' accounts before
    /// @param newRoot root of the members' accounts after
    /// @param carryOut commitment to the claims about the whole round and the sums so far; 0 from the last part
    event PartSettled(uint40 indexed interval, uint8 part, uint256 oldRoot, uint256 newRoot, uint256 carryOut);
    /// @notice Carries every public signal that is not in another event: the round can be verified again from events alone. Of a round in parts
    ///         `oldRoot` is the root before its first part, `terms` the word of its last one.
    /// @param interval market interval of 900 s
    /// @param registryRoot root of the meters' registry the proof was made for
    /// @param ordersRoot Poseidon root of the interval's orders
    /// @param oldRoot root of the members' accounts before
    /// @param newRoot root of the members' accounts after
    /// @param terms word of price, tariffs, interval and part, see SettlementWords
    /// @param totals word of money totals and certificate energy, see SettlementWords
    /// @param flows word of the queue entries applied, see SettlementWords
    event Settled(
        uint40 indexed interval, uint256 registryRoot, uint256 ordersRoot, uint256 oldRoot, uint256 newRoot, uint256 terms, uint256 totals, uint256 flows
    );
    /// @notice The grid's prices for the rounds from now on.
    /// @param buyTariff the grid's price for import, milli-cents per kWh
    /// @param sellTariff the grid's price for export, milli-cents per kWh
    event TariffsSet(uint32 buyTariff, uint32 sellTariff);
    /// @notice A member has a chain account, or another one.
    /// @param index index of the member, from 0
    /// @param account chain account
    event AccountSet(uint16 indexed index, address indexed account);
    /// @notice A deposit or a request for payout waits for a round.
    /// @param position position in the queue, from 0
    /// @param index index of the member, from 0
    /// @param account chain account
    /// @param withdrawal true: money asked for; false: money paid in
    /// @param amount micro-cents
    event FlowQueued(uint256 indexed position, uint16 indexed index, address indexed account, bool withdrawal, uint64 amount);
    /// @notice A round took an entry out of the queue.
    /// @param position position in the queue, from 0
    /// @param index index of the member, from 0
    /// @param withdrawal true: money asked for; false: money paid in
    /// @param amount micro-cents
    /// @param applied false: the balance did not cover the withdrawal, nothing is owed
    event FlowApplied(uint256 indexed position, uint16 indexed index, bool withdrawal, uint64 amount, bool applied);
    /// @notice Granted money was paid out; what `account` was granted above `amount`, it can still claim.
    /// @param account chain account
    /// @param amount micro-cents paid
    event Claimed(address indexed account, uint256 amount);
    /// @notice The grid's supplier, or anyone for it, paid in.
    /// @param from who paid
    /// @param amount micro-cents
    event GridDeposited(address indexed from, uint256 amount);
    /// @notice What the grid account had earned was paid out.
    /// @param to who is paid
    /// @param amount micro-cents
    event GridWithdrawn(address indexed to, uint256 amount);
    /// @notice The certificates of a settled interval were issued.
    /// @param interval market interval of the generation, 900 s
    /// @param bundleId number of the bundle of certificates
    /// @param energyWh Wh
    event CertificatesIssued(uint40 indexed interval, uint256 indexed bundleId, uint40 energyWh);
    /// @notice Settlement has ended; members leave by proof.
    /// @param root root of the members' accounts that exits are proven against
    event Escaped(uint256 root);
    /// @notice A member's balance was granted to its account in escape.
    /// @param index index of the member, from 0
    /// @param account chain account
    /// @param amount micro-cents
    event Exited(uint16 indexed index, address indexed account, uint256 amount);
    /// @notice A deposit no round had applied was granted back in escape.
    /// @param position position in the queue, from 0
    /// @param account chain account
    /// @param amount micro-cents
    event Reclaimed(uint256 indexed position, address indexed account, uint256 amount);

    /// @notice Orders of `interval` are committed already, or the interval is not after `last`, the last settled one.
    /// @param interval market interval of 900 s
    /// @param last last settled interval
    error IntervalNotOpen(uint40 interval, uint40 last);
    /// @notice No orders are committed for `interval`.
    /// @param interval market interval of 900 s
    error OrdersMissing(uint40 interval);
    /// @notice Orders of `interval` had to be committed before `gateAt`, s, the start of delivery if the lead is 0; what was receipted by then can still
    ///         be committed late.
    /// @param interval market interval of 900 s
    /// @param gateAt unix time, s
    error GateClosed(uint40 interval, uint256 gateAt);
    /// @notice The orders of `interval` are not admitted yet.
    /// @param interval market interval of 900 s
    error OrdersNotAdmitted(uint40 interval);
    /// @notice The orders of `interval` are admitted already.
    /// @param interval market interval of 900 s
    error OrdersAlreadyAdmitted(uint40 interval);
    /// @notice The operator signed two roots for `interval`: it is never settled.
    /// @param interval market interval of 900 s
    error OrdersVoided(uint40 interval);
    /// @notice `given` members receipted the orders in time, `needed` are more than half of those that have an account.
    /// @param given number of receipts
    /// @param needed number of receipts it takes
    error TooFewReceipts(uint256 given, uint256 needed);
    /// @notice The receipt of member `index` is out of order, of a member without an account, or not signed by its account.
    /// @param index index of the member in the receipt
    error BadReceipt(uint16 index);
    /// @notice The late commitment of `interval` can be challenged until `openUntil`, s, and not be settled before.
    /// @param interval market interval of 900 s
    /// @param openUntil unix time until which it can be challenged, s
    error InChallengeWindow(uint40 interval, uint40 openUntil);
    /// @notice `interval` has no late commitment (`openUntil` 0), or its challenge window closed at `openUntil`, s.
    /// @param interval market interval of 900 s
    /// @param openUntil unix time until which it can be challenged, s
    error NotInChallengeWindow(uint40 interval, uint40 openUntil);
    /// @notice The notice shows `root`, which is what was committed: no contradiction.
    /// @param interval market interval of 900 s
    /// @param root root that was shown
    error SameRoot(uint40 interval, uint256 root);
    /// @notice The notice of `root` for `interval` is signed neither by `operator`, who committed its orders, nor by another SETTLEMENT_OPERATOR.
    /// @param interval market interval of 900 s
    /// @param root root that was shown
    /// @param operator account that committed
    error BadNotice(uint40 interval, uint256 root, address operator);
    /// @notice Rounds of this contract are settled in `parts` parts: one is for `settle`, more are for `settlePart`.
    /// @param parts number of parts of a round
    error WrongLayout(uint256 parts);
    /// @notice The next part of `interval` is `expected`; 0 also when registry, tariffs, price or queue have changed since part 0, or the part is of
    ///         another interval than the one under way.
    /// @param interval market interval of 900 s
    /// @param expected number of the part that is next
    error PartOutOfOrder(uint40 interval, uint8 expected);
    /// @notice Parts of `interval` are under way, `next` is awaited: only the settlement operator may start anew.
    /// @param interval market interval of 900 s
    /// @param next number of the part awaited
    error PartsUnderWay(uint40 interval, uint8 next);
    /// @notice What the last part leaves must be 0, what an earlier one leaves must not.
    /// @param part number of the part, from 0
    /// @param carryOut commitment to the claims about the whole round and the sums so far; 0 from the last part
    error BadCarry(uint8 part, uint256 carryOut);
    /// @notice `totals` has bits above its layout, or those of a part before the last are not {SettlementWords.NO_TOTALS}.
    /// @param totals word of money totals and certificate energy, see SettlementWords
    error BadTotals(uint256 totals);
    /// @notice Batches are of 2 members or more, parts 1 to 16, both powers of two, and all together at most 1024 members.
    /// @param batchMembers number of members a proof covers
    /// @param parts number of parts of a round
    error BadLayout(uint256 batchMembers, uint256 parts);
    /// @notice The challenge window must be above 0 and shorter than the time after which members may leave, s.
    /// @param challengeWindowS s
    /// @param escapeAfterS s without a settled round after which members may leave
    error BadChallengeWindow(uint256 challengeWindowS, uint256 escapeAfterS);
    /// @notice The verifier takes `signals` public signals, the circuit has `expected`.
    /// @param signals number of public signals of the verifier
    /// @param expected number of public signals of the circuit
    error WrongVerifier(uint256 signals, uint256 expected);
    /// @notice The contract given as Poseidon(8) hashes an account that holds nothing to `leaf`, not to `expected`: members could not leave by it.
    /// @param leaf hash it gave
    /// @param expected hash of an empty account
    error WrongLeafHash(uint256 leaf, uint256 expected);
    /// @notice Zero was given as a root of `interval`.
    /// @param interval market interval of 900 s
    error EmptyRoot(uint40 interval);
    /// @notice A root is below the order of the proofs' field.
    /// @param root the number that was given
    error RootOutOfField(uint256 root);
    /// @notice The proof does not hold for these public signals.
    /// @param interval market interval of 900 s
    error ProofRefused(uint40 interval);
    /// @notice A round without a trade has no price.
    /// @param price milli-cents per kWh
    error PriceWithoutTrade(uint32 price);
    /// @notice `flowCount` is more than `available` waiting entries or more than a batch applies.
    /// @param flowCount number of entries to be applied
    /// @param available number of entries that wait
    error TooManyFlows(uint256 flowCount, uint256 available);
    /// @notice Entry `position` came before the last round was settled and must be in this one.
    /// @param position position in the queue, from 0
    error FlowOverdue(uint256 position);
    /// @notice Member `index` does not exist; there are `capacity`.
    /// @param index index of the member, from 0
    /// @param capacity number of members there can be
    error UnknownMember(uint256 index, uint256 capacity);
    /// @notice No meter in service stands at the place of member `index` in the registry: nobody is that member.
    /// @param index index of the member, from 0
    error NotRegistered(uint16 index);
    /// @notice `caller` is not the account `account` of the member.
    /// @param caller who called, or the account that was given
    /// @param account account of the member; zero: it has none
    error NotTheAccount(address caller, address account);
    /// @notice The member has an entry waiting already.
    /// @param index index of the member, from 0
    error FlowPending(uint16 index);
    /// @notice `caller` asked for 0 micro-cents to be moved.
    /// @param caller who called, or the account that was given
    error ZeroAmount(address caller);
    /// @notice `amount` micro-cents are more than an account can hold, `max`.
    /// @param amount micro-cents
    /// @param max largest amount, micro-cents
    error AmountTooLarge(uint256 amount, uint256 max);
    /// @notice A micro-cent must be `tokenUnitsPerMicroCent` = 1 or more units of the money: smaller ones cannot be paid.
    /// @param tokenUnitsPerMicroCent units of the money in a micro-cent
    error BadTokenUnits(uint256 tokenUnitsPerMicroCent);
    /// @notice The tariff for import, `buyTariff` milli-cents per kWh, is above the `max` that a round can carry.
    /// @param buyTariff the grid's price for import, milli-cents per kWh
    /// @param max largest tariff a round can carry, milli-cents per kWh
    error TariffTooLarge(uint256 buyTariff, uint256 max);
    /// @notice `account` has nothing to claim.
    /// @param account chain account
    error NothingToClaim(address account);
    /// @notice `account` was granted `granted` micro-cents, but the contract holds no money: what the grid account owes is not paid in.
    /// @param account chain account
    /// @param granted micro-cents it was granted
    error NothingHeld(address account, uint256 granted);
    /// @notice The grid account can give `available`, not `amount`, without touching members' money.
    /// @param amount micro-cents
    /// @param available micro-cents the grid account can give
    error GridAccountShort(uint256 amount, int256 available);
    /// @notice `sellTariff` is above `buyTariff`.
    /// @param buyTariff the grid's price for import, milli-cents per kWh
    /// @param sellTariff the grid's price for export, milli-cents per kWh
    error TariffsCrossed(uint256 buyTariff, uint256 sellTariff);
    /// @notice The interval has no certificates to issue, or has had them.
    /// @param interval market interval of 900 s
    error NoCertificates(uint40 interval);
    /// @notice Batches ended; exits are open.
    error InEscape();
    /// @notice Exits cannot be opened yet: `waitS` s are left of the set time without a settled round.
    /// @param waitS s
    error NotYetEscape(uint256 waitS);
    /// @notice Exits are open only in escape.
    error NotInEscape();
    /// @notice Member `index` has left already.
    /// @param index index of the member, from 0
    error AlreadyExited(uint16 index);
    /// @notice The opening and its path do not lead to the last final root.
    /// @param index index of the member, from 0
    error BadOpening(uint16 index);
    /// @notice Entry `position` is no waiting deposit.
    /// @param position position in the queue, from 0
    error NoDeposit(uint256 position);

    /// @notice Binds the orders of an interval. The book is frozen when orders close; its root must be here before the gate closes, which the chain's
    ///         clock decides where the plant's time is the chain's. Role: SETTLEMENT_OPERATOR.
    /// @param interval market interval of 900 s
    /// @param ordersRoot Poseidon root of the orders of all members, below the proofs' field
    /// @custom:source this project, docs/settlement.md
    function commitOrders(uint40 interval, uint256 ordersRoot) external;

    /// @notice Binds orders whose root could not come before the gate closed, the chain being away. Role: SETTLEMENT_OPERATOR, the caller must
    ///         be the one whom the receipts name.
    /// @param interval market interval of 900 s
    /// @param ordersRoot Poseidon root of the orders, the one in the receipts
    /// @param receipts of more than half of the members that have an account, by ascending index
    /// @custom:source EIP-712, ERC-1271; docs/settlement.md
    function commitOrdersLate(uint40 interval, uint256 ordersRoot, Receipt[] calldata receipts) external;

    /// @notice Voids a late commitment for good: an operator had signed another root for the same interval. Open to anyone while the window is
    ///         open, in a pause too.
    /// @param interval market interval of 900 s
    /// @param otherRoot root in the notice, another than the committed one
    /// @param operatorSignature EIP-712 over `Notice(uint40 interval,uint256 ordersRoot)` with `otherRoot`, by the account that committed or by the key of
    ///        another account that holds SETTLEMENT_OPERATOR now; a contract's rule (ERC-1271) counts for the one that committed only
    /// @custom:source EIP-712, ERC-1271; docs/settlement.md
    function challengeLate(uint40 interval, uint256 otherRoot, bytes calldata operatorSignature) external;

    /// @notice Shows that the committed orders are their members' own, and moves the book of standing orders. Parts in order from 0; the last one
    ///         admits the interval. Open to anyone; only SETTLEMENT_OPERATOR may start anew while parts are under way.
    /// @param interval market interval of 900 s
    /// @param part number of the part, from 0
    /// @param idle nobody trades: every leaf is empty, standing orders rest
    /// @param newBook root of the standing orders after this part
    /// @param proof Groth16 proof, eight words in the order of EIP-197
    /// @custom:source circuits/admit.circom, docs/settlement.md
    function admitOrders(uint40 interval, uint8 part, bool idle, uint256 newBook, uint256[8] calldata proof) external;

    /// @notice Moves the accounts by one proven batch, where a round is one batch. Open to anyone, because the proof leaves nothing to choose.
    /// @param batch what the proof shows: interval, price (milli-cents per kWh), entries, new root and totals
    /// @param proof Groth16 proof, eight words in the order of EIP-197
    /// @custom:source circuits/settle.circom, docs/settlement.md
    function settle(Batch calldata batch, uint256[8] calldata proof) external;

    /// @notice Proves part `part` of a round, in order from 0; the last one moves the accounts. Open to anyone; only SETTLEMENT_OPERATOR may start
    ///         anew while parts are under way.
    /// @param batch what the proof shows: interval, price (milli-cents per kWh), entries, new root and totals
    /// @param part number of the part, from 0
    /// @param carryOut commitment to the claims about the whole round and the sums so far; 0 from the last part
    /// @param proof Groth16 proof, eight words in the order of EIP-197
    /// @custom:source circuits/settle.circom, docs/settlement.md
    function settlePart(Batch calldata batch, uint8 part, uint256 carryOut, uint256[8] calldata proof) external;

    /// @notice Takes the tariffs from Parameters, milli-cents per kWh; they hold for rounds settled from now on. Open to anyone.
    function syncTariffs() external;

    /// @notice Issues the certificates of a settled interval to the community's holder. Open to anyone, once per interval.
    /// @param interval market interval of 900 s
    /// @return bundleId number of the new bundle
    function issueCertificates(uint40 interval) external returns (uint256 bundleId);

    /// @notice Ends settlement when no round was settled for the set time; parts under way do not count. Open to anyone; there is no way back.
    function escape() external;

    /// @notice In escape: proves member `index`'s account under the last final root and grants its balance to its chain account. Open to anyone, once.
    /// @param index index of the member, from 0
    /// @param opening epoch, balance, debt, import and export registers in Wh, sequence, carried position + 2^48, salt
    /// @param siblings from the leaf upwards
    /// @custom:source this project, docs/settlement.md
    function exit(uint16 index, uint256[8] calldata opening, uint256[] calldata siblings) external;

    /// @notice In escape: grants a deposit that no batch has applied back to its payer. Open to anyone.
    /// @param position position of the deposit in the queue, from 0
    function reclaim(uint256 position) external;

    /// @notice Names the chain account of member `index`, whose meter must be in service, for the first time. Role: REGISTRAR.
    /// @param index index of the member, from 0
    /// @param account its chain account from now on
    function setAccount(uint16 index, address account) external;

    /// @notice Hands a member's account on; receipts signed by the old account count no more. Only the account itself.
    /// @param index index of the member, from 0
    /// @param account its chain account from now on
    function moveAccount(uint16 index, address account) external;

    /// @notice Pays in `amount` micro-cents for a member; the balance grows with the next round. Only the member's account.
    /// @param index index of the member, from 0
    /// @param amount micro-cents
    function deposit(uint16 index, uint64 amount) external;

    /// @notice Asks for a payout of `amount` micro-cents; the next round grants it if the balance covers it. Only the member's account.
    /// @param index index of the member, from 0
    /// @param amount micro-cents
    function requestWithdrawal(uint16 index, uint64 amount) external;

    /// @notice Takes what rounds have granted to the caller, as far as the contract holds money; the rest can be claimed when the grid account has
    ///         paid in what it owes. Only for oneself.
    function claim() external;

    /// @notice The grid's supplier pays in what its account owes, `amount` micro-cents. Open to anyone.
    /// @param amount micro-cents
    function depositGrid(uint256 amount) external;

    /// @notice Pays out what the grid account has earned, `amount` micro-cents. Role: ADMIN (the council).
    /// @param to the supplier's account
    /// @param amount micro-cents
    function withdrawGrid(address to, uint256 amount) external;
}
