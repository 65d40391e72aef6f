/** Reads a document a person named on the command line, and says plainly what is wrong with it. */
import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

export type ReadJson =
  | { readonly kind: 'ok'; readonly json: unknown }
  /** The file cannot be read at all. */
  | { readonly kind: 'unreadable'; readonly problem: string }
  | { readonly kind: 'not-json'; readonly problem: string };

/** `-` reads standard input. */
export const readJson = async (path: string): Promise<ReadJson> => {
  let content: string;
  try {
    content = path === '-' ? await text(process.stdin) : await readNamed(path);
  } catch (error) {
    return { kind: 'unreadable', problem: whyUnreadable(path, error) };
  }
  if (content.trim() === '') return { kind: 'not-json', problem: `${path} is empty` };
  try {
    return { kind: 'ok', json: JSON.parse(content.replace(/^\uFEFF/, '')) };
  } catch (error) {
    return { kind: 'not-json', problem: `${path} is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
};

/** npm starts scripts in the project's folder; a name given elsewhere is looked for where the person stands, too. */
const readNamed = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const startedIn = process.env.INIT_CWD;
    if (isAbsolute(path) || startedIn === undefined || codeOf(error) !== 'ENOENT') throw error;
    return readFile(resolve(startedIn, path), 'utf8');
  }
};

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const whyUnreadable = (path: string, error: unknown): string => {
  switch (codeOf(error)) {
    case 'ENOENT':
      return `there is no file ${path}: check the name`;
    case 'EISDIR':
      return `${path} is a folder: name a file in it`;
    case 'EACCES':
    case 'EPERM':
      return `${path} may not be read by this user: check its permissions`;
    default:
      return `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
};
