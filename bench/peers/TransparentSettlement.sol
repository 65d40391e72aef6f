// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title TransparentSettlement: what settling the same round without a proof costs
/// @notice Every member's registers, position and balance are on chain for all to read; the operator is trusted with readings, price and fills.
contract TransparentSettlement {
    struct Member {
        uint64 importWh;
        uint64 exportWh;
        int128 balance; // micro-cents
    }

    address public immutable operator = msg.sender;
    mapping(uint256 member => Member) public members;
    int128 public gridAccount;
    uint256 public lastInterval;

    event MemberSettled(uint256 indexed interval, uint256 indexed member, int64 positionWh, uint64 importWh, uint64 exportWh, int128 money);

    error NotOperator();
    error IntervalNotAfter();
    error RegisterFell();

    function settle(uint256 interval, int128 price, int128 buyTariff, int128 sellTariff, int64[] calldata positionsWh, uint64[] calldata importsWh, uint64[] calldata exportsWh) external {
        if (msg.sender != operator) revert NotOperator();
        if (interval <= lastInterval) revert IntervalNotAfter();
        lastInterval = interval;
        int128 sum;
        for (uint256 i = 0; i < positionsWh.length; ++i) {
            Member memory member = members[i];
            if (importsWh[i] < member.importWh || exportsWh[i] < member.exportWh) revert RegisterFell();
            int128 net = int128(uint128(importsWh[i] - member.importWh)) - int128(uint128(exportsWh[i] - member.exportWh));
            int128 delta = net - positionsWh[i];
            int128 money = price * positionsWh[i] + (delta > 0 ? buyTariff : sellTariff) * delta;
            member.importWh = importsWh[i];
            member.exportWh = exportsWh[i];
            member.balance -= money;
            members[i] = member;
            sum += money;
            emit MemberSettled(interval, i, positionsWh[i], importsWh[i], exportsWh[i], money);
        }
        gridAccount += sum;
    }
}
