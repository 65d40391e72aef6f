// SPDX-License-Identifier: GPL-3.0-only
/** Constraint groups are marked in the circuits by `//@group name` and `//@end`. */
const GROUP = /^[ \t]*\/\/@group ([\w-]+)\n([\s\S]*?)^[ \t]*\/\/@end\n/gm;

export function constraintGroups(files: ReadonlyMap<string, string>): string[] {
  const names = [...files.values()].flatMap((text) => [...text.matchAll(GROUP)].map((match) => match[1] as string));
  const marks = [...files.values()].reduce((sum, text) => sum + (text.match(/\/\/@group/g)?.length ?? 0), 0);
  if (names.length !== marks || new Set(names).size !== names.length) throw new Error('group marks in the circuits are not well-formed');
  return names;
}

/** The circuits without the groups for which `remove` says so. */
export function withoutGroups(remove: (name: string) => boolean, files: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...files].map(([path, text]) => [path, text.replace(GROUP, (whole, name: string) => (remove(name) ? '' : whole))]));
}
