// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ICarbonCredit: avoided emissions as a token
/// @notice 1 token = 1 kg CO2e, 6 decimals: the smallest unit is 1 mg, so that Wh times g/kWh is an exact amount. Credits expire by vintage
///         (see {IVintageToken}). They say what was not emitted; what the energy was is told by certificates (GranularCertificate).
/// @custom:source factors: IPCC AR5 WG3 Annex III (contracts/deploy/parameters.ts); token: ERC-20; levy: this project,
///         docs/decisions/0002-ledger-contracts.md
interface ICarbonCredit {
    /// @notice Provenance of one issue.
    struct EmissionData {
        uint256 meterId;
        uint256 readingId;
        address issuedTo;
        uint40 issuedAt;
        uint32 vintage;
        uint256 energyWh; // verified generation behind it
        uint256 factorGPerKWh; // avoided: grid factor less the source's own
        uint256 amountMg;
    }

    /// @notice Credits put together to be handed on as one.
    struct Bundle {
        address owner;
        uint96 amountMg;
        bytes32 label;
    }

    /// @notice Figures of one period for a regulatory report, mg.
    struct Report {
        uint80 issuedMg;
        uint80 retiredMg;
        uint80 leviedMg;
    }

    /// @notice Credits were issued for a reading; carries their whole provenance.
    /// @param certificateId number of the issue, from 1
    /// @param to who receives them
    /// @param meterId number of the meter
    /// @param data provenance of the issue: meter, reading, verified Wh, factor (g CO2e per kWh) and amount (mg)
    event CreditsIssued(uint256 indexed certificateId, address indexed to, uint256 indexed meterId, EmissionData data);
    /// @notice Credits were used up, for somebody and for a purpose.
    /// @param by who did it
    /// @param beneficiary for whom
    /// @param purpose hash or short text that names what they are retired for
    /// @param amountMg mg CO2e
    event CreditsRetired(address indexed by, address indexed beneficiary, bytes32 indexed purpose, uint256 amountMg);
    /// @notice Credits were put together under a label.
    /// @param bundleId number of the bundle of credits, from 1
    /// @param owner who made it
    /// @param label short text or hash the owner gave it
    /// @param amountMg mg CO2e
    event CreditsBundled(uint256 indexed bundleId, address indexed owner, bytes32 label, uint256 amountMg);
    /// @notice A bundle was handed on as one.
    /// @param bundleId number of the bundle of credits, from 1
    /// @param from who handed it on
    /// @param to who receives them
    event BundleTransferred(uint256 indexed bundleId, address indexed from, address indexed to);
    /// @notice A bundle was opened.
    /// @param bundleId number of the bundle of credits, from 1
    /// @param owner who owns it
    /// @param amountMg what was live in it and went to the owner, mg
    event CreditsUnbundled(uint256 indexed bundleId, address indexed owner, uint256 amountMg);
    /// @notice The levy of a meter grew by newly verified export.
    /// @param meterId number of the meter
    /// @param owner who owned the meter in the epoch assessed
    /// @param energyWh newly verified export that was not renewable only, Wh
    /// @param owedMg what the owner owes under the levy now, mg
    event LevyAssessed(uint256 indexed meterId, address indexed owner, uint256 energyWh, uint256 owedMg);
    /// @notice Credits of who owed the levy went into the pool of a period.
    /// @param owner who owns it
    /// @param period number of the period, unix time / `periodS`
    /// @param amountMg mg CO2e
    /// @param stillOwedMg what remains owed, mg
    event LevyCollected(address indexed owner, uint256 indexed period, uint256 amountMg, uint256 stillOwedMg);
    /// @notice A reading was entered for a share in the pool of its period.
    /// @param meterId number of the meter
    /// @param period number of the period, unix time / `periodS`
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param energyWh verified export that the share is for, Wh
    event ShareEntered(uint256 indexed meterId, uint256 indexed period, uint256 readingId, uint256 energyWh);
    /// @notice A pool nobody has a share in went on into the running period.
    /// @param period number of the period, unix time / `periodS`
    /// @param into number of the running period, whose pool receives it
    /// @param amountMg mg CO2e
    event PoolRolled(uint256 indexed period, uint256 indexed into, uint256 amountMg);
    /// @notice A share in the pool of a past period was paid.
    /// @param meterId number of the meter
    /// @param period number of the period, unix time / `periodS`
    /// @param owner who owned the meter then and received it
    /// @param amountMg mg CO2e
    event SharePaid(uint256 indexed meterId, uint256 indexed period, address indexed owner, uint256 amountMg);

    /// @notice Meter `meterId` does not back credits.
    /// @param meterId number of the meter
    error DoesNotBackCredits(uint256 meterId);
    /// @notice `to` is not `owner`, who owned meter `meterId` when the reading was posted.
    /// @param meterId number of the meter
    /// @param owner who owned the meter when the reading was posted
    /// @param to who receives them
    error NotProducer(uint256 meterId, address owner, address to);
    /// @notice Reading `readingId` avoids at most `maxMg`, of which `issuedMg` are issued; `amountMg` more is too much.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param maxMg most the reading can back at the factor in force, mg
    /// @param issuedMg issued for it before, mg
    /// @param amountMg mg CO2e
    error NotBacked(uint256 meterId, uint256 readingId, uint256 maxMg, uint256 issuedMg, uint256 amountMg);
    /// @notice 0 mg cannot be issued to, retired or bundled by `account`.
    /// @param account who asked, or was to receive
    error ZeroAmount(address account);
    /// @notice No certificate `certificateId`.
    /// @param certificateId number of the issue, from 1
    error UnknownCertificate(uint256 certificateId);
    /// @notice `caller` is not owner `owner` of bundle `bundleId` (zero: no such bundle).
    /// @param bundleId number of the bundle of credits, from 1
    /// @param owner who owns it; zero: there is no such bundle
    /// @param caller who called
    error NotBundleOwner(uint256 bundleId, address owner, address caller);
    /// @notice `owner` owes `owedMg` under the levy and cannot hand credits on before.
    /// @param owner who owes
    /// @param owedMg what the owner owes under the levy now, mg
    error LevyOpen(address owner, uint256 owedMg);
    /// @notice Meter `meterId` is private, renewable only, or a storage: the levy is not on it.
    /// @param meterId number of the meter
    error NotLevied(uint256 meterId);
    /// @notice Meter `meterId` is not a public renewable-only generator.
    /// @param meterId number of the meter
    error NotEntitled(uint256 meterId);
    /// @notice Reading `readingId` was entered already.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    error AlreadyEntered(uint256 meterId, uint256 readingId);
    /// @notice It belongs to `readingPeriod`, whose time for shares is over (or, for a payment, is not); `period` is running.
    /// @param readingPeriod number of the period it belongs to
    /// @param period number of the running period
    error WrongPeriod(uint256 readingPeriod, uint256 period);
    /// @notice Meter `meterId` has no share left in `period`.
    /// @param meterId number of the meter
    /// @param period number of the period, unix time / `periodS`
    error NoShare(uint256 meterId, uint256 period);

    /// @notice The pool of `period` holds `amountMg`, and shares of `unpaidWh` in it are not paid.
    /// @param period number of the period, unix time / `periodS`
    /// @param amountMg mg CO2e
    /// @param unpaidWh sum of the shares not yet paid, Wh
    error NothingToRoll(uint256 period, uint256 amountMg, uint256 unpaidWh);

    /// @notice Issues for verified renewable generation of a public meter that backs credits. Role: ISSUER.
    ///         The vintage is that of the reading. What `to` owes under the levy is taken from it at once.
    /// @param to owner of the meter in the reading's epoch
    /// @param amount mg CO2e; at most verified Wh times the published avoided factor
    /// @param verificationData `abi.encode(uint256 meterId, uint256 readingId)`
    /// @custom:source factors: IPCC AR5 WG3 Annex III table A.III.2 and the grid's, contracts/deploy/parameters.ts
    function issueCreditsCertificate(address to, uint256 amount, bytes calldata verificationData) external;

    /// @notice Retires the caller's own credits, oldest first, for himself.
    /// @param amount mg
    function retireCredits(uint256 amount) external;

    /// @notice Retires the caller's own credits in favour of somebody.
    /// @param beneficiary for whom
    /// @param amount mg CO2e
    /// @param purpose hash or short text that names what they are retired for
    function retireCreditsFor(address beneficiary, uint256 amount, bytes32 purpose) external;

    /// @notice Transfers, oldest vintage first.
    /// @param to who receives them
    /// @param amount mg
    /// @return ok always true; refusals revert and say why
    function transferCredits(address to, uint256 amount) external returns (bool ok);

    /// @notice Provenance of one issue.
    /// @param certificateId number of the issue, from 1
    /// @return meter, reading, receiver, time of issue (unix time, s), vintage, verified Wh, factor (g CO2e per kWh) and amount (mg)
    function getEmissionReductions(uint256 certificateId) external view returns (EmissionData memory);

    /// @notice Number of issues; ids run from 1.
    /// @return number of issues so far
    function certificateCount() external view returns (uint256);

    /// @notice Puts credits of the caller together under a label.
    /// @param amount mg CO2e
    /// @param label short text or hash the owner gave it
    /// @return bundleId number of the new bundle, from 1
    function bundle(uint256 amount, bytes32 label) external returns (uint256 bundleId);

    /// @notice Hands a bundle on as one; not by an account that owes the levy or is under a hold.
    /// @param bundleId number of the bundle of credits, from 1
    /// @param to who receives them
    function transferBundle(uint256 bundleId, address to) external;

    /// @notice Opens a bundle: what has not expired in it goes to its owner.
    /// @param bundleId number of the bundle of credits, from 1
    function unbundle(uint256 bundleId) external;

    /// @notice A bundle with the amount (mg) it was made of, some of which may have expired; owner zero when it was never made or has been opened.
    /// @param bundleId number of the bundle of credits, from 1
    /// @return owner, amount (mg) and label
    function getBundle(uint256 bundleId) external view returns (Bundle memory);

    /// @notice Assesses what a meter that is not renewable only owes for newly verified export of one of its epochs, each Wh once. Storage
    ///         is left out: what it gives back was levied where it was made. Anyone, also while paused or on hold.
    /// @param meterId number of the meter
    /// @param epoch number of the meter's epoch, from 1
    /// @return owedMg what the owner of that epoch owes now, mg
    /// @custom:source this project; the rate is the community's, contracts/deploy/parameters.ts
    function assessLevy(uint256 meterId, uint256 epoch) external returns (uint256 owedMg);

    /// @notice Takes what `owner` holds, up to what he owes; nothing from an account under a hold. Anyone.
    /// @param owner who owes
    /// @return takenMg credits moved into the pool of the running period
    function takeLevy(address owner) external returns (uint256 takenMg);

    /// @notice Assesses the present epoch of a meter and takes what its owner holds. Anyone.
    /// @param meterId number of the meter
    /// @return takenMg credits moved into the pool of the running period
    function collectLevy(uint256 meterId) external returns (uint256 takenMg);

    /// @notice Enters a validated reading of a renewable-only public meter for a share in the pool of the period it was posted in, until a day
    ///         after that period. The share is its owner's in the reading's epoch. Anyone.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    function enterShare(uint256 meterId, uint256 readingId) external;

    /// @notice Pays the part of one who owned the meter in a past period, by verified Wh, from a day after it; the latest first, so call it again
    ///         where the meter changed hands. Anyone.
    /// @param meterId number of the meter
    /// @param period number of the period, unix time / `periodS`
    /// @return amountMg mg paid out; rounded down, the rest is for those who come after
    function payShare(uint256 meterId, uint256 period) external returns (uint256 amountMg);

    /// @notice Moves the pool of a past period in which nobody has a share left into the running one. Anyone.
    /// @param period number of the period, unix time / `periodS`
    /// @return amountMg mg moved into the running period's pool
    function rollPool(uint256 period) external returns (uint256 amountMg);

    /// @notice mg `owner` still owes under the levy.
    /// @param owner the account
    /// @return mg
    function owedBy(address owner) external view returns (uint256);

    /// @notice Live credits in the pool of a period.
    /// @param period number of the period, unix time / `periodS`
    /// @return mg
    function poolOf(uint256 period) external view returns (uint256);

    /// @notice mg retired in favour of `beneficiary`.
    /// @param beneficiary for whom
    /// @return mg
    function retiredFor(address beneficiary) external view returns (uint256);

    /// @notice Largest amount a reading may still back, mg, at the factors now in force.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @return mg
    function issuable(uint256 meterId, uint256 readingId) external view returns (uint256);

    /// @notice mg issued for a reading so far, here and by the credits these replace.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @return issuedMg mg
    function issuedOf(uint256 meterId, uint256 readingId) external view returns (uint256 issuedMg);

    /// @notice Wh of a meter's epoch the levy has been assessed on, here and by the credits these replace.
    /// @param meterId number of the meter
    /// @param epoch number of the meter's epoch, from 1
    /// @return energyWh Wh
    function assessedOf(uint256 meterId, uint256 epoch) external view returns (uint256 energyWh);

    /// @notice True when a reading has been entered for a share, here or in the credits these replace.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @return entered true: it takes no further share
    function isEntered(uint256 meterId, uint256 readingId) external view returns (bool entered);

    /// @notice The credits these replace; zero: none. What they have issued, levied and entered is not done again here.
    /// @return the contract these replace
    function predecessor() external view returns (ICarbonCredit);

    /// @notice Figures of one period.
    /// @param period number of the period, unix time / `periodS`
    /// @return mg issued, retired and levied in it
    function reportOf(uint256 period) external view returns (Report memory);

    /// @notice Number of the running period.
    /// @return number of the period: unix time / `periodS`
    function currentPeriod() external view returns (uint256);
}
