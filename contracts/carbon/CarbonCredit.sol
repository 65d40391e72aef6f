// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Governed} from "../access/Governed.sol";
import {Parameters} from "../access/Parameters.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {VintageToken} from "../token/VintageToken.sol";
import {ICarbonCredit} from "./ICarbonCredit.sol";

/// @title CarbonCredit
/// @notice See {ICarbonCredit} and {IVintageToken}.
/// @custom:source factors: IPCC AR5 WG3 Annex III (contracts/deploy/parameters.ts); token: ERC-20; levy: this project,
///         docs/decisions/0002-ledger-contracts.md
contract CarbonCredit is ICarbonCredit, VintageToken {
    /// @dev Escrow numbers of this contract's own accounts: bundles count from 1, pools lie above.
    uint256 private constant POOL = 1 << 128;
    /// @notice Time after a period in which its last readings may still be validated and entered for a share, s.
    uint256 public constant GRACE_S = 1 days;

    /// @dev What one owner of a meter has entered in a period.
    struct Share {
        address owner;
        uint96 energyWh;
    }

    /// @notice Owner of devices and readings.
    ISmartMeter public immutable smartMeter;
    /// @notice Owner of factors and levy rate.
    Parameters public immutable parameters;
    /// @inheritdoc ICarbonCredit
    ICarbonCredit public immutable predecessor;

    EmissionData[] private _certificates;
    Bundle[] private _bundles;
    mapping(uint256 meterId => mapping(uint256 readingId => uint256)) private _issuedMg;
    mapping(uint256 meterId => mapping(uint256 readingId => bool)) private _entered;
    mapping(uint256 meterId => mapping(uint256 epoch => uint256)) private _assessedWh;
    mapping(uint256 period => mapping(uint256 meterId => Share[])) private _shares;
    mapping(uint256 period => uint256) private _unpaidWh; // sum of the shares not yet paid
    mapping(uint256 period => Report) private _reports;
    /// @inheritdoc ICarbonCredit
    mapping(address owner => uint256) public owedBy;
    /// @inheritdoc ICarbonCredit
    mapping(address beneficiary => uint256) public retiredFor;

    /// @param periodS_ length of a vintage's and of a pool's period, s
    /// @param predecessor_ the credits these replace, for readings of the same meters; zero: none
    constructor(address authority_, ISmartMeter smartMeter_, Parameters parameters_, uint256 periodS_, ICarbonCredit predecessor_)
        ERC20("Busbar Carbon Credit", "kgCO2e") Governed(authority_) VintageToken(periodS_)
    {
        smartMeter = smartMeter_;
        parameters = parameters_;
        predecessor = predecessor_;
    }

    /// @notice 6: the smallest unit is 1 mg CO2e.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    // ── issue, retire, transfer ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ICarbonCredit
    function issueCreditsCertificate(address to, uint256 amount, bytes calldata verificationData) external restricted whenNotPaused {
        (uint256 meterId, uint256 readingId) = abi.decode(verificationData, (uint256, uint256));
        ISmartMeter.Source memory device = smartMeter.sourceOfReading(meterId, readingId);
        if (device.deviceClass != ISmartMeter.DeviceClass.Public || device.backing != ISmartMeter.Backing.Credits) {
            revert DoesNotBackCredits(meterId);
        }
        if (device.owner != to) revert NotProducer(meterId, device.owner, to);
        if (amount == 0) revert ZeroAmount(to);
        (, uint256 energyWh,,) = smartMeter.growthOf(meterId, readingId);
        uint256 factor = avoidedFactor(device.technology);
        uint256 issued = issuedOf(meterId, readingId);
        uint256 maxMg = energyWh * factor; // Wh × g/kWh = mg, exactly
        if (issued > maxMg || amount > maxMg - issued) revert NotBacked(meterId, readingId, maxMg, issued, amount);
        _issuedMg[meterId][readingId] += amount;

        // Credits are as old as the energy: issuing late does not make them fresh.
        uint32 vintage = uint32(vintageAt(_postedAt(meterId, readingId), device.technology));
        EmissionData memory data = EmissionData(meterId, readingId, to, uint40(block.timestamp), vintage, energyWh, factor, amount);
        _certificates.push(data);
        _reports[currentPeriod()].issuedMg += uint80(amount);
        _mintVintage(to, vintage, amount);
        emit CreditsIssued(_certificates.length, to, meterId, data);
        _takeLevy(to);
    }

    /// @inheritdoc ICarbonCredit
    function retireCredits(uint256 amount) external {
        _retire(msg.sender, amount, 0);
    }

    /// @inheritdoc ICarbonCredit
    function retireCreditsFor(address beneficiary, uint256 amount, bytes32 purpose) external {
        _retire(beneficiary, amount, purpose);
    }

    /// @inheritdoc ICarbonCredit
    function transferCredits(address to, uint256 amount) external returns (bool) {
        return transfer(to, amount);
    }

    // ── bundles ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ICarbonCredit
    function bundle(uint256 amount, bytes32 label) external returns (uint256 bundleId) {
        if (amount == 0) revert ZeroAmount(msg.sender);
        if (amount > type(uint96).max) revert AmountTooLarge(amount);
        _bundles.push(Bundle(msg.sender, uint96(amount), label));
        bundleId = _bundles.length;
        _transfer(msg.sender, escrowAccount(address(this), bundleId), amount);
        emit CreditsBundled(bundleId, msg.sender, label, amount);
    }

    /// @inheritdoc ICarbonCredit
    function transferBundle(uint256 bundleId, address to) external whenNotPaused {
        Bundle storage held = _ownBundle(bundleId);
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        if (owedBy[msg.sender] != 0) revert LevyOpen(msg.sender, owedBy[msg.sender]);
        if (isOnHold(msg.sender)) revert AccountOnHold(msg.sender);
        held.owner = to;
        emit BundleTransferred(bundleId, msg.sender, to);
    }

    /// @inheritdoc ICarbonCredit
    function unbundle(uint256 bundleId) external {
        _ownBundle(bundleId).owner = address(0);
        address account = escrowAccount(address(this), bundleId);
        uint256 live = balanceOf(account);
        _transfer(account, msg.sender, live);
        emit CreditsUnbundled(bundleId, msg.sender, live);
    }

    /// @inheritdoc ICarbonCredit
    function getBundle(uint256 bundleId) external view returns (Bundle memory held) {
        if (bundleId != 0 && bundleId <= _bundles.length) held = _bundles[bundleId - 1];
    }

    // ── the levy: from non-renewable to renewable producers ─────────────────────────────────────────────────────────────────────

    /// @inheritdoc ICarbonCredit
    function assessLevy(uint256 meterId, uint256 epoch) public returns (uint256 owedMg) {
        ISmartMeter.Source memory device = smartMeter.sourceOfEpoch(meterId, epoch);
        if (device.deviceClass != ISmartMeter.DeviceClass.Public || device.renewableOnly || device.technology == ISmartMeter.Technology.Storage) {
            revert NotLevied(meterId);
        }
        (, uint256 verifiedWh) = smartMeter.verifiedOfEpoch(meterId, epoch);
        uint256 newWh = verifiedWh - assessedOf(meterId, epoch);
        owedMg = owedBy[device.owner];
        if (newWh > 0) {
            _assessedWh[meterId][epoch] += newWh;
            owedMg += newWh * parameters.get("levy.diesel.mgPerWh");
            owedBy[device.owner] = owedMg;
            emit LevyAssessed(meterId, device.owner, newWh, owedMg);
        }
    }

    /// @inheritdoc ICarbonCredit
    function collectLevy(uint256 meterId) external whenNotPaused returns (uint256 takenMg) {
        assessLevy(meterId, smartMeter.getDevice(meterId).epoch);
        return _takeLevy(smartMeter.sourceOf(meterId).owner);
    }

    /// @inheritdoc ICarbonCredit
    function takeLevy(address owner) external whenNotPaused returns (uint256 takenMg) {
        return _takeLevy(owner);
    }

    /// @inheritdoc ICarbonCredit
    function enterShare(uint256 meterId, uint256 readingId) external whenNotPaused {
        ISmartMeter.Source memory device = smartMeter.sourceOfReading(meterId, readingId);
        if (device.deviceClass != ISmartMeter.DeviceClass.Public || !device.renewableOnly) revert NotEntitled(meterId);
        if (isEntered(meterId, readingId)) revert AlreadyEntered(meterId, readingId);
        (, uint256 energyWh,,) = smartMeter.growthOf(meterId, readingId);
        uint256 period = _postedAt(meterId, readingId) / periodS;
        if (!_takesShares(period)) revert WrongPeriod(period, currentPeriod());
        _entered[meterId][readingId] = true;
        Share[] storage shares = _shares[period][meterId];
        uint256 last = shares.length;
        if (last > 0 && shares[last - 1].owner == device.owner) shares[last - 1].energyWh += uint96(energyWh);
        else shares.push(Share(device.owner, uint96(energyWh)));
        _unpaidWh[period] += energyWh;
        emit ShareEntered(meterId, period, readingId, energyWh);
    }

    /// @inheritdoc ICarbonCredit
    function payShare(uint256 meterId, uint256 period) external returns (uint256 amountMg) {
        if (period >= currentPeriod() || _takesShares(period)) revert WrongPeriod(period, currentPeriod());
        Share[] storage shares = _shares[period][meterId];
        if (shares.length == 0) revert NoShare(meterId, period);
        Share memory share = shares[shares.length - 1];
        shares.pop();
        if (share.energyWh == 0) return 0;
        // Pro rata of what is live in the pool now, rounded down: whoever comes last gets what the others' rounding left.
        amountMg = (poolOf(period) * share.energyWh) / _unpaidWh[period];
        _unpaidWh[period] -= share.energyWh;
        _transfer(_pool(period), share.owner, amountMg);
        emit SharePaid(meterId, period, share.owner, amountMg);
    }

    /// @inheritdoc ICarbonCredit
    function rollPool(uint256 period) external returns (uint256 amountMg) {
        uint256 running = currentPeriod();
        if (period >= running || _takesShares(period)) revert WrongPeriod(period, running);
        amountMg = poolOf(period);
        if (amountMg == 0 || _unpaidWh[period] != 0) revert NothingToRoll(period, amountMg, _unpaidWh[period]);
        _transfer(_pool(period), _pool(running), amountMg);
        emit PoolRolled(period, running, amountMg);
    }

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ICarbonCredit
    function getEmissionReductions(uint256 certificateId) external view returns (EmissionData memory) {
        if (certificateId == 0 || certificateId > _certificates.length) revert UnknownCertificate(certificateId);
        return _certificates[certificateId - 1];
    }

    /// @inheritdoc ICarbonCredit
    function certificateCount() external view returns (uint256) {
        return _certificates.length;
    }

    /// @inheritdoc ICarbonCredit
    function poolOf(uint256 period) public view returns (uint256) {
        return balanceOf(_pool(period));
    }

    /// @inheritdoc ICarbonCredit
    function issuable(uint256 meterId, uint256 readingId) external view returns (uint256) {
        (, uint256 energyWh,,) = smartMeter.growthOf(meterId, readingId);
        uint256 maxMg = energyWh * avoidedFactor(smartMeter.sourceOfReading(meterId, readingId).technology);
        uint256 issued = issuedOf(meterId, readingId);
        return maxMg > issued ? maxMg - issued : 0;
    }

    /// @inheritdoc ICarbonCredit
    function issuedOf(uint256 meterId, uint256 readingId) public view returns (uint256 issuedMg) {
        issuedMg = _issuedMg[meterId][readingId];
        if (address(predecessor) != address(0)) issuedMg += predecessor.issuedOf(meterId, readingId);
    }

    /// @inheritdoc ICarbonCredit
    function assessedOf(uint256 meterId, uint256 epoch) public view returns (uint256 energyWh) {
        energyWh = _assessedWh[meterId][epoch];
        if (address(predecessor) != address(0)) energyWh += predecessor.assessedOf(meterId, epoch);
    }

    /// @inheritdoc ICarbonCredit
    function isEntered(uint256 meterId, uint256 readingId) public view returns (bool) {
        return _entered[meterId][readingId] || (address(predecessor) != address(0) && predecessor.isEntered(meterId, readingId));
    }

    /// @inheritdoc ICarbonCredit
    function reportOf(uint256 period) external view returns (Report memory) {
        return _reports[period];
    }

    /// @inheritdoc ICarbonCredit
    function currentPeriod() public view returns (uint256) {
        return block.timestamp / periodS;
    }

    /// @notice Emissions avoided by a kWh of `technology`: the grid's factor less the source's own, never below 0, g/kWh.
    /// @param technology energy source of the device
    /// @return g CO2e per kWh, which is mg for each Wh
    /// @custom:source IPCC AR5 WG3 Annex III table A.III.2 and the grid's factor, contracts/deploy/parameters.ts
    function avoidedFactor(ISmartMeter.Technology technology) public view returns (uint256) {
        bytes32 key;
        if (technology == ISmartMeter.Technology.Solar) key = "factor.solar.gPerKWh";
        else if (technology == ISmartMeter.Technology.Wind) key = "factor.wind.gPerKWh";
        else if (technology == ISmartMeter.Technology.Hydro) key = "factor.hydro.gPerKWh";
        else if (technology == ISmartMeter.Technology.Biomass) key = "factor.biomass.gPerKWh";
        else return 0;
        uint256 own = parameters.get(key);
        uint256 grid = parameters.get("factor.grid.gPerKWh");
        return grid > own ? grid - own : 0;
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Takes what `owner` holds, up to what he owes. One under a hold pays when it is lifted.
    function _takeLevy(address owner) private returns (uint256 takenMg) {
        uint256 owed = owedBy[owner];
        if (owed == 0 || isOnHold(owner)) return 0;
        uint256 balance = balanceOf(owner);
        takenMg = balance < owed ? balance : owed;
        if (takenMg == 0) return 0;
        uint256 period = currentPeriod();
        owedBy[owner] = owed - takenMg;
        _reports[period].leviedMg += uint80(takenMg);
        _transfer(owner, _pool(period), takenMg);
        emit LevyCollected(owner, period, takenMg, owed - takenMg);
    }

    /// @dev Until the grace after its end a period still takes shares, and none is paid.
    function _takesShares(uint256 period) private view returns (bool) {
        return block.timestamp < (period + 1) * periodS + GRACE_S;
    }

    function _postedAt(uint256 meterId, uint256 readingId) private view returns (uint256) {
        return smartMeter.getDeviceHistoryPage(meterId, readingId, 1)[0].postedAt;
    }

    /// @dev Whoever owes under the levy can pay it and nothing else.
    function _update(address from, address to, uint256 amount) internal override {
        uint256 owed = owedBy[from];
        if (owed != 0 && to != _pool(currentPeriod())) revert LevyOpen(from, owed);
        super._update(from, to, amount);
    }

    function _retire(address beneficiary, uint256 amount, bytes32 purpose) private {
        if (amount == 0) revert ZeroAmount(msg.sender);
        retiredFor[beneficiary] += amount;
        _reports[currentPeriod()].retiredMg += uint80(amount);
        _burn(msg.sender, amount);
        emit CreditsRetired(msg.sender, beneficiary, purpose, amount);
    }

    function _pool(uint256 period) private view returns (address) {
        return escrowAccount(address(this), POOL + period);
    }

    function _ownBundle(uint256 bundleId) private view returns (Bundle storage held) {
        if (bundleId == 0 || bundleId > _bundles.length) revert NotBundleOwner(bundleId, address(0), msg.sender);
        held = _bundles[bundleId - 1];
        if (held.owner != msg.sender) revert NotBundleOwner(bundleId, held.owner, msg.sender);
    }
}
