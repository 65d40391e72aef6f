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

    struct Terms {
        uint256 interval;
        int128 price; // milli-cents per kWh
        int128 buyTariff;
        int128 sellTariff;
    }

    struct Line {
        int64 positionWh;
        uint64 importWh;
        uint64 exportWh;
    }

    function settle(Terms calldata terms, Line[] calldata lines) external {
        if (msg.sender != operator) revert NotOperator();
        if (terms.interval <= lastInterval) revert IntervalNotAfter();
        lastInterval = terms.interval;
        int128 sum;
        for (uint256 i = 0; i < lines.length; ++i) sum += _settleMember(terms, i, lines[i]);
        gridAccount += sum;
    }

    function _settleMember(Terms calldata terms, uint256 index, Line calldata line) private returns (int128 money) {
        Member memory member = members[index];
        if (line.importWh < member.importWh || line.exportWh < member.exportWh) revert RegisterFell();
        int128 delta = int128(uint128(line.importWh - member.importWh)) - int128(uint128(line.exportWh - member.exportWh)) - line.positionWh;
        money = terms.price * line.positionWh + (delta > 0 ? terms.buyTariff : terms.sellTariff) * delta;
        members[index] = Member({importWh: line.importWh, exportWh: line.exportWh, balance: member.balance - money});
        emit MemberSettled(terms.interval, index, line.positionWh, line.importWh, line.exportWh, money);
    }
}
