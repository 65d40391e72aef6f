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
contract CarbonCredit is ICarbonCredit, VintageToken {
    /// @dev Escrow numbers of this contract's own accounts: bundles count from 1, pools lie above.
    uint256 private constant POOL = 1 << 128;

    /// @notice Owner of devices and readings.
    ISmartMeter public immutable smartMeter;
    /// @notice Owner of factors and levy rate.
    Parameters public immutable parameters;

    EmissionData[] private _certificates;
    Bundle[] private _bundles;
    mapping(uint256 meterId => mapping(uint256 readingId => uint256)) private _issuedMg;
    mapping(uint256 meterId => mapping(uint256 readingId => bool)) private _entered;
    mapping(uint256 meterId => uint256) private _assessedWh;
    mapping(uint256 period => mapping(uint256 meterId => uint256)) private _shareWh;
    mapping(uint256 period => uint256) private _unpaidWh; // sum of the shares not yet paid
    mapping(uint256 period => Report) private _reports;
    /// @inheritdoc ICarbonCredit
    mapping(address owner => uint256) public owedBy;
    /// @inheritdoc ICarbonCredit
    mapping(address beneficiary => uint256) public retiredFor;

    /// @param periodS_ length of a vintage's and of a pool's period, s
    constructor(address authority_, ISmartMeter smartMeter_, Parameters parameters_, uint256 periodS_)
        ERC20("Busbar Carbon Credit", "kgCO2e") Governed(authority_) VintageToken(periodS_)
    {
        smartMeter = smartMeter_;
        parameters = parameters_;
    }

    /// @notice 6: the smallest unit is 1 mg CO2e.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    // ── issue, retire, transfer ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ICarbonCredit
    function issueCreditsCertificate(address to, uint256 amount, bytes calldata verificationData) external restricted whenNotPaused {
        (uint256 meterId, uint256 readingId) = abi.decode(verificationData, (uint256, uint256));
        ISmartMeter.Source memory device = smartMeter.sourceOf(meterId);
        if (device.deviceClass != ISmartMeter.DeviceClass.Public || device.backing != ISmartMeter.Backing.Credits) {
            revert DoesNotBackCredits(meterId);
        }
        if (device.owner != to) revert NotProducer(meterId, device.owner, to);
        if (amount == 0) revert ZeroAmount();
        (, uint256 energyWh,,) = smartMeter.growthOf(meterId, readingId);
        uint256 factor = avoidedFactor(device.technology);
        uint256 issued = _issuedMg[meterId][readingId];
        uint256 maxMg = energyWh * factor; // Wh × g/kWh = mg, exactly
        if (issued + amount > maxMg) revert NotBacked(meterId, readingId, maxMg, issued, amount);
        _issuedMg[meterId][readingId] = issued + amount;

        uint32 vintage = uint32(currentVintage(device.technology));
        EmissionData memory data = EmissionData(meterId, readingId, to, uint40(block.timestamp), vintage, energyWh, factor, amount);
        _certificates.push(data);
        _reports[currentPeriod()].issuedMg += uint80(amount);
        _mintVintage(to, vintage, amount);
        emit CreditsIssued(_certificates.length, to, meterId, data);
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
        if (amount == 0) revert ZeroAmount();
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
    function collectLevy(uint256 meterId) external whenNotPaused returns (uint256 takenMg) {
        ISmartMeter.Source memory device = smartMeter.sourceOf(meterId);
        if (device.deviceClass != ISmartMeter.DeviceClass.Public || device.technology != ISmartMeter.Technology.Diesel) {
            revert NotLevied(meterId);
        }
        (, uint256 verifiedWh) = smartMeter.verifiedOf(meterId);
        uint256 newWh = verifiedWh - _assessedWh[meterId];
        uint256 owed = owedBy[device.owner];
        if (newWh > 0) {
            _assessedWh[meterId] = verifiedWh;
            owed += newWh * parameters.get("levy.diesel.mgPerWh");
            emit LevyAssessed(meterId, device.owner, newWh, owed);
        }
        uint256 balance = balanceOf(device.owner);
        takenMg = balance < owed ? balance : owed;
        owedBy[device.owner] = owed - takenMg;
        if (takenMg > 0) {
            uint256 period = currentPeriod();
            _reports[period].leviedMg += uint80(takenMg);
            _transfer(device.owner, _pool(period), takenMg);
            emit LevyCollected(device.owner, period, takenMg, owed - takenMg);
        }
    }

    /// @inheritdoc ICarbonCredit
    function enterShare(uint256 meterId, uint256 readingId) external whenNotPaused {
        ISmartMeter.Source memory device = smartMeter.sourceOf(meterId);
        if (device.deviceClass != ISmartMeter.DeviceClass.Public || !device.renewableOnly) revert NotEntitled(meterId);
        if (_entered[meterId][readingId]) revert AlreadyEntered(meterId, readingId);
        (, uint256 energyWh,,) = smartMeter.growthOf(meterId, readingId);
        uint256 readingPeriod = smartMeter.getDeviceHistoryPage(meterId, readingId, 1)[0].postedAt / periodS;
        uint256 period = currentPeriod();
        if (readingPeriod != period) revert WrongPeriod(readingPeriod, period);
        _entered[meterId][readingId] = true;
        _shareWh[period][meterId] += energyWh;
        _unpaidWh[period] += energyWh;
        emit ShareEntered(meterId, period, readingId, energyWh);
    }

    /// @inheritdoc ICarbonCredit
    function payShare(uint256 meterId, uint256 period) external returns (uint256 amountMg) {
        if (period >= currentPeriod()) revert WrongPeriod(period, currentPeriod());
        uint256 shareWh = _shareWh[period][meterId];
        if (shareWh == 0) revert NoShare(meterId, period);
        // Pro rata of what is live in the pool now, rounded down: whoever comes last gets what the others' rounding left.
        amountMg = (poolOf(period) * shareWh) / _unpaidWh[period];
        _shareWh[period][meterId] = 0;
        _unpaidWh[period] -= shareWh;
        address owner = smartMeter.sourceOf(meterId).owner;
        _transfer(_pool(period), owner, amountMg);
        emit SharePaid(meterId, period, owner, amountMg);
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
        uint256 maxMg = energyWh * avoidedFactor(smartMeter.sourceOf(meterId).technology);
        uint256 issued = _issuedMg[meterId][readingId];
        return maxMg > issued ? maxMg - issued : 0;
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

    /// @dev Whoever owes under the levy can pay it and nothing else.
    function _update(address from, address to, uint256 amount) internal override {
        uint256 owed = owedBy[from];
        if (owed != 0 && to != _pool(currentPeriod())) revert LevyOpen(from, owed);
        super._update(from, to, amount);
    }

    function _retire(address beneficiary, uint256 amount, bytes32 purpose) private {
        if (amount == 0) revert ZeroAmount();
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
