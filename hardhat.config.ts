import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import hardhatEthers from '@nomicfoundation/hardhat-ethers';
import nodeTestRunner from '@nomicfoundation/hardhat-node-test-runner';
import { defineConfig } from 'hardhat/config';
import { solcSettings, solcVersion } from './contracts/compiler.ts';
import { poseidon8Constants } from './contracts/settlement/poseidon8-constants.ts';

/** The compiler comes from npm (WebAssembly): no download at build time and the same byte code on every machine. */
const solcPath = createRequire(import.meta.url).resolve('solc/soljson.js');

/** For the tests in Solidity, which can read a file but not a package. */
const poseidonFile = join('.cache', 'poseidon8-constants.hex');
mkdirSync(join(import.meta.dirname, '.cache'), { recursive: true });
writeFileSync(join(import.meta.dirname, poseidonFile), poseidon8Constants());

export default defineConfig({
  plugins: [hardhatEthers, nodeTestRunner],
  solidity: {
    version: solcVersion,
    path: solcPath,
    preferWasm: true,
    settings: structuredClone(solcSettings),
    // Libraries of SmartMeter: the test runner links them from artefacts of their own.
    npmFilesToBuild: ['poseidon-solidity/PoseidonT3.sol', 'poseidon-solidity/PoseidonT5.sol'],
  },
  paths: {
    sources: 'contracts',
    tests: { solidity: 'contracts/test', nodejs: 'contracts/test' },
    cache: '.cache/hardhat',
    artifacts: '.cache/hardhat/artifacts',
  },
  test: {
    solidity: { fsPermissions: { readFile: [poseidonFile] }, fuzz: { runs: 256 }, invariant: { runs: 48, depth: 40, failOnRevert: false } },
  },
});
