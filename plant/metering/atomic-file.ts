/** Writes a file so that after a crash either the old or the new content is there, whole. */
import { type FileHandle, open, rename } from 'node:fs/promises';

export async function writeFileAtomic(path: string, content: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.new`;
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'w', mode);
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file?.close();
  }
  await rename(temporary, path);
}
