// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ICarbonCredit: avoided emissions as a token
/// @notice 1 token = 1 kg CO2e, 6 decimals: the smallest unit is 1 mg, so that Wh times g/kWh is an exact amount. Credits expire by vintage
///         (see {IVintageToken}). They say what was not emitted; what the energy was is told by certificates (GranularCertificate).
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

    event CreditsIssued(uint256 indexed certificateId, address indexed to, uint256 indexed meterId, EmissionData data);
    event CreditsRetired(address indexed by, address indexed beneficiary, bytes32 indexed purpose, uint256 amountMg);
    event CreditsBundled(uint256 indexed bundleId, address indexed owner, bytes32 label, uint256 amountMg);
    event BundleTransferred(uint256 indexed bundleId, address indexed from, address indexed to);
    event CreditsUnbundled(uint256 indexed bundleId, address indexed owner, uint256 amountMg);
    event LevyAssessed(uint256 indexed meterId, address indexed owner, uint256 energyWh, uint256 owedMg);
    event LevyCollected(address indexed owner, uint256 indexed period, uint256 amountMg, uint256 stillOwedMg);
    event ShareEntered(uint256 indexed meterId, uint256 indexed period, uint256 readingId, uint256 energyWh);
    event PoolRolled(uint256 indexed period, uint256 indexed into, uint256 amountMg);
    event SharePaid(uint256 indexed meterId, uint256 indexed period, address indexed owner, uint256 amountMg);

    /// @notice Meter `meterId` does not back credits.
    error DoesNotBackCredits(uint256 meterId);
    /// @notice `to` is not `owner`, who owned meter `meterId` when the reading was posted.
    error NotProducer(uint256 meterId, address owner, address to);
    /// @notice Reading `readingId` avoids at most `maxMg`, of which `issuedMg` are issued; `amountMg` more is too much.
    error NotBacked(uint256 meterId, uint256 readingId, uint256 maxMg, uint256 issuedMg, uint256 amountMg);
    /// @notice 0 mg cannot be issued to, retired or bundled by `account`.
    error ZeroAmount(address account);
    /// @notice No certificate `certificateId`.
    error UnknownCertificate(uint256 certificateId);
    /// @notice `caller` is not owner `owner` of bundle `bundleId` (zero: no such bundle).
    error NotBundleOwner(uint256 bundleId, address owner, address caller);
    /// @notice `owner` owes `owedMg` under the levy and cannot hand credits on before.
    error LevyOpen(address owner, uint256 owedMg);
    /// @notice Meter `meterId` is private, renewable only, or a storage: the levy is not on it.
    error NotLevied(uint256 meterId);
    /// @notice Meter `meterId` is not a public renewable-only generator.
    error NotEntitled(uint256 meterId);
    /// @notice Reading `readingId` was entered already.
    error AlreadyEntered(uint256 meterId, uint256 readingId);
    /// @notice It belongs to `readingPeriod`, whose time for shares is over (or, for a payment, is not); `period` is running.
    error WrongPeriod(uint256 readingPeriod, uint256 period);
    /// @notice Meter `meterId` has no share left in `period`.
    error NoShare(uint256 meterId, uint256 period);

    /// @notice The pool of `period` holds `amountMg`, and shares of `unpaidWh` in it are not paid.
    error NothingToRoll(uint256 period, uint256 amountMg, uint256 unpaidWh);

    /// @notice Issues for verified renewable generation of a public meter that backs credits. Role: ISSUER.
    ///         The vintage is that of the reading. What `to` owes under the levy is taken from it at once.
    /// @param to owner of the meter in the reading's epoch
    /// @param amount mg CO2e; at most verified Wh times the published avoided factor
    /// @param verificationData `abi.encode(uint256 meterId, uint256 readingId)`
    function issueCreditsCertificate(address to, uint256 amount, bytes calldata verificationData) external;

    /// @notice Retires the caller's own credits, oldest first, for himself.
    /// @param amount mg
    function retireCredits(uint256 amount) external;

    /// @notice Retires the caller's own credits in favour of somebody.
    function retireCreditsFor(address beneficiary, uint256 amount, bytes32 purpose) external;

    /// @notice Transfers, oldest vintage first.
    /// @param amount mg
    /// @return ok always true; refusals revert and say why
    function transferCredits(address to, uint256 amount) external returns (bool ok);

    /// @notice Provenance of one issue.
    function getEmissionReductions(uint256 certificateId) external view returns (EmissionData memory);

    /// @notice Number of issues; ids run from 1.
    function certificateCount() external view returns (uint256);

    /// @notice Puts credits of the caller together under a label.
    function bundle(uint256 amount, bytes32 label) external returns (uint256 bundleId);

    /// @notice Hands a bundle on as one; not by an account that owes the levy or is under a hold.
    function transferBundle(uint256 bundleId, address to) external;

    /// @notice Opens a bundle: what has not expired in it goes to its owner.
    function unbundle(uint256 bundleId) external;

    /// @notice A bundle with the amount (mg) it was made of, some of which may have expired; owner zero when it was never made or has been opened.
    function getBundle(uint256 bundleId) external view returns (Bundle memory);

    /// @notice Assesses what a meter that is not renewable only owes for newly verified export of one of its epochs, each Wh once. Storage
    ///         is left out: what it gives back was levied where it was made. Anyone, also while paused or on hold.
    /// @return owedMg what the owner of that epoch owes now, mg
    function assessLevy(uint256 meterId, uint256 epoch) external returns (uint256 owedMg);

    /// @notice Takes what `owner` holds, up to what he owes; nothing from an account under a hold. Anyone.
    /// @return takenMg credits moved into the pool of the running period
    function takeLevy(address owner) external returns (uint256 takenMg);

    /// @notice Assesses the present epoch of a meter and takes what its owner holds. Anyone.
    /// @return takenMg credits moved into the pool of the running period
    function collectLevy(uint256 meterId) external returns (uint256 takenMg);

    /// @notice Enters a validated reading of a renewable-only public meter for a share in the pool of the period it was posted in, until a day
    ///         after that period. The share is its owner's in the reading's epoch. Anyone.
    function enterShare(uint256 meterId, uint256 readingId) external;

    /// @notice Pays the part of one who owned the meter in a past period, by verified Wh, from a day after it; the latest first, so call it again
    ///         where the meter changed hands. Anyone.
    function payShare(uint256 meterId, uint256 period) external returns (uint256 amountMg);

    /// @notice Moves the pool of a past period in which nobody has a share left into the running one. Anyone.
    function rollPool(uint256 period) external returns (uint256 amountMg);

    /// @notice mg `owner` still owes under the levy.
    function owedBy(address owner) external view returns (uint256);

    /// @notice Live credits in the pool of a period.
    function poolOf(uint256 period) external view returns (uint256);

    /// @notice mg retired in favour of `beneficiary`.
    function retiredFor(address beneficiary) external view returns (uint256);

    /// @notice Largest amount a reading may still back, mg, at the factors now in force.
    function issuable(uint256 meterId, uint256 readingId) external view returns (uint256);

    /// @notice mg issued for a reading so far, here and by the credits these replace.
    function issuedOf(uint256 meterId, uint256 readingId) external view returns (uint256 issuedMg);

    /// @notice Wh of a meter's epoch the levy has been assessed on, here and by the credits these replace.
    function assessedOf(uint256 meterId, uint256 epoch) external view returns (uint256 energyWh);

    /// @notice True when a reading has been entered for a share, here or in the credits these replace.
    function isEntered(uint256 meterId, uint256 readingId) external view returns (bool entered);

    /// @notice The credits these replace; zero: none. What they have issued, levied and entered is not done again here.
    function predecessor() external view returns (ICarbonCredit);

    /// @notice Figures of one period.
    function reportOf(uint256 period) external view returns (Report memory);

    /// @notice Number of the running period.
    function currentPeriod() external view returns (uint256);
}
