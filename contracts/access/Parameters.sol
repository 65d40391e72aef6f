// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

/// @title Parameters: fees, tariffs and factors, each within bounds
/// @notice The one owner of every number that governance may change. Bounds are set when a parameter is defined and can never be widened;
///         each value carries its source, so that an emission factor leads to its publication.
/// @custom:source this project; each value names its publication, first in contracts/deploy/parameters.ts
contract Parameters is AccessManaged, Multicall {
    struct Parameter {
        uint64 value;
        uint64 min;
        uint64 max;
        uint40 since; // s, when the value came into force; 0: not defined
        string source;
    }

    mapping(bytes32 key => Parameter) private _parameters;
    bytes32[] private _keys;

    /// @notice A parameter exists from now on, with its bounds.
    /// @param key name as a short string in 32 bytes; its last part is the unit
    /// @param value in the unit that the name ends with
    /// @param min least value it may ever have, in its unit
    /// @param max largest value it may ever have, in its unit
    /// @param source where the value comes from, with its date
    event ParameterDefined(bytes32 indexed key, uint64 value, uint64 min, uint64 max, string source);
    /// @notice A parameter has a new value.
    /// @param key name as a short string in 32 bytes; its last part is the unit
    /// @param before value until now, in the unit that the name ends with
    /// @param value in the unit that the name ends with
    /// @param source where the value comes from, with its date
    event ParameterSet(bytes32 indexed key, uint64 before, uint64 value, string source);

    /// @notice There is no parameter `key`.
    /// @param key name as a short string in 32 bytes; its last part is the unit
    error UnknownParameter(bytes32 key);
    /// @notice Parameter `key` exists already.
    /// @param key name as a short string in 32 bytes; its last part is the unit
    error ParameterExists(bytes32 key);
    /// @notice `value` of `key` lies outside `min`..`max`.
    /// @param key name as a short string in 32 bytes; its last part is the unit
    /// @param value in the unit that the name ends with
    /// @param min least value it may ever have, in its unit
    /// @param max largest value it may ever have, in its unit
    error OutOfBounds(bytes32 key, uint256 value, uint256 min, uint256 max);

    constructor(address authority_) AccessManaged(authority_) {}

    /// @notice Defines a parameter and its bounds for good. Role: ADMIN.
    /// @param key name as a short string in 32 bytes, such as "trade.fee.bps"; the unit is the last part of the name
    /// @param value in the unit that the name ends with
    /// @param min least value it may ever have, in its unit
    /// @param max largest value it may ever have, in its unit
    /// @param source where the value comes from, with its date
    function defineParameter(bytes32 key, uint64 value, uint64 min, uint64 max, string calldata source) external restricted {
        if (_parameters[key].since != 0) revert ParameterExists(key);
        if (value < min || value > max) revert OutOfBounds(key, value, min, max);
        _parameters[key] = Parameter({value: value, min: min, max: max, since: uint40(block.timestamp), source: source});
        _keys.push(key);
        emit ParameterDefined(key, value, min, max, source);
    }

    /// @notice Changes a value within its bounds. Role: GOVERNOR.
    /// @param key name as a short string in 32 bytes; its last part is the unit
    /// @param value in the unit that the name ends with
    /// @param source where the value comes from, with its date
    function setParameter(bytes32 key, uint64 value, string calldata source) external restricted {
        Parameter storage parameter = _parameters[key];
        if (parameter.since == 0) revert UnknownParameter(key);
        if (value < parameter.min || value > parameter.max) revert OutOfBounds(key, value, parameter.min, parameter.max);
        emit ParameterSet(key, parameter.value, value, source);
        parameter.value = value;
        parameter.since = uint40(block.timestamp);
        parameter.source = source;
    }

    /// @notice The value now in force.
    /// @param key name as a short string in 32 bytes; its last part is the unit
    /// @return in the unit that the name ends with
    function get(bytes32 key) external view returns (uint256) {
        Parameter storage parameter = _parameters[key];
        if (parameter.since == 0) revert UnknownParameter(key);
        return parameter.value;
    }

    /// @notice Value, bounds, date and source.
    /// @param key name as a short string in 32 bytes; its last part is the unit
    /// @return parameter value, least and largest value in the unit of the name, unix time since when it is in force (s), and source
    function describe(bytes32 key) external view returns (Parameter memory parameter) {
        parameter = _parameters[key];
        if (parameter.since == 0) revert UnknownParameter(key);
    }

    /// @notice Names of all parameters.
    /// @return names in the order they were defined
    function keys() external view returns (bytes32[] memory) {
        return _keys;
    }
}
