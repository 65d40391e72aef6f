// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The cheat codes these tests use.
interface Vm {
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function warp(uint256 time) external;
    function expectRevert(bytes calldata data) external;
    function expectRevert() external;
    function assume(bool condition) external;
    function startSnapshotGas(string calldata name) external returns (uint256);
    function stopSnapshotGas() external returns (uint256);
    function snapshotGasLastCall(string calldata name) external returns (uint256);
    function cool(address target) external;
}
