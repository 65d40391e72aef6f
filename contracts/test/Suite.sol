// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Access} from "../access/Access.sol";
import {Parameters} from "../access/Parameters.sol";
import {CarbonCredit} from "../carbon/CarbonCredit.sol";
import {CarbonMarket} from "../carbon/CarbonMarket.sol";
import {GranularCertificate} from "../carbon/GranularCertificate.sol";
import {ICarbonCredit} from "../carbon/ICarbonCredit.sol";
import {IGranularCertificate} from "../carbon/IGranularCertificate.sol";
import {GridManagement} from "../grid/GridManagement.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {SmartMeter} from "../meter/SmartMeter.sol";
import {AchievementNFT} from "../records/AchievementNFT.sol";
import {EnergyRecords} from "../records/EnergyRecords.sol";
import {CommunityMoney} from "../token/CommunityMoney.sol";
import {EnergyToken} from "../token/EnergyToken.sol";
import {IEnergyToken} from "../token/IEnergyToken.sol";
import {EnergyDeals} from "../trade/EnergyDeals.sol";
import {EnergyTrade} from "../trade/EnergyTrade.sol";
import {Keys} from "./Keys.sol";
import {Vm} from "./Vm.sol";

/// @dev The whole suite, deployed by the test, which is administrator and so holds every role. Who may call what is tested apart, from the
///      table, by role-table.test.ts.
abstract contract Suite {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant DAY = 1 days;
    uint256 internal constant PERIOD = 7 days;
    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);
    address internal constant CAROL = address(0xCA401);
    address internal constant STRANGER = address(0x57A4);

    Access internal access;
    Parameters internal parameters;
    SmartMeter internal meter;
    CommunityMoney internal money;
    GranularCertificate internal certificates;
    EnergyToken internal energy;
    CarbonCredit internal credits;
    GridManagement internal grid;
    EnergyTrade internal trade;
    EnergyDeals internal deals;
    CarbonMarket internal market;
    EnergyRecords internal records;
    AchievementNFT internal achievements;

    uint256 private _nextKey;
    uint256 private _nextDevice = 0xDE01;

    function setUp() public virtual {
        vm.warp(1000 * PERIOD);
        access = new Access(address(this));
        parameters = new Parameters(address(access));
        meter = new SmartMeter(address(access), 4, false);
        money = new CommunityMoney(address(access));
        certificates = new GranularCertificate(address(access), meter, IGranularCertificate(address(0)));
        energy = new EnergyToken(address(access), meter, PERIOD, IEnergyToken(address(0)));
        credits = new CarbonCredit(address(access), meter, parameters, PERIOD, ICarbonCredit(address(0)));
        grid = new GridManagement(address(access), money, 2);
        trade = new EnergyTrade(address(access), energy, credits, money, grid, parameters);
        deals = new EnergyDeals(address(access), energy, money, parameters);
        market = new CarbonMarket(address(access), money, parameters, certificates);
        records = new EnergyRecords(address(access), meter, certificates);
        achievements = new AchievementNFT(address(access), meter, credits, certificates, trade);
        _define("factor.solar.gPerKWh", 41, 18, 180);
        _define("factor.wind.gPerKWh", 11, 7, 56);
        _define("factor.hydro.gPerKWh", 24, 1, 2200);
        _define("factor.biomass.gPerKWh", 230, 130, 420);
        _define("factor.grid.gPerKWh", 341, 0, 1500);
        _define("levy.diesel.mgPerWh", 200, 0, 2000);
        _define("fee.trade.bps", 20, 0, 500);
        _define("fee.close.bps", 500, 0, 2000);
        _define("bond.future.bps", 1000, 0, 5000);
    }

    function _define(bytes32 key, uint64 value, uint64 min, uint64 max) private {
        parameters.defineParameter(key, value, min, max, "test");
    }

    function _deviceData(address owner, ISmartMeter.DeviceClass class, ISmartMeter.Technology technology, bool renewable, ISmartMeter.Backing backing)
        internal returns (ISmartMeter.DeviceData memory data)
    {
        uint256[4] memory key = Keys.key(_nextKey++);
        data = ISmartMeter.DeviceData({
            meterId: 0, owner: owner, deviceClass: class, technology: technology, renewableOnly: renewable, backing: backing,
            ratedPowerW: 10_000_000, gridNode: "N1", importWh: 0, exportWh: 0, interval: 100, keyX: key[0], keyY: key[1], witnessX: key[2],
            witnessY: key[3]
        });
    }

    function _newDevice() internal returns (address) {
        return address(uint160(_nextDevice++));
    }

    function _public(address owner, ISmartMeter.Technology technology, bool renewable, ISmartMeter.Backing backing)
        internal returns (uint256 meterId)
    {
        address device = _newDevice();
        meter.registerDevice(device, abi.encode(_deviceData(owner, ISmartMeter.DeviceClass.Public, technology, renewable, backing)));
        meterId = meter.meterOf(device);
        meter.verifyDevice(meterId, "test");
    }

    function _solar(address owner, ISmartMeter.Backing backing) internal returns (uint256) {
        return _public(owner, ISmartMeter.Technology.Solar, true, backing);
    }

    /// @dev Posts registers one interval after the last reading and validates them.
    function _reading(uint256 meterId, uint256 importWh, uint256 exportWh) internal returns (uint256 readingId) {
        readingId = _post(meterId, importWh, exportWh);
        require(meter.validateReading(meterId, readingId), "implausible");
    }

    function _post(uint256 meterId, uint256 importWh, uint256 exportWh) internal returns (uint256 readingId) {
        readingId = meter.readingCount(meterId);
        uint256 interval = meter.getDeviceHistoryPage(meterId, readingId - 1, 1)[0].interval + 1;
        vm.prank(meter.getDevice(meterId).device);
        meter.submitReading(meterId, exportWh | (importWh << 64) | (interval << 128));
    }

    /// @dev Gives `owner` energy tokens made now, through a meter of his own.
    function _energy(address owner, uint256 amountWh) internal {
        uint256 meterId = _energyMeter[owner];
        if (meterId == 0) meterId = _energyMeter[owner] = _solar(owner, ISmartMeter.Backing.None);
        uint256 last = meter.getDeviceHistoryPage(meterId, meter.readingCount(meterId) - 1, 1)[0].exportWh;
        uint256 readingId = _reading(meterId, 0, last + amountWh);
        energy.mintEnergy(owner, amountWh, abi.encode(meterId, readingId));
    }

    /// @dev Gives `owner` carbon credits, 300 mg for each Wh.
    function _credits(address owner, uint256 amountMg) internal {
        uint256 meterId = _creditMeter[owner];
        if (meterId == 0) meterId = _creditMeter[owner] = _solar(owner, ISmartMeter.Backing.Credits);
        uint256 last = meter.getDeviceHistoryPage(meterId, meter.readingCount(meterId) - 1, 1)[0].exportWh;
        uint256 readingId = _reading(meterId, 0, last + (amountMg + 299) / 300);
        credits.issueCreditsCertificate(owner, amountMg, abi.encode(meterId, readingId));
    }

    /// @dev Gives `owner` a bundle of certificates.
    function _bundle(address owner, uint64 energyWh) internal returns (uint256) {
        return certificates.issueFromSettlement(owner, 101, energyWh, keccak256(abi.encode("bundle", certificates.bundleCount(), gasleft())));
    }

    function _money(address owner, uint256 amount) internal {
        money.mint(owner, amount);
    }

    function _approveAll(address owner, address spender) internal {
        vm.startPrank(owner);
        money.approve(spender, type(uint256).max);
        energy.approve(spender, type(uint256).max);
        credits.approve(spender, type(uint256).max);
        vm.stopPrank();
    }

    mapping(address owner => uint256) private _energyMeter;
    mapping(address owner => uint256) private _creditMeter;

    function eq(uint256 a, uint256 b) internal pure {
        if (a != b) revert NotEqual(a, b);
    }

    error NotEqual(uint256 a, uint256 b);
}
