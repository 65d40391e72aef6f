// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Governed} from "../access/Governed.sol";
import {ICarbonCredit} from "../carbon/ICarbonCredit.sol";
import {IGranularCertificate} from "../carbon/IGranularCertificate.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {ITrade} from "../trade/ITrade.sol";

/// @title AchievementNFT: energy milestones, earned from settled facts
/// @notice A milestone is a threshold on a figure another contract of the suite holds. Whoever has reached it claims it; nobody grants it.
///         Achievements belong to whom they were awarded and cannot be transferred. Metadata and picture are made on chain.
/// @custom:source ERC-721; milestones: this project, docs/decisions/0002-ledger-contracts.md
contract AchievementNFT is ERC721, Governed {
    /// @notice Exported: Wh a public meter has exported while its owner owned it, verified, in its last 64 epochs. Retired: mg of credits retired for the account. Claimed: Wh of
    ///         certificates claimed for it. Traded: Wh it has bought and sold by offers.
    enum Metric { ExportedWh, RetiredMg, ClaimedWh, TradedWh }

    struct Milestone {
        Metric metric;
        uint128 threshold;
        string title;
    }

    struct Award {
        uint32 milestoneId;
        uint40 awardedAt;
        uint128 value; // of the figure when it was claimed
    }

    /// @notice Number of epochs of a meter that are looked at, at most: the latest ones.
    uint256 public constant MAX_EPOCHS = 64;

    /// @notice Where exported energy is read.
    ISmartMeter public immutable smartMeter;
    /// @notice Where retired credits are read.
    ICarbonCredit public immutable credits;
    /// @notice Where claimed certificates are read.
    IGranularCertificate public immutable certificates;
    /// @notice Where traded energy is read.
    ITrade public immutable trade;

    Milestone[] private _milestones;
    Award[] private _awards;
    /// @notice True when an account has claimed a milestone.
    mapping(address account => mapping(uint256 milestoneId => bool)) public hasClaimed;

    /// @notice There is a new milestone, for good.
    /// @param milestoneId number of the milestone, from 1
    /// @param metric the figure it looks at
    /// @param threshold in the unit of the metric, Wh or mg
    /// @param title as it stands in the picture
    event MilestoneDefined(uint256 indexed milestoneId, Metric metric, uint256 threshold, string title);
    /// @notice An account claimed a milestone it had reached.
    /// @param tokenId number of the award and of its token, from 1
    /// @param account who has it
    /// @param milestoneId number of the milestone, from 1
    /// @param value what the figure stood at, Wh or mg
    event Awarded(uint256 indexed tokenId, address indexed account, uint256 indexed milestoneId, uint256 value);

    /// @notice No milestone `milestoneId`.
    /// @param milestoneId number of the milestone, from 1
    error UnknownMilestone(uint256 milestoneId);
    /// @notice `threshold` is 0, or `title` is empty, longer than 40 characters, or has others than letters, digits, space, point, comma and
    ///         hyphen.
    /// @param threshold in the unit of the metric, Wh or mg
    /// @param title as it stands in the picture
    error BadMilestone(uint256 threshold, string title);
    /// @notice `account` has claimed milestone `milestoneId`.
    /// @param account who has it
    /// @param milestoneId number of the milestone, from 1
    error AlreadyClaimed(address account, uint256 milestoneId);
    /// @notice The figure stands at `value` of `threshold`.
    /// @param milestoneId number of the milestone, from 1
    /// @param value what the figure stood at, Wh or mg
    /// @param threshold in the unit of the metric, Wh or mg
    error NotReached(uint256 milestoneId, uint256 value, uint256 threshold);
    /// @notice Meter `meterId` belongs to `owner`, not to `account`.
    /// @param meterId number of the meter
    /// @param owner who owns the meter
    /// @param account who claimed
    error NotYourMeter(uint256 meterId, address owner, address account);
    /// @notice Achievements stay with whom they were awarded.
    /// @param tokenId number of the award and of its token, from 1
    error NotTransferable(uint256 tokenId);

    constructor(address authority_, ISmartMeter smartMeter_, ICarbonCredit credits_, IGranularCertificate certificates_, ITrade trade_)
        ERC721("Busbar Achievements", "MILESTONE") Governed(authority_)
    {
        (smartMeter, credits, certificates, trade) = (smartMeter_, credits_, certificates_, trade_);
    }

    /// @notice Defines a milestone for good. Role: ADMIN.
    /// @param metric the figure it looks at
    /// @param threshold in the unit of the metric
    /// @param title 1 to 40 plain characters
    /// @return milestoneId number of the new milestone, from 1
    function defineMilestone(Metric metric, uint128 threshold, string calldata title) external restricted returns (uint256 milestoneId) {
        if (threshold == 0 || !_isPlain(bytes(title))) revert BadMilestone(threshold, title);
        milestoneId = _milestones.length + 1;
        _milestones.push(Milestone(metric, threshold, title));
        emit MilestoneDefined(milestoneId, metric, threshold, title);
    }

    /// @notice Claims a milestone the caller has reached.
    /// @param milestoneId number of the milestone, from 1
    /// @param meterId the caller's meter, for ExportedWh; ignored otherwise
    /// @return tokenId number of the award, from 1
    function claim(uint256 milestoneId, uint256 meterId) external whenNotPaused returns (uint256 tokenId) {
        Milestone memory milestone = getMilestone(milestoneId);
        if (hasClaimed[msg.sender][milestoneId]) revert AlreadyClaimed(msg.sender, milestoneId);
        uint256 value = valueOf(milestone.metric, msg.sender, meterId);
        if (value < milestone.threshold) revert NotReached(milestoneId, value, milestone.threshold);
        hasClaimed[msg.sender][milestoneId] = true;
        _awards.push(Award(uint32(milestoneId), uint40(block.timestamp), uint128(value)));
        tokenId = _awards.length;
        emit Awarded(tokenId, msg.sender, milestoneId, value);
        _mint(msg.sender, tokenId);
    }

    /// @notice The figure a milestone looks at, as it stands now.
    /// @param metric the figure it looks at
    /// @param account whose figure it is
    /// @param meterId number of the account's meter, for ExportedWh; ignored otherwise
    /// @return value in the unit of the metric, Wh or mg
    function valueOf(Metric metric, address account, uint256 meterId) public view returns (uint256 value) {
        if (metric == Metric.RetiredMg) return credits.retiredFor(account);
        if (metric == Metric.ClaimedWh) return certificates.claimedBy(account);
        if (metric == Metric.TradedWh) return trade.standingOf(account).volumeWh;
        address owner = smartMeter.sourceOf(meterId).owner;
        if (owner != account) revert NotYourMeter(meterId, owner, account);
        // What a meter exported for an owner before him is not his.
        uint256 epoch = smartMeter.getDevice(meterId).epoch;
        for (uint256 i = 0; i < MAX_EPOCHS && epoch > 0; ++i) {
            if (smartMeter.sourceOfEpoch(meterId, epoch).owner == account) {
                (, uint256 exportWh) = smartMeter.verifiedOfEpoch(meterId, epoch);
                value += exportWh;
            }
            --epoch;
        }
    }

    /// @notice A milestone; ids run from 1.
    /// @param milestoneId number of the milestone, from 1
    /// @return metric, threshold (Wh or mg) and title
    function getMilestone(uint256 milestoneId) public view returns (Milestone memory) {
        if (milestoneId == 0 || milestoneId > _milestones.length) revert UnknownMilestone(milestoneId);
        return _milestones[milestoneId - 1];
    }

    /// @notice Number of milestones.
    /// @return number of milestones
    function milestoneCount() external view returns (uint256) {
        return _milestones.length;
    }

    /// @notice An award; ids are those of the tokens.
    /// @param tokenId number of the award and of its token, from 1
    /// @return milestone, when it was awarded (unix time, s) and the figure then (Wh or mg)
    function getAward(uint256 tokenId) external view returns (Award memory) {
        _requireOwned(tokenId);
        return _awards[tokenId - 1];
    }

    /// @notice Metadata as a data URI, with an SVG picture.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        Award memory award = _awards[tokenId - 1];
        Milestone memory milestone = _milestones[award.milestoneId - 1];
        string memory figure = string.concat(Strings.toString(award.value), " ", _unit(milestone.metric));
        string memory svg = string.concat(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320"><rect width="320" height="320" fill="#10242b"/>',
            '<path d="M176 40 96 184h52l-12 96 88-152h-56z" fill="#f2b53c"/>',
            '<g fill="#e8eef0" font-family="sans-serif" text-anchor="middle"><text x="160" y="28" font-size="15">', milestone.title,
            '</text><text x="160" y="308" font-size="13">', figure, "</text></g></svg>"
        );
        string memory json = string.concat(
            '{"name":"', milestone.title, '","description":"Earned from settled facts.","attributes":[{"trait_type":"figure","value":"', figure,
            '"},{"display_type":"date","trait_type":"awarded","value":', Strings.toString(award.awardedAt),
            '}],"image":"data:image/svg+xml;base64,', Base64.encode(bytes(svg)), '"}'
        );
        return string.concat("data:application/json;base64,", Base64.encode(bytes(json)));
    }

    /// @dev Minting only: `auth` is zero then.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        if (_ownerOf(tokenId) != address(0)) revert NotTransferable(tokenId);
        return super._update(to, tokenId, auth);
    }

    function _unit(Metric metric) private pure returns (string memory) {
        return metric == Metric.RetiredMg ? "mg CO2e" : "Wh";
    }

    /// @dev Titles go into SVG and JSON unescaped, so they may hold nothing that means something there.
    function _isPlain(bytes calldata title) private pure returns (bool) {
        if (title.length == 0 || title.length > 40) return false;
        for (uint256 i = 0; i < title.length; ++i) {
            bytes1 c = title[i];
            bool letter = (c >= "a" && c <= "z") || (c >= "A" && c <= "Z") || (c >= "0" && c <= "9");
            if (!letter && c != " " && c != "." && c != "," && c != "-") return false;
        }
        return true;
    }
}
