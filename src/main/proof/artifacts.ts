/** Compiled circuits and keys: where they are, and the separate program that makes them (`circuits/build.ts`, GPL-3.0). */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type BatchLayout, circuitName } from '../../domain/settlement/limits.ts';
import { Fault } from '../../shared/errors.ts';
import { rootDir, scriptNode } from '../host/paths.ts';
import { type ProofProgress, STATEMENTS, type Statement } from './types.ts';

const Manifest = z.object({
  schema: z.literal('circuit-artifacts/1'),
  name: z.string(),
  constraints: z.number().int(),
  keyOrigin: z.enum(['development', 'ceremony']),
  verificationKeyHash: z.string(),
  keySeconds: z.number(),
});
export type Manifest = z.infer<typeof Manifest>;

export interface CircuitArtifacts {
  readonly manifest: Manifest;
  readonly wasmPath: string;
  readonly zkeyPath: string;
  readonly verificationKeyPath: string;
}

export interface ArtifactOptions {
  readonly cacheDir: string;
  readonly layout: BatchLayout;
  readonly onProgress?: ProofProgress;
  readonly signal?: AbortSignal;
}

const BUILD_SCRIPT = join(rootDir, 'circuits', 'build.ts');

/** What lies in the cache, or null. */
export function readArtifacts(cacheDir: string, name: string): CircuitArtifacts | null {
  try {
    const pointer = z.object({ directory: z.string() }).parse(JSON.parse(readFileSync(join(cacheDir, `${name}.json`), 'utf8')));
    const directory = join(cacheDir, pointer.directory);
    const manifest = Manifest.parse(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')));
    const artifacts = {
      manifest,
      wasmPath: join(directory, `${name}.wasm`),
      zkeyPath: join(directory, `${name}.zkey`),
      verificationKeyPath: join(directory, 'verification_key.json'),
    };
    return existsSync(artifacts.zkeyPath) && existsSync(artifacts.wasmPath) ? artifacts : null;
  } catch {
    return null;
  }
}

export type ArtifactSet = Readonly<Record<Statement, CircuitArtifacts>>;

/** Makes the artefacts of both statements if they are missing or belong to other circuits. A package brings them along and has no build script. */
export async function ensureCircuitArtifacts(options: ArtifactOptions): Promise<ArtifactSet> {
  if (existsSync(BUILD_SCRIPT)) await runBuild(options);
  const found = (statement: Statement): CircuitArtifacts => {
    const name = circuitName(statement, options.layout);
    const artifacts = readArtifacts(options.cacheDir, name);
    if (artifacts === null)
      throw new Fault(
        'proof.failed',
        `The proving key ${name} is missing in ${options.cacheDir}. Run "npm start" once on a checkout, or install the package again.`,
      );
    return artifacts;
  };
  const [settle, admit] = STATEMENTS.map(found) as [CircuitArtifacts, CircuitArtifacts];
  return { settle, admit };
}

function runBuild({ cacheDir, layout, onProgress, signal }: ArtifactOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      scriptNode,
      [
        '--disable-warning=ExperimentalWarning',
        BUILD_SCRIPT,
        '--layout',
        `${layout.batchMembers}x${layout.parts}`,
        '--cache-dir',
        cacheDir,
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
      },
    );
    let pending = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (pending + chunk.toString()).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) {
        const progress = /^progress ([\d.]+) (.*)$/.exec(line);
        if (progress !== null) onProgress?.(Number(progress[1]), progress[2] as string);
      }
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-2000);
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Fault('proof.failed', `Making the proving keys failed: ${errors.trim() || `the tool ended with ${code}`}`, {
            retry: 'later',
          }),
        );
    });
  });
}
