// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Governed} from "../access/Governed.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {VintageToken} from "../token/VintageToken.sol";
import {Vm} from "./Vm.sol";

/// @dev The base alone, with a free hand at minting.
contract FreeToken is VintageToken {
    constructor() ERC20("Free", "F") Governed(address(1)) VintageToken(1 days) {}

    function mint(address to, uint256 vintage, uint256 amount) external {
        _mintVintage(to, vintage, amount);
    }
}

contract VintageTokenTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    FreeToken private token;
    uint256 private now_;

    function setUp() public {
        vm.warp(1000 days);
        token = new FreeToken();
        now_ = 1000 * 8;
    }

    function test_a_lot_finds_its_place_between_others() public {
        token.mint(ALICE, now_ + 1, 10);
        token.mint(ALICE, now_ + 5, 50);
        token.mint(ALICE, now_ + 3, 30);
        token.mint(ALICE, now_, 1);
        token.mint(ALICE, now_ + 3, 5);
        token.mint(ALICE, now_ + 4, 0);
        IVintageToken.Lot[] memory lots = token.lotsOf(ALICE);
        require(lots.length == 4);
        require(lots[0].vintage == now_ && lots[1].vintage == now_ + 1 && lots[2].vintage == now_ + 3 && lots[3].vintage == now_ + 5);
        require(lots[2].amount == 35 && token.balanceOf(ALICE) == 96);
    }

    function test_refuses_nobody_and_giants() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        token.mint(address(0), now_, 1);
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.AmountTooLarge.selector, uint256(1) << 80));
        token.mint(ALICE, now_, uint256(1) << 80);
    }

    /// @dev Against a plain model: a list of (vintage, amount) spent from the front.
    function testFuzz_lots_behave_like_a_sorted_list(uint8[12] memory vintages, uint16[12] memory amounts, uint24 spend) public {
        uint256[32] memory model;
        uint256 total = 0;
        for (uint256 i = 0; i < 12; ++i) {
            // Periods 997 to 1000, all eight technologies: every vintage that can be live.
            uint256 slot = vintages[i] % 32;
            token.mint(ALICE, 997 * 8 + slot, amounts[i]);
            model[slot] += amounts[i];
            total += amounts[i];
        }
        uint256 amount = uint256(spend) % (total + 1);
        vm.prank(ALICE);
        token.transfer(BOB, amount);
        uint256 left = amount;
        for (uint256 slot = 0; slot < 32; ++slot) {
            uint256 taken = left < model[slot] ? left : model[slot];
            left -= taken;
            require(token.vintageBalanceOf(BOB, 997 * 8 + slot) == taken, "taken");
            require(token.vintageBalanceOf(ALICE, 997 * 8 + slot) == model[slot] - taken, "kept");
        }
        require(token.totalSupply() == total && token.balanceOf(ALICE) + token.balanceOf(BOB) == total);
        vm.warp(1001 days);
        uint256 expired = 0;
        for (uint256 slot = 0; slot < 8; ++slot) expired += model[slot];
        require(token.totalSupply() == total - expired, "the oldest period is gone");
        token.sweep(ALICE);
        token.sweep(BOB);
        (uint256 minted, uint256 burnt, uint256 swept) = token.flows();
        require(minted == total && burnt == 0 && swept == expired);
        require(token.balanceOf(ALICE) + token.balanceOf(BOB) == token.totalSupply());
    }
}
